// Sound files are uploads: any bytes must give a clip within the limits or an error that says why.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "audio/audio_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  parley::audio::AudioFileLimits limits;
  limits.bytes_max = 1 << 16;
  limits.duration_ms_max = 10'000;
  const auto clip =
      parley::audio::DecodeAudioFile({reinterpret_cast<const char*>(data), size}, limits);
  if (!clip) {
    if (clip.error().message.empty()) std::abort();
    return 0;
  }
  if (clip->samples.empty() || clip->duration_ms() > limits.duration_ms_max) std::abort();
  for (const float sample : clip->samples) {
    if (!std::isfinite(sample)) std::abort();
  }
  return 0;
}
