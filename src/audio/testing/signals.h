// Sounds whose truth is known: for tests and benchmarks of whatever handles audio.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace parley::audio::testing {

// amplitude × sin(2π hz t + phase)
std::vector<float> Sine(double hz, int sample_rate_hz, size_t samples, float amplitude = 0.5f,
                        double phase = 0.0);
// White, uniform in ±amplitude; the same for the same seed.
std::vector<float> Noise(size_t samples, float amplitude, uint64_t seed);
// Like speech to a level meter: 150 Hz with harmonics to 3 kHz, syllables at 4 Hz, peaks at about
// ±amplitude.
std::vector<float> SpeechLike(int sample_rate_hz, size_t samples, float amplitude = 0.5f);
std::vector<float> Silence(size_t samples);
std::vector<float> Joined(std::span<const std::vector<float>> parts);

std::vector<int16_t> AsPcm16(std::span<const float> samples);

// 10 log10(Σ a² / Σ (a − b)²) over samples [from, to): how well b follows a.
double SnrDb(std::span<const float> a, std::span<const float> b, size_t from, size_t to);

}  // namespace parley::audio::testing
