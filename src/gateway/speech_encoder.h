// Speech as it leaves a request: samples in, bytes of the asked format out, while it is being made.
// One sequence.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "audio/stream_encoder.h"
#include "base/result.h"

namespace parley::gateway {

// All mono at kSpeechRateHz; kPcm is s16le without a header.
enum class SpeechFormat { kMp3, kOpus, kAac, kFlac, kWav, kPcm };
inline constexpr int kSpeechRateHz = 24'000;

std::string_view ContentTypeOf(SpeechFormat format);

class SpeechEncoder {
 public:
  static Result<SpeechEncoder> Create(SpeechFormat format);

  // What stands before the sound.
  std::string Begin() const;
  Status Encode(std::span<const int16_t> pcm, std::string& out);
  Status Finish(std::string& out);

 private:
  explicit SpeechEncoder(SpeechFormat format) : format_(format) {}

  SpeechFormat format_;
  std::unique_ptr<audio::StreamEncoder> encoder_;  // none for wav and pcm
};

}  // namespace parley::gateway
