#include "audio/mp3_encoder.h"

#include <fmt/format.h>
#include <lame/lame.h>

#include <algorithm>
#include <array>

namespace parley::audio {
namespace {

constexpr std::array kRatesHz = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000};
constexpr size_t kFlushBytesMax = 7200;  // lame.h: what lame_encode_flush may write

}  // namespace

Status Mp3Encoder::Config::Validate() const {
  if (std::find(kRatesHz.begin(), kRatesHz.end(), sample_rate_hz) == kRatesHz.end()) {
    return Fail(Code::kInvalidArgument,
                fmt::format("MP3 has no sample rate of {} Hz; it has 8000, 11025, 12000, 16000, "
                            "22050, 24000, 32000, 44100 and 48000",
                            sample_rate_hz));
  }
  if (bit_rate_kbps >= 8 && bit_rate_kbps <= 320) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("MP3 bit rate = {} kbit/s; it must lie in 8…320", bit_rate_kbps));
}

Result<std::unique_ptr<Mp3Encoder>> Mp3Encoder::Create(const Config& config) {
  PARLEY_TRY_STATUS(config.Validate());
  auto encoder = std::unique_ptr<Mp3Encoder>(new Mp3Encoder(lame_init()));
  lame_global_struct* const lame = encoder->lame_.get();
  if (lame == nullptr) return Fail(Code::kResourceExhausted, "no memory for an MP3 encoder");
  lame_set_num_channels(lame, 1);
  lame_set_mode(lame, MONO);
  lame_set_in_samplerate(lame, config.sample_rate_hz);
  lame_set_out_samplerate(lame, config.sample_rate_hz);
  lame_set_brate(lame, config.bit_rate_kbps);
  lame_set_quality(lame, 5);
  // A tag frame would need the file's end to be known at its beginning.
  lame_set_bWriteVbrTag(lame, 0);
  lame_set_errorf(lame, nullptr);
  if (const int code = lame_init_params(lame); code < 0) {
    return Fail(Code::kInvalidArgument,
                fmt::format("MP3 at {} Hz and {} kbit/s refused by the encoder (code {})",
                            config.sample_rate_hz, config.bit_rate_kbps, code));
  }
  return encoder;
}

Mp3Encoder::~Mp3Encoder() = default;

void Mp3Encoder::CloseLame::operator()(lame_global_struct* lame) const { lame_close(lame); }

Status Mp3Encoder::Encode(std::span<const int16_t> pcm, std::string& out) {
  const size_t before = out.size();
  out.resize(before + pcm.size() * 5 / 4 + kFlushBytesMax);  // lame.h: the worst case
  auto* const room = reinterpret_cast<unsigned char*>(out.data() + before);
  const int written =
      lame_encode_buffer(lame_.get(), pcm.data(), pcm.data(), static_cast<int>(pcm.size()), room,
                         static_cast<int>(out.size() - before));
  out.resize(before + static_cast<size_t>(std::max(written, 0)));
  if (written >= 0) return {};
  return Fail(Code::kInternal,
              fmt::format("MP3 encoding of {} samples failed (code {})", pcm.size(), written));
}

Status Mp3Encoder::Finish(std::string& out) {
  const size_t before = out.size();
  out.resize(before + kFlushBytesMax);
  const int written = lame_encode_flush(
      lame_.get(), reinterpret_cast<unsigned char*>(out.data() + before), kFlushBytesMax);
  out.resize(before + static_cast<size_t>(std::max(written, 0)));
  if (written >= 0) return {};
  return Fail(Code::kInternal, fmt::format("the end of the MP3 failed (code {})", written));
}

}  // namespace parley::audio
