#include "audio/limiter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audio/pcm.h"

namespace parley::audio {
namespace {

Status CheckField(std::string_view field, float value, float min, float max) {
  if (value >= min && value <= max) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("limiter {} = {}; it must lie in {}…{}", field, value, min, max));
}

}  // namespace

Status Limiter::Config::Validate() const {
  PARLEY_TRY_STATUS(CheckField("sample_rate_hz", static_cast<float>(sample_rate_hz), 8000, 192000));
  PARLEY_TRY_STATUS(CheckField("ceiling_dbfs", ceiling_dbfs, -24, 0));
  PARLEY_TRY_STATUS(CheckField("lookahead_ms", lookahead_ms, 0.5f, 10));
  return CheckField("release_ms", release_ms, 5, 1000);
}

Result<std::unique_ptr<Limiter>> Limiter::Create(const Config& config) {
  PARLEY_TRY_STATUS(config.Validate());
  return std::unique_ptr<Limiter>(new Limiter(config));
}

Limiter::Limiter(const Config& config)
    : window_(static_cast<size_t>(config.lookahead_ms * 0.001f *
                                  static_cast<float>(config.sample_rate_hz)) +
              1),
      ceiling_(AmplitudeFromDb(config.ceiling_dbfs)),
      release_(1.0f - std::exp(-1000.0f /
                               (config.release_ms * static_cast<float>(config.sample_rate_hz)))),
      delayed_(window_),
      gains_(window_),
      minima_(window_) {
  Reset();
}

void Limiter::Reset() noexcept {
  std::fill(delayed_.begin(), delayed_.end(), 0.0f);
  std::fill(gains_.begin(), gains_.end(), 1.0f);
  minima_begin_ = 0;
  minima_count_ = 0;
  index_ = 0;
  released_ = 1.0f;
  gain_sum_ = static_cast<double>(window_);
  gain_ = 1.0f;
}

void Limiter::Process(std::span<float> samples) noexcept {
  for (float& sample : samples) sample = ProcessOne(sample);
}

float Limiter::ProcessOne(float sample) noexcept {
  const float magnitude = std::abs(sample);
  const float least = WindowMin(magnitude > ceiling_ ? ceiling_ / magnitude : 1.0f);
  released_ = std::min(least, released_ + (1.0f - released_) * release_);
  // Nearer to 1 a float step is larger than the release: −0.002 dB is as good as none.
  if (released_ > 0.9998f && least == 1.0f) released_ = 1.0f;
  const size_t slot = index_ % window_;
  const size_t oldest = (index_ + 1) % window_;
  gain_sum_ += static_cast<double>(released_) - gains_[slot];
  gains_[slot] = released_;
  delayed_[slot] = sample;
  ++index_;
  gain_ = static_cast<float>(gain_sum_ / static_cast<double>(window_));
  // The running sum carries rounding errors: a gain that is 1 but for them is 1.
  const float gain = gain_ > 0.9999999f ? 1.0f : gain_;
  return std::clamp(delayed_[oldest] * gain, -ceiling_, ceiling_);
}

// The minimum of the last window_ needs: a queue of candidates, each smaller than those after it.
float Limiter::WindowMin(float need) noexcept {
  while (minima_count_ > 0 && minima_[(minima_begin_ + minima_count_ - 1) % window_].gain >= need) {
    --minima_count_;
  }
  if (minima_count_ > 0 && minima_[minima_begin_].index + window_ <= index_) {
    minima_begin_ = (minima_begin_ + 1) % window_;
    --minima_count_;
  }
  minima_[(minima_begin_ + minima_count_) % window_] = {index_, need};
  ++minima_count_;
  return minima_[minima_begin_].gain;
}

float Limiter::gain_db() const noexcept { return DbFromAmplitude(gain_); }

}  // namespace parley::audio
