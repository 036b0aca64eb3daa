// FLAC (RFC 9639), written while the sound is still being made (libFLAC). Its header does not say
// how long it is, since that is not known yet.
#pragma once

#include <memory>

#include "audio/stream_encoder.h"

namespace parley::audio {

// kInvalidArgument for a rate that FLAC streams do not have (1 to 192000 Hz).
Result<std::unique_ptr<StreamEncoder>> MakeFlacEncoder(int sample_rate_hz);

}  // namespace parley::audio
