// The mel filter bank that Whisper hears through: Slaney's mel scale, 0 to 8000 Hz, over the 201
// bins of a 400-sample FFT at 16 kHz. It is computed, so no file of filters is needed.
#pragma once

#include <vector>

namespace parley::whisper {

inline constexpr int kFftBins = 201;

// filters[mel][bin], row-major, each triangle scaled to unit area. `mel_count` ≥ 1 (80 or 128).
std::vector<float> MelFilters(int mel_count);

}  // namespace parley::whisper
