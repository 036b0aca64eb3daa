// MP3, written while the sound is still being made (libmp3lame). Mono. MPEG rates only: 8, 11.025,
// 12, 16, 22.05, 24, 32, 44.1 or 48 kHz.
//
// The decoder's output begins with about 1105 samples of encoder and decoder delay and ends with
// padding, as all MP3 does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "audio/stream_encoder.h"
#include "base/result.h"

struct lame_global_struct;

namespace parley::audio {

class Mp3Encoder final : public StreamEncoder {
 public:
  struct Config {
    int sample_rate_hz = 24000;
    int bit_rate_kbps = 64;  // constant; more costs bytes, less costs sibilants

    Status Validate() const;
  };

  static Result<std::unique_ptr<Mp3Encoder>> Create(const Config& config);
  ~Mp3Encoder() override;

  Status Encode(std::span<const int16_t> pcm, std::string& out) override;
  Status Finish(std::string& out) override;

 private:
  struct CloseLame {
    void operator()(lame_global_struct* lame) const;
  };
  explicit Mp3Encoder(lame_global_struct* lame) : lame_(lame) {}

  std::unique_ptr<lame_global_struct, CloseLame> lame_;
};

}  // namespace parley::audio
