#include "audio/silence_trimmer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "audio/pcm.h"
#include "base/check.h"

namespace parley::audio {
namespace {

constexpr int kWindowMs = 5;

Status CheckField(std::string_view field, double value, double min, double max) {
  if (value >= min && value <= max) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("silence trimmer {} = {}; it must lie in {}…{}", field, value, min, max));
}

float EnergyOf(float dbfs, size_t samples) {
  const float amplitude = AmplitudeFromDb(dbfs);
  return amplitude * amplitude * static_cast<float>(samples);
}

}  // namespace

Status SilenceTrimmer::Config::Validate() const {
  PARLEY_TRY_STATUS(CheckField("sample_rate_hz", sample_rate_hz, 8000, 192000));
  PARLEY_TRY_STATUS(CheckField("threshold_dbfs", threshold_dbfs, -90, -20));
  PARLEY_TRY_STATUS(CheckField("keep_ms", keep_ms, 0, 100));
  return CheckField("trim_ms_max", trim_ms_max, 0, 10000);
}

SilenceTrimmer::SilenceTrimmer(const Config& config)
    : window_samples_(static_cast<size_t>(SamplesOfMs(kWindowMs, config.sample_rate_hz))),
      keep_samples_(static_cast<size_t>(SamplesOfMs(config.keep_ms, config.sample_rate_hz))),
      trim_samples_max_(SamplesOfMs(config.trim_ms_max, config.sample_rate_hz)),
      threshold_energy_(EnergyOf(config.threshold_dbfs, window_samples_)),
      held_(keep_samples_ + window_samples_) {
  PARLEY_CHECK(config.Validate());
  Reset();
}

void SilenceTrimmer::Reset() noexcept {
  held_count_ = 0;
  window_fill_ = 0;
  trimmed_samples_ = 0;
  decided_ = trim_samples_max_ == 0;
}

size_t SilenceTrimmer::Process(std::span<const float> in, std::span<float> out) noexcept {
  PARLEY_CHECK(out.size() >= in.size() + held_count_);
  size_t taken = 0;
  while (!decided_ && taken < in.size()) {
    const size_t count = std::min(in.size() - taken, window_samples_ - window_fill_);
    std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(taken), count, held_.data() + held_count_);
    held_count_ += count;
    window_fill_ += count;
    taken += count;
    if (window_fill_ < window_samples_) break;
    window_fill_ = 0;
    decided_ = WindowHasSound();
    if (decided_) break;
    const size_t drop =
        std::min<size_t>(held_count_ > keep_samples_ ? held_count_ - keep_samples_ : 0,
                         static_cast<size_t>(trim_samples_max_ - trimmed_samples_));
    std::copy(held_.begin() + static_cast<std::ptrdiff_t>(drop),
              held_.begin() + static_cast<std::ptrdiff_t>(held_count_), held_.begin());
    held_count_ -= drop;
    trimmed_samples_ += static_cast<int64_t>(drop);
    decided_ = trimmed_samples_ == trim_samples_max_;
  }
  if (!decided_) return 0;
  const size_t held = Flush(out);
  std::copy(in.begin() + static_cast<std::ptrdiff_t>(taken), in.end(),
            out.begin() + static_cast<std::ptrdiff_t>(held));
  return held + in.size() - taken;
}

size_t SilenceTrimmer::Flush(std::span<float> out) noexcept {
  PARLEY_CHECK(out.size() >= held_count_);
  std::copy_n(held_.data(), held_count_, out.begin());
  decided_ = true;
  return std::exchange(held_count_, 0);
}

bool SilenceTrimmer::WindowHasSound() const noexcept {
  float energy = 0.0f;
  for (size_t i = held_count_ - window_samples_; i < held_count_; ++i)
    energy += held_[i] * held_[i];
  return energy > threshold_energy_;
}

}  // namespace parley::audio
