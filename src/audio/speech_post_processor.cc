#include "audio/speech_post_processor.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "audio/pcm.h"
#include "base/check.h"

namespace parley::audio {
namespace {

constexpr int kBlockMs = 20;

SpeechPostProcessor::Config WithRates(SpeechPostProcessor::Config config) {
  config.trimmer.sample_rate_hz = config.in_hz;
  config.loudness.sample_rate_hz = config.in_hz;
  config.limiter.sample_rate_hz = config.out_hz;
  if (!config.trim) config.trimmer.trim_ms_max = 0;
  return config;
}

Resampler::Config Rates(const SpeechPostProcessor::Config& config) {
  Resampler::Config rates;
  rates.in_hz = config.in_hz;
  rates.out_hz = config.out_hz;
  return rates;
}

size_t FrameSamples(const SpeechPostProcessor::Config& config) {
  return static_cast<size_t>(SamplesOfMs(config.frame_ms, config.out_hz));
}

}  // namespace

Status SpeechPostProcessor::Config::Validate() const {
  const Config whole = WithRates(*this);
  PARLEY_TRY_STATUS(Rates(whole).Validate());
  PARLEY_TRY_STATUS(whole.trimmer.Validate());
  PARLEY_TRY_STATUS(whole.loudness.Validate());
  PARLEY_TRY_STATUS(whole.limiter.Validate());
  if (frame_ms >= 10 && frame_ms <= 120) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("post-processing frame_ms = {}; it must lie in 10…120", frame_ms));
}

Result<std::unique_ptr<SpeechPostProcessor>> SpeechPostProcessor::Create(const Config& config) {
  PARLEY_TRY_STATUS(config.Validate());
  const Config whole = WithRates(config);
  std::unique_ptr<LoudnessNormalizer> loudness;
  if (whole.normalize) {
    PARLEY_TRY(loudness, LoudnessNormalizer::Create(whole.loudness));
  }
  PARLEY_TRY(auto resampler, Resampler::Create(Rates(whole)));
  PARLEY_TRY(auto limiter, Limiter::Create(whole.limiter));
  return std::unique_ptr<SpeechPostProcessor>(new SpeechPostProcessor(
      whole, std::move(loudness), std::move(resampler), std::move(limiter)));
}

SpeechPostProcessor::SpeechPostProcessor(const Config& config,
                                         std::unique_ptr<LoudnessNormalizer> loudness,
                                         std::unique_ptr<Resampler> resampler,
                                         std::unique_ptr<Limiter> limiter)
    : config_(config),
      trimmer_(config.trimmer),
      loudness_(std::move(loudness)),
      resampler_(std::move(resampler)),
      limiter_(std::move(limiter)),
      block_samples_(static_cast<size_t>(SamplesOfMs(kBlockMs, config.in_hz))),
      native_(block_samples_ + trimmer_.held_samples_max()),
      converted_(DeliveredMax()),
      pcm_(DeliveredMax()),
      framer_(FrameSamples(config), DeliveredMax()) {
  Begin();
}

size_t SpeechPostProcessor::DeliveredMax() const noexcept {
  return std::max(resampler_->OutputSamplesMax(native_.size()), limiter_->latency_samples());
}

void SpeechPostProcessor::Begin() noexcept {
  trimmer_.Reset();
  resampler_->Reset();
  limiter_->Reset();
  framer_.Reset();
  skip_left_ = limiter_->latency_samples();
  native_total_ = 0;
  finished_ = false;
}

size_t SpeechPostProcessor::Feed(std::span<const float> native) noexcept {
  PARLEY_CHECK(!finished_);
  const size_t count = std::min(native.size(), block_samples_);
  const size_t kept = trimmer_.Process(native.first(count), native_);
  native_total_ += static_cast<int64_t>(count);
  Convert(std::span(native_).first(kept));
  return count;
}

// One helping of what the stages hold, small enough for the framer; false when all is out.
bool SpeechPostProcessor::FeedRest() noexcept {
  if (!finished_) {
    finished_ = true;
    Convert(std::span(native_).first(trimmer_.Flush(native_)));
    return true;
  }
  if (const size_t count = resampler_->Flush(converted_); count > 0) {
    Deliver(std::span(converted_).first(count));
    return true;
  }
  const int64_t total = resampler_->OutputSamples(native_total_ - trimmer_.trimmed_samples());
  const auto held =
      static_cast<size_t>(std::min(total, static_cast<int64_t>(limiter_->latency_samples())));
  // Silence pushes out what the limiter delays; a sound shorter than that delay needs all of it.
  const std::span<float> silence =
      std::span(converted_).first(held > 0 ? limiter_->latency_samples() : 0);
  std::fill(silence.begin(), silence.end(), 0.0f);
  Deliver(silence);
  framer_.Finish();
  return false;
}

void SpeechPostProcessor::Convert(std::span<float> native) noexcept {
  if (native.empty()) return;
  if (loudness_) loudness_->Process(native);
  const auto progress = resampler_->Process(native, converted_);
  PARLEY_CHECK(progress.consumed == native.size());
  Deliver(std::span(converted_).first(progress.produced));
}

void SpeechPostProcessor::Deliver(std::span<float> converted) noexcept {
  limiter_->Process(converted);
  const size_t skip = std::min(skip_left_, converted.size());
  skip_left_ -= skip;
  const std::span<const float> rest = converted.subspan(skip);
  const std::span<int16_t> pcm = std::span(pcm_).first(rest.size());
  Pcm16FromFloat(rest, pcm);
  PARLEY_CHECK(framer_.Push(pcm) == pcm.size());
}

std::optional<int64_t> SpeechPostProcessor::OutputPts(int64_t native_sample) const noexcept {
  if (!trimmer_.decided()) return std::nullopt;
  if (!finished_ && native_sample > native_total_) return std::nullopt;
  const int64_t trimmed = trimmer_.trimmed_samples();
  const int64_t within = std::clamp<int64_t>(native_sample - trimmed, 0, native_total_ - trimmed);
  return resampler_->OutputSamples(within);
}

}  // namespace parley::audio
