// The noise that the flow starts from: one fixed buffer of 300 s, the same for every utterance, as
// `torch.randn([1, 80, 15000])` after `torch.manual_seed(0)` fills it on a CPU (MT19937; Matsumoto
// and Nishimura, 1998; Box and Muller's transform over blocks of 16). Equal to it within 5e-6.
#pragma once

#include <cstdint>
#include <vector>

namespace parley::cosyvoice2 {

inline constexpr int64_t kNoiseFrames = 15'000;

// [15000][80]: frame after frame.
std::vector<float> MakeFlowNoise();

}  // namespace parley::cosyvoice2
