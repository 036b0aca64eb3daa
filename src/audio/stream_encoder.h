// Sound that is written in a format while it is still being made. Mono, signed 16-bit in; the bytes
// of the file out, in order, without going back to its beginning. One sequence. May allocate.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"

namespace parley::audio {

class StreamEncoder {
 public:
  virtual ~StreamEncoder() = default;
  // Appends to `out` what is complete.
  virtual Status Encode(std::span<const int16_t> pcm, std::string& out) = 0;
  // Appends the rest. Nothing may be encoded after it.
  virtual Status Finish(std::string& out) = 0;
};

}  // namespace parley::audio
