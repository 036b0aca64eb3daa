#include "gateway/speech_encoder.h"

#include <cstddef>

#include "audio/pcm.h"
#include "audio/wav_writer.h"

namespace parley::gateway {

std::string_view ContentTypeOf(SpeechFormat format) {
  switch (format) {
    case SpeechFormat::kMp3:
      return "audio/mpeg";
    case SpeechFormat::kWav:
      return "audio/wav";
    default:
      return "audio/pcm";
  }
}

Result<SpeechEncoder> SpeechEncoder::Create(SpeechFormat format) {
  SpeechEncoder encoder(format);
  if (format == SpeechFormat::kMp3) {
    audio::Mp3Encoder::Config config;
    config.sample_rate_hz = kSpeechRateHz;
    PARLEY_TRY(encoder.mp3_, audio::Mp3Encoder::Create(config));
  }
  return encoder;
}

std::string SpeechEncoder::Begin() const {
  if (format_ != SpeechFormat::kWav) return "";
  const auto header = audio::WavHeader(kSpeechRateHz, std::nullopt);
  return std::string(reinterpret_cast<const char*>(header.data()), header.size());
}

Status SpeechEncoder::Encode(std::span<const int16_t> pcm, std::string& out) {
  if (mp3_) return mp3_->Encode(pcm, out);
  const size_t from = out.size();
  out.resize(from + pcm.size() * 2);
  audio::BytesFromPcm16(pcm, {reinterpret_cast<std::byte*>(out.data() + from), pcm.size() * 2});
  return {};
}

Status SpeechEncoder::Finish(std::string& out) { return mp3_ ? mp3_->Finish(out) : Status(); }

}  // namespace parley::gateway
