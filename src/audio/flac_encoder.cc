#include "audio/flac_encoder.h"

#include <FLAC/stream_encoder.h>
#include <fmt/format.h>

#include <vector>

namespace parley::audio {
namespace {

constexpr int kRateMaxHz = 192'000;
constexpr int kCompression = 5;      // of 0…8, as the flac program does
constexpr int kBlockSamples = 4096;  // a frame leaves each 170 ms at 24 kHz

FLAC__StreamEncoderWriteStatus Write(const FLAC__StreamEncoder*, const FLAC__byte bytes[],
                                     size_t size, uint32_t, uint32_t, void* out) {
  static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), size);
  return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
}

class FlacEncoder final : public StreamEncoder {
 public:
  explicit FlacEncoder(int sample_rate_hz) : encoder_(FLAC__stream_encoder_new()) {
    if (!encoder_) return;
    FLAC__StreamEncoder* const flac = encoder_.get();
    FLAC__stream_encoder_set_channels(flac, 1);
    FLAC__stream_encoder_set_bits_per_sample(flac, 16);
    FLAC__stream_encoder_set_sample_rate(flac, static_cast<uint32_t>(sample_rate_hz));
    FLAC__stream_encoder_set_compression_level(flac, kCompression);
    FLAC__stream_encoder_set_blocksize(flac, kBlockSamples);
    // Without a seek callback the header stays as it was begun.
    good_ = FLAC__stream_encoder_init_stream(flac, Write, nullptr, nullptr, nullptr, &written_) ==
            FLAC__STREAM_ENCODER_INIT_STATUS_OK;
  }

  bool good() const { return good_; }

  Status Encode(std::span<const int16_t> pcm, std::string& out) override {
    wide_.assign(pcm.begin(), pcm.end());
    return Took(FLAC__stream_encoder_process_interleaved(encoder_.get(), wide_.data(),
                                                         static_cast<uint32_t>(wide_.size())),
                out);
  }

  Status Finish(std::string& out) override {
    return Took(FLAC__stream_encoder_finish(encoder_.get()), out);
  }

 private:
  struct Delete {
    void operator()(FLAC__StreamEncoder* encoder) const { FLAC__stream_encoder_delete(encoder); }
  };

  Status Took(FLAC__bool good, std::string& out) {
    out += written_;
    written_.clear();
    if (good) return {};
    return Fail(Code::kInternal,
                fmt::format("FLAC encoding failed: {}",
                            FLAC__stream_encoder_get_resolved_state_string(encoder_.get())));
  }

  std::string written_;
  std::vector<FLAC__int32> wide_;
  bool good_ = false;
  std::unique_ptr<FLAC__StreamEncoder, Delete> encoder_;
};

}  // namespace

Result<std::unique_ptr<StreamEncoder>> MakeFlacEncoder(int sample_rate_hz) {
  if (sample_rate_hz < 1 || sample_rate_hz > kRateMaxHz) {
    return Fail(Code::kInvalidArgument, fmt::format("FLAC sample rate = {} Hz; it must lie in 1…{}",
                                                    sample_rate_hz, kRateMaxHz));
  }
  auto encoder = std::make_unique<FlacEncoder>(sample_rate_hz);
  if (!encoder->good()) return Fail(Code::kInternal, "no FLAC encoder could be made");
  return encoder;
}

}  // namespace parley::audio
