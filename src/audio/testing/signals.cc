#include "audio/testing/signals.h"

#include <cmath>
#include <numbers>

#include "audio/pcm.h"
#include "base/random.h"

namespace parley::audio::testing {

std::vector<float> Sine(double hz, int sample_rate_hz, size_t samples, float amplitude,
                        double phase) {
  std::vector<float> out(samples);
  const double step = 2.0 * std::numbers::pi * hz / sample_rate_hz;
  for (size_t i = 0; i < samples; ++i) {
    out[i] = amplitude * static_cast<float>(std::sin(step * static_cast<double>(i) + phase));
  }
  return out;
}

std::vector<float> Noise(size_t samples, float amplitude, uint64_t seed) {
  SplitMix64 random(seed);
  std::vector<float> out(samples);
  for (float& sample : out) {
    sample = amplitude * static_cast<float>(2.0 * random.NextUniform() - 1.0);
  }
  return out;
}

std::vector<float> SpeechLike(int sample_rate_hz, size_t samples, float amplitude) {
  std::vector<float> out(samples);
  for (size_t i = 0; i < samples; ++i) {
    const double t = static_cast<double>(i) / sample_rate_hz;
    double sum = 0.0;
    for (int harmonic = 1; harmonic <= 20; ++harmonic) {
      sum += std::sin(2.0 * std::numbers::pi * 150.0 * harmonic * t) / harmonic;
    }
    const double syllable = 0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * 4.0 * t);
    out[i] = amplitude * static_cast<float>(0.54 * syllable * sum);
  }
  return out;
}

std::vector<float> Silence(size_t samples) { return std::vector<float>(samples, 0.0f); }

std::vector<float> Joined(std::span<const std::vector<float>> parts) {
  std::vector<float> out;
  for (const auto& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

std::vector<int16_t> AsPcm16(std::span<const float> samples) {
  std::vector<int16_t> out(samples.size());
  Pcm16FromFloat(samples, out);
  return out;
}

double SnrDb(std::span<const float> a, std::span<const float> b, size_t from, size_t to) {
  double signal = 1e-30;
  double noise = 1e-30;
  for (size_t i = from; i < to; ++i) {
    const double difference = static_cast<double>(a[i]) - b[i];
    signal += static_cast<double>(a[i]) * a[i];
    noise += difference * difference;
  }
  return 10.0 * std::log10(signal / noise);
}

}  // namespace parley::audio::testing
