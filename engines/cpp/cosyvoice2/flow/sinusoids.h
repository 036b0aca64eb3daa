// Places and times as sines and cosines, of which the flow's networks make sense (Vaswani et al.,
// "Attention Is All You Need", 2017, §3.5), as the official modules compute them. Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace parley::cosyvoice2 {

// For the encoder's relative positions: distances keys − 1, …, −(frames − 1), a row each, sines and
// cosines interleaved. [keys + frames − 1][width]
std::vector<float> PlaceCodes(int64_t keys, int64_t frames, int64_t width);

inline constexpr int64_t kTimeCodeWidth = 320;

// For the estimator: sines, then cosines, of 1000 t at rates from 1 to 1 / 10000.
std::vector<float> TimeCode(float t);

}  // namespace parley::cosyvoice2
