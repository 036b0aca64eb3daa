#include "gateway/speech_encoder.h"

#include <cstddef>

#include "audio/aac_encoder.h"
#include "audio/flac_encoder.h"
#include "audio/mp3_encoder.h"
#include "audio/opus_encoder.h"
#include "audio/pcm.h"
#include "audio/wav_writer.h"

namespace parley::gateway {

std::string_view ContentTypeOf(SpeechFormat format) {
  switch (format) {
    case SpeechFormat::kMp3:
      return "audio/mpeg";
    case SpeechFormat::kOpus:
      return "audio/ogg";
    case SpeechFormat::kAac:
      return "audio/aac";
    case SpeechFormat::kFlac:
      return "audio/flac";
    case SpeechFormat::kWav:
      return "audio/wav";
    case SpeechFormat::kPcm:
      break;
  }
  return "audio/pcm";
}

Result<SpeechEncoder> SpeechEncoder::Create(SpeechFormat format) {
  SpeechEncoder encoder(format);
  switch (format) {
    case SpeechFormat::kMp3: {
      PARLEY_TRY(encoder.encoder_, audio::Mp3Encoder::Create({.sample_rate_hz = kSpeechRateHz}));
      break;
    }
    case SpeechFormat::kOpus: {
      PARLEY_TRY(encoder.encoder_, audio::MakeOpusEncoder({.sample_rate_hz = kSpeechRateHz}));
      break;
    }
    case SpeechFormat::kAac: {
      PARLEY_TRY(encoder.encoder_, audio::MakeAacEncoder({.sample_rate_hz = kSpeechRateHz}));
      break;
    }
    case SpeechFormat::kFlac: {
      PARLEY_TRY(encoder.encoder_, audio::MakeFlacEncoder(kSpeechRateHz));
      break;
    }
    case SpeechFormat::kWav:
    case SpeechFormat::kPcm:
      break;
  }
  return encoder;
}

std::string SpeechEncoder::Begin() const {
  if (format_ != SpeechFormat::kWav) return "";
  const auto header = audio::WavHeader(kSpeechRateHz, std::nullopt);
  return std::string(reinterpret_cast<const char*>(header.data()), header.size());
}

Status SpeechEncoder::Encode(std::span<const int16_t> pcm, std::string& out) {
  if (encoder_) return encoder_->Encode(pcm, out);
  const size_t from = out.size();
  out.resize(from + pcm.size() * 2);
  audio::BytesFromPcm16(pcm, {reinterpret_cast<std::byte*>(out.data() + from), pcm.size() * 2});
  return {};
}

Status SpeechEncoder::Finish(std::string& out) {
  return encoder_ ? encoder_->Finish(out) : Status();
}

}  // namespace parley::gateway
