#include "audio/loudness.h"

#include <ebur128.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audio/pcm.h"
#include "base/check.h"

namespace parley::audio {
namespace {

constexpr int kStepMs = 100;
constexpr int kMomentaryMs = 400;
constexpr double kAbsoluteGateLufs = -50.0;
constexpr double kRelativeGateLu = -10.0;

Status CheckField(std::string_view field, double value, double min, double max) {
  if (value >= min && value <= max) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("loudness {} = {}; it must lie in {}…{}", field, value, min, max));
}

}  // namespace

Status LoudnessNormalizer::Config::Validate() const {
  PARLEY_TRY_STATUS(CheckField("sample_rate_hz", sample_rate_hz, 8000, 192000));
  PARLEY_TRY_STATUS(CheckField("target_lufs", target_lufs, -40, -10));
  PARLEY_TRY_STATUS(CheckField("gain_db_min", gain_db_min, -40, 0));
  PARLEY_TRY_STATUS(CheckField("gain_db_max", gain_db_max, 0, 40));
  PARLEY_TRY_STATUS(CheckField("gain_db", gain_db, gain_db_min, gain_db_max));
  return CheckField("slew_db_per_s", slew_db_per_s, 0.5, 40);
}

struct LoudnessNormalizer::Meter {
  explicit Meter(int sample_rate_hz)
      : state(ebur128_init(1, static_cast<unsigned long>(sample_rate_hz), EBUR128_MODE_M)) {}
  ~Meter() {
    if (state != nullptr) ebur128_destroy(&state);
  }
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  ebur128_state* state;
};

Result<std::unique_ptr<LoudnessNormalizer>> LoudnessNormalizer::Create(const Config& config) {
  PARLEY_TRY_STATUS(config.Validate());
  auto meter = std::make_unique<Meter>(config.sample_rate_hz);
  if (meter->state == nullptr) {
    return Fail(Code::kResourceExhausted, "no memory for a loudness meter");
  }
  return std::unique_ptr<LoudnessNormalizer>(new LoudnessNormalizer(config, std::move(meter)));
}

LoudnessNormalizer::LoudnessNormalizer(const Config& config, std::unique_ptr<Meter> meter)
    : config_(config),
      step_samples_(static_cast<size_t>(SamplesOfMs(kStepMs, config.sample_rate_hz))),
      meter_(std::move(meter)),
      ramp_(config.sample_rate_hz) {
  Reset(config.gain_db);
}

LoudnessNormalizer::~LoudnessNormalizer() = default;

void LoudnessNormalizer::Reset(float gain_db) noexcept {
  ramp_.SetTarget(gain_db, 0);
  step_filled_ = 0;
  steps_ = 0;
  powers_total_ = 0;
}

void LoudnessNormalizer::Process(std::span<float> samples) noexcept {
  while (!samples.empty()) {
    const size_t count = std::min(samples.size(), step_samples_ - step_filled_);
    ebur128_add_frames_float(meter_->state, samples.data(), count);
    ramp_.Apply(samples.first(count));
    samples = samples.subspan(count);
    step_filled_ += count;
    if (step_filled_ < step_samples_) return;
    step_filled_ = 0;
    ++steps_;
    Measure();
  }
}

void LoudnessNormalizer::Measure() noexcept {
  const size_t window_ms = std::min<size_t>(steps_ * kStepMs, kMomentaryMs);
  double lufs = -HUGE_VAL;
  ebur128_loudness_window(meter_->state, window_ms, &lufs);
  if (!(lufs > kAbsoluteGateLufs)) return;
  powers_[powers_total_++ % kValues] = std::pow(10.0, lufs / 10.0);
  const float wanted = std::clamp(config_.target_lufs - static_cast<float>(loudness_lufs()),
                                  config_.gain_db_min, config_.gain_db_max);
  const float step_db = config_.slew_db_per_s * kStepMs / 1000.0f;
  const float now = ramp_.gain_db();
  ramp_.SetTarget(std::clamp(wanted, now - step_db, now + step_db), kStepMs);
}

double LoudnessNormalizer::loudness_lufs() const noexcept {
  const size_t count = std::min(powers_total_, kValues);
  if (count == 0) return -HUGE_VAL;
  double sum = 0.0;
  for (size_t i = 0; i < count; ++i) sum += powers_[i];
  const double gate = sum / static_cast<double>(count) * std::pow(10.0, kRelativeGateLu / 10.0);
  double gated_sum = 0.0;
  size_t gated = 0;
  for (size_t i = 0; i < count; ++i) {
    if (powers_[i] < gate) continue;
    gated_sum += powers_[i];
    ++gated;
  }
  return 10.0 * std::log10(gated_sum / static_cast<double>(gated));
}

}  // namespace parley::audio
