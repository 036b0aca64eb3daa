#include "audio/level.h"

#include <algorithm>
#include <cmath>

#include "audio/pcm.h"
#include "base/check.h"

namespace parley::audio {
namespace {

template <class T>
float Rms(std::span<const T> samples, double scale) noexcept {
  if (samples.empty()) return 0.0f;
  double energy = 0.0;
  for (const T sample : samples) energy += static_cast<double>(sample) * sample;
  return static_cast<float>(std::sqrt(energy / static_cast<double>(samples.size())) * scale);
}

}  // namespace

float RmsDbfs(std::span<const float> samples) noexcept {
  return DbFromAmplitude(Rms(samples, 1.0));
}

float RmsDbfs(std::span<const int16_t> samples) noexcept {
  return DbFromAmplitude(Rms(samples, 1.0 / 32768.0));
}

float PeakDbfs(std::span<const float> samples) noexcept {
  float peak = 0.0f;
  for (const float sample : samples) peak = std::max(peak, std::abs(sample));
  return DbFromAmplitude(peak);
}

Envelope::Envelope(int sample_rate_hz, int step_ms)
    : step_samples_(static_cast<size_t>(SamplesOfMs(step_ms, sample_rate_hz))) {
  PARLEY_CHECK(step_samples_ > 0);
}

size_t Envelope::Process(std::span<const float> in, std::span<float> out) noexcept {
  PARLEY_CHECK(out.size() >= (filled_ + in.size()) / step_samples_);
  size_t steps = 0;
  for (const float sample : in) {
    energy_ += static_cast<double>(sample) * sample;
    if (++filled_ < step_samples_) continue;
    out[steps++] = static_cast<float>(std::sqrt(energy_ / static_cast<double>(step_samples_)));
    Reset();
  }
  return steps;
}

void Envelope::Reset() noexcept {
  filled_ = 0;
  energy_ = 0.0;
}

}  // namespace parley::audio
