// Sample-rate conversion of a whole sound (soxr, high quality): for files and reference audio, not
// for the live path, where audio/resampler.h belongs. Thread-safe.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"

namespace parley::audio {

// Mono. Rates 4000…192000 Hz. The result has round(in.size() × out_hz / in_hz) samples, aligned
// with the input.
Result<std::vector<float>> ResampleOffline(std::span<const float> in, int in_hz, int out_hz);

}  // namespace parley::audio
