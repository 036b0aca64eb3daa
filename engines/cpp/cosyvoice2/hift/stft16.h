// The short-time Fourier transform that HiFT works on: 16 samples, hop 4, periodic Hann window,
// centred with reflection; 9 real and 9 imaginary parts a frame. So small that it is written out.
// Pure, thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace parley::cosyvoice2 {

inline constexpr int64_t kStftHop = 4;
inline constexpr int64_t kStftChannels = 18;

// Of at least 9 samples: samples / 4 + 1 frames, [frames][18], real parts before imaginary ones.
std::vector<float> Stft16(std::span<const float> samples);

// The inverse, of what the vocoder says of magnitude and phase: [frames][18] with the logarithm of
// the magnitude (clipped at 100) before the sine's argument of the phase. 4 · (frames − 1) samples.
std::vector<float> Istft16(std::span<const float> frames);

}  // namespace parley::cosyvoice2
