#include "audio/resampler.h"

#include <fmt/format.h>
#include <speex/speex_resampler.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace parley::audio {
namespace {

constexpr int kRateMinHz = 8000;
constexpr int kRateMaxHz = 48000;

Status CheckRate(std::string_view field, int hz) {
  if (hz >= kRateMinHz && hz <= kRateMaxHz) return {};
  return Fail(Code::kInvalidArgument, fmt::format("resampler {} = {} Hz; it must lie in {}…{} Hz",
                                                  field, hz, kRateMinHz, kRateMaxHz));
}

}  // namespace

Status Resampler::Config::Validate() const {
  PARLEY_TRY_STATUS(CheckRate("in_hz", in_hz));
  PARLEY_TRY_STATUS(CheckRate("out_hz", out_hz));
  if (quality >= 0 && quality <= 10) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("resampler quality = {}; it must lie in 0…10", quality));
}

Result<std::unique_ptr<Resampler>> Resampler::Create(const Config& config) {
  PARLEY_TRY_STATUS(config.Validate());
  SpeexResamplerState* state = nullptr;
  if (config.in_hz != config.out_hz) {
    int error = RESAMPLER_ERR_SUCCESS;
    state = speex_resampler_init(1, static_cast<spx_uint32_t>(config.in_hz),
                                 static_cast<spx_uint32_t>(config.out_hz), config.quality, &error);
    if (state == nullptr) {
      return Fail(Code::kResourceExhausted,
                  fmt::format("resampler {} → {} Hz: {}", config.in_hz, config.out_hz,
                              speex_resampler_strerror(error)));
    }
  }
  return std::unique_ptr<Resampler>(new Resampler(config, state));
}

Resampler::Resampler(const Config& config, SpeexResamplerState_* state)
    : config_(config),
      state_(state),
      latency_in_samples_(state == nullptr ? 0 : speex_resampler_get_input_latency(state)) {
  Reset();
}

Resampler::~Resampler() {
  if (state_ != nullptr) speex_resampler_destroy(state_);
}

void Resampler::Reset() noexcept {
  in_total_ = 0;
  out_total_ = 0;
  flush_left_samples_ = latency_in_samples_;
  if (state_ == nullptr) return;
  speex_resampler_reset_mem(state_);
  // Starts half a filter later, so that the first output stands at the first input sample.
  speex_resampler_skip_zeros(state_);
}

Resampler::Progress Resampler::Process(std::span<const float> in, std::span<float> out) noexcept {
  PARLEY_CHECK(flush_left_samples_ == latency_in_samples_);
  const Progress progress = Convert(in, out);
  in_total_ += static_cast<int64_t>(progress.consumed);
  out_total_ += static_cast<int64_t>(progress.produced);
  return progress;
}

Resampler::Progress Resampler::Convert(std::span<const float> in, std::span<float> out) noexcept {
  if (state_ == nullptr) {
    const size_t count = std::min(in.size(), out.size());
    std::copy_n(in.begin(), count, out.begin());
    return {count, count};
  }
  auto in_count = static_cast<spx_uint32_t>(in.size());
  auto out_count = static_cast<spx_uint32_t>(out.size());
  speex_resampler_process_float(state_, 0, in.data(), &in_count, out.data(), &out_count);
  return {in_count, out_count};
}

size_t Resampler::Flush(std::span<float> out) noexcept {
  constexpr std::array<float, 256> kSilence{};
  size_t written = 0;
  const int64_t total = OutputSamples(in_total_);
  // A second helping of silence covers the last fraction of a sample; the total cuts what is over.
  while (out_total_ < total && written < out.size()) {
    const auto wanted = static_cast<size_t>(total - out_total_);
    const std::span<float> room = out.subspan(written, std::min(out.size() - written, wanted));
    const Progress progress = Convert(kSilence, room);
    PARLEY_CHECK(progress.consumed + progress.produced > 0);
    flush_left_samples_ = -1;
    written += progress.produced;
    out_total_ += static_cast<int64_t>(progress.produced);
  }
  return written;
}

size_t Resampler::OutputSamplesMax(size_t in_samples) const noexcept {
  const auto all = static_cast<int64_t>(in_samples) + latency_in_samples_ + 1;
  return static_cast<size_t>(OutputSamples(all)) + 1;
}

int64_t Resampler::OutputSamples(int64_t in_samples) const noexcept {
  return (in_samples * config_.out_hz + config_.in_hz / 2) / config_.in_hz;
}

}  // namespace parley::audio
