// Changes the sample rate exactly as the official front end does (torchaudio's default: a sinc of
// 6 zero crossings under a squared cosine, cut off at 0.99 of the lower Nyquist frequency), since
// the models have heard no other. For anything else audio/offline_resampler.h is better. Pure.
#pragma once

#include <span>
#include <vector>

namespace parley::cosyvoice2 {

// ceil(to · n / from) samples. Rates are positive; memory grows with to / gcd(from, to) phases of
// filter, so rates of sound files are meant.
std::vector<float> ResampleAsTorchaudio(std::span<const float> samples, int from_hz, int to_hz);

}  // namespace parley::cosyvoice2
