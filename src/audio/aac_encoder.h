// AAC-LC in ADTS frames (ISO/IEC 14496-3), written while the sound is still being made
// (vo-aacenc). A frame is 1024 samples; the last one is filled up with silence, and the decoder's
// output begins with the encoder's delay, as all AAC does.
#pragma once

#include <memory>

#include "audio/stream_encoder.h"

namespace parley::audio {

struct AacConfig {
  int sample_rate_hz = 24'000;  // 8000 to 96000, of those that MPEG-4 numbers
  int bit_rate_kbps = 64;       // constant

  Status Validate() const;
};

Result<std::unique_ptr<StreamEncoder>> MakeAacEncoder(const AacConfig& config);

}  // namespace parley::audio
