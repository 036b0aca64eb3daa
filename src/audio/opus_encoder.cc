#include "audio/opus_encoder.h"

#include <fmt/format.h>
#include <opusenc.h>

#include <vector>

namespace parley::audio {
namespace {

constexpr int kMuxingDelay = 48'000 / 5;  // 200 ms in samples of 48 kHz

int Write(void* out, const unsigned char* bytes, opus_int32 size) {
  static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes),
                                         static_cast<size_t>(size));
  return 0;
}
int Close(void*) { return 0; }
constexpr OpusEncCallbacks kCallbacks = {Write, Close};

class OpusEncoder final : public StreamEncoder {
 public:
  explicit OpusEncoder(const OpusConfig& config) {
    comments_.reset(ope_comments_create());
    int error = 0;
    if (comments_) {
      encoder_.reset(ope_encoder_create_callbacks(&kCallbacks, &written_, comments_.get(),
                                                  config.sample_rate_hz, 1, 0, &error));
    }
    if (!encoder_) return;
    ope_encoder_ctl(encoder_.get(), OPUS_SET_BITRATE(config.bit_rate_kbps * 1000));
    ope_encoder_ctl(encoder_.get(), OPE_SET_DECISION_DELAY(0));
    ope_encoder_ctl(encoder_.get(), OPE_SET_MUXING_DELAY(kMuxingDelay));
  }

  bool good() const { return encoder_ != nullptr; }

  Status Encode(std::span<const int16_t> pcm, std::string& out) override {
    begun_ = begun_ || !pcm.empty();
    return Took(ope_encoder_write(encoder_.get(), pcm.data(), static_cast<int>(pcm.size())), out);
  }

  Status Finish(std::string& out) override {
    // The library makes no file of nothing.
    if (!begun_) PARLEY_TRY_STATUS(Encode(std::vector<int16_t>(1), out));
    return Took(ope_encoder_drain(encoder_.get()), out);
  }

 private:
  struct Destroy {
    void operator()(OggOpusEnc* encoder) const { ope_encoder_destroy(encoder); }
    void operator()(OggOpusComments* comments) const { ope_comments_destroy(comments); }
  };

  Status Took(int code, std::string& out) {
    out += written_;
    written_.clear();
    if (code == OPE_OK) return {};
    return Fail(Code::kInternal, fmt::format("Opus encoding failed: {}", ope_strerror(code)));
  }

  std::string written_;
  bool begun_ = false;
  std::unique_ptr<OggOpusComments, Destroy> comments_;
  std::unique_ptr<OggOpusEnc, Destroy> encoder_;
};

}  // namespace

Status OpusConfig::Validate() const {
  if (sample_rate_hz < 8000 || sample_rate_hz > 48'000) {
    return Fail(Code::kInvalidArgument,
                fmt::format("Opus sample rate = {} Hz; it must lie in 8000…48000", sample_rate_hz));
  }
  if (bit_rate_kbps >= 6 && bit_rate_kbps <= 256) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("Opus bit rate = {} kbit/s; it must lie in 6…256", bit_rate_kbps));
}

Result<std::unique_ptr<StreamEncoder>> MakeOpusEncoder(const OpusConfig& config) {
  PARLEY_TRY_STATUS(config.Validate());
  auto encoder = std::make_unique<OpusEncoder>(config);
  if (!encoder->good()) return Fail(Code::kResourceExhausted, "no memory for an Opus encoder");
  return encoder;
}

}  // namespace parley::audio
