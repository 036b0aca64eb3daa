// Ogg Opus (RFC 7845, RFC 6716), written while the sound is still being made (libopusenc). A page
// leaves at least every 200 ms of sound.
#pragma once

#include <memory>

#include "audio/stream_encoder.h"

namespace parley::audio {

struct OpusConfig {
  int sample_rate_hz = 24'000;  // 8000 to 48000; the file says 48000, as all Opus does
  int bit_rate_kbps = 32;       // on average; transparent for one voice

  Status Validate() const;
};

Result<std::unique_ptr<StreamEncoder>> MakeOpusEncoder(const OpusConfig& config);

}  // namespace parley::audio
