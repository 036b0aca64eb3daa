#include "cosyvoice2/hift/source.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace parley::cosyvoice2 {
namespace {

constexpr float kSineAmplitude = 0.1f;
constexpr float kNoiseVoiced = 0.003f;
constexpr float kNoiseUnvoiced = kSineAmplitude / 3;
constexpr float kVoicedAboveHz = 10;

uint64_t Mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Where each harmonic stands, in cycles, when a frame has passed, and how fast it went there.
struct Phase {
  std::array<double, kHarmonics> cycles;
  std::array<double, kHarmonics> cycles_a_frame;
};

std::vector<Phase> MakePhases(std::span<const float> f0_hz, const SourceOptions& options) {
  std::vector<Phase> phases(f0_hz.size());
  std::array<double, kHarmonics> sums{};
  for (size_t t = 0; t < f0_hz.size(); ++t) {
    for (int h = 0; h < kHarmonics; ++h) {
      // The official code takes f0 · h / rate modulo 1 in float.
      const float turns = static_cast<float>(h + 1) * f0_hz[t] / static_cast<float>(kSampleRateHz);
      const double step = kFrameSamples * static_cast<double>(turns - std::floor(turns));
      sums[h] = std::fmod(sums[h] + step, 1.0);
      phases[t].cycles[h] = sums[h];
      phases[t].cycles_a_frame[h] = step;
    }
  }
  SourcePhase* const kept = options.phase;
  if (kept == nullptr) return phases;
  if (kept->known) {
    const std::array<double, kHarmonics> at = phases[options.phase_frame].cycles;
    for (Phase& phase : phases) {
      for (int h = 0; h < kHarmonics; ++h) phase.cycles[h] += kept->cycles[h] - at[h];
    }
  }
  *kept = {.known = true, .cycles = phases.back().cycles};
  return phases;
}

// Of one sample, between two frames' phases.
struct Place {
  const Phase* from;
  const Phase* to;
  double part;
};

// Linear between the middles of frames; constant in the first and last half frame.
Place PlaceOf(const std::vector<Phase>& phases, int64_t sample) {
  const auto last = static_cast<int64_t>(phases.size()) - 1;
  const double at = (static_cast<double>(sample) + 0.5) / kFrameSamples - 0.5;
  const double clamped = std::clamp(at, 0.0, static_cast<double>(last));
  const auto before = static_cast<int64_t>(clamped);
  return {&phases[before], &phases[std::min(before + 1, last)],
          clamped - static_cast<double>(before)};
}

}  // namespace

void SeededNoise::Fill(int64_t first_sample, std::span<float> out) const {
  const uint64_t first = static_cast<uint64_t>(first_sample) * kHarmonics;
  for (size_t i = 0; i < out.size(); ++i) {
    const uint64_t bits = Mix(Mix(seed_) + (first + i + 1) * 0x9e3779b97f4a7c15);
    const float u1 = (static_cast<float>(bits >> 40) + 1.0f) * 0x1.0p-24f;
    const float u2 = static_cast<float>((bits >> 8) & 0xffffff) * 0x1.0p-24f;
    out[i] = std::sqrt(-2.0f * std::log(u1)) * std::cos(2.0f * std::numbers::pi_v<float> * u2);
  }
}

std::vector<float> MakeSource(std::span<const float> f0_hz, const SourceMix& mix,
                              const Noise& noise, const SourceOptions& options) {
  const auto frames = static_cast<int64_t>(f0_hz.size());
  const std::vector<Phase> phases = MakePhases(f0_hz, options);
  std::vector<float> source(static_cast<size_t>(frames * kFrameSamples));
  std::vector<float> noises(kFrameSamples * kHarmonics);
  if (options.sines != nullptr) options.sines->resize(source.size() * kHarmonics);
  for (int64_t sample = 0; sample < frames * kFrameSamples; ++sample) {
    const int64_t within = sample % kFrameSamples;
    if (within == 0) noise.Fill(options.first_sample + sample, noises);
    const bool voiced = f0_hz[sample / kFrameSamples] > kVoicedAboveHz;
    const float amplitude = voiced ? kNoiseVoiced : kNoiseUnvoiced;
    const Place place = PlaceOf(phases, sample);
    float sum = mix.bias;
    for (int h = 0; h < kHarmonics; ++h) {
      const double cycles = place.from->cycles[h] + place.part * place.to->cycles_a_frame[h];
      const auto sine = static_cast<float>(std::sin(2 * std::numbers::pi * cycles));
      const float value =
          (voiced ? kSineAmplitude * sine : 0.0f) + amplitude * noises[within * kHarmonics + h];
      if (options.sines != nullptr) (*options.sines)[sample * kHarmonics + h] = value;
      sum += mix.weight[h] * value;
    }
    source[sample] = std::tanh(sum);
  }
  return source;
}

}  // namespace parley::cosyvoice2
