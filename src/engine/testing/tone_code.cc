#include "engine/testing/tone_code.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace parley::engine {
namespace {

constexpr double kSymbolS = 0.060;
constexpr double kSoundingS = 0.050;
constexpr double kEdgeS = 0.004;
constexpr double kAmplitude = 0.3;
constexpr double kStumpS = 0.006;

// Envelope of the decoder: steps of 1 ms; silence is 5 % of the loudest step nearby.
constexpr double kStepS = 0.001;
constexpr size_t kNearbySteps = 250;
constexpr double kSilence = 0.05;
constexpr double kFloor = 1e-3;

double HighHalfHz(int half) { return 300.0 + 75.0 * half; }
double LowHalfHz(int half) { return 1600.0 + 100.0 * half; }

int64_t Samples(double seconds, const ToneRate& rate) {
  return static_cast<int64_t>(std::lround(seconds * rate.sample_rate_hz / rate.speed));
}

double Edge(int64_t index, int64_t count, int64_t edge) {
  const int64_t distance = std::min(index, count - 1 - index);
  if (distance >= edge) return 1.0;
  const double phase = (static_cast<double>(distance) + 0.5) / static_cast<double>(edge);
  return 0.5 - 0.5 * std::cos(std::numbers::pi * phase);
}

std::vector<double> HannWindowed(std::span<const float> samples) {
  std::vector<double> windowed(samples.size());
  const double step = 2.0 * std::numbers::pi / static_cast<double>(samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    windowed[i] = samples[i] * (0.5 - 0.5 * std::cos(step * (static_cast<double>(i) + 0.5)));
  }
  return windowed;
}

// Power of one frequency, by Goertzel's recurrence (American Mathematical Monthly 65, 1958).
double PowerAt(const std::vector<double>& samples, double hz, int sample_rate_hz) {
  const double coefficient = 2.0 * std::cos(2.0 * std::numbers::pi * hz / sample_rate_hz);
  double last = 0;
  double before = 0;
  for (const double sample : samples) {
    const double next = sample + coefficient * last - before;
    before = last;
    last = next;
  }
  return last * last + before * before - coefficient * last * before;
}

template <class HzOf>
int LoudestHalf(const std::vector<double>& samples, int sample_rate_hz, HzOf hz_of) {
  int loudest = 0;
  double most = -1;
  for (int half = 0; half < 16; ++half) {
    const double power = PowerAt(samples, hz_of(half), sample_rate_hz);
    if (power <= most) continue;
    most = power;
    loudest = half;
  }
  return loudest;
}

std::vector<float> Envelope(std::span<const float> samples, size_t step) {
  std::vector<float> envelope;
  for (size_t at = 0; at < samples.size(); at += step) {
    float peak = 0;
    for (size_t i = at; i < std::min(at + step, samples.size()); ++i) {
      peak = std::max(peak, std::abs(samples[i]));
    }
    envelope.push_back(peak);
  }
  return envelope;
}

// Whether each step sounds, measured by the loudest of the quarter seconds around it.
std::vector<bool> Sounding(const std::vector<float>& envelope) {
  const size_t blocks = envelope.size() / kNearbySteps + 1;
  std::vector<float> loudest(blocks + 2);  // with an empty block before and after
  for (size_t i = 0; i < envelope.size(); ++i) {
    float& block = loudest[i / kNearbySteps + 1];
    block = std::max(block, envelope[i]);
  }
  std::vector<bool> sounding(envelope.size());
  for (size_t i = 0; i < envelope.size(); ++i) {
    const auto around = loudest.begin() + static_cast<std::ptrdiff_t>(i / kNearbySteps);
    const float nearby = *std::max_element(around, around + 3);
    sounding[i] = envelope[i] > std::max(kFloor, kSilence * static_cast<double>(nearby));
  }
  return sounding;
}

}  // namespace

int64_t ToneSymbolSamples(const ToneRate& rate) { return Samples(kSymbolS, rate); }
int64_t ToneSoundingSamples(const ToneRate& rate) { return Samples(kSoundingS, rate); }

std::vector<float> EncodeToneByte(uint8_t byte, const ToneRate& rate) {
  std::vector<float> samples(static_cast<size_t>(ToneSymbolSamples(rate)));
  const int64_t sounding = ToneSoundingSamples(rate);
  const int64_t edge = Samples(kEdgeS, rate);
  const double step = 2.0 * std::numbers::pi / rate.sample_rate_hz;
  for (int64_t i = 0; i < sounding; ++i) {
    const double phase = step * static_cast<double>(i);
    const double sum =
        std::sin(HighHalfHz(byte >> 4) * phase) + std::sin(LowHalfHz(byte & 15) * phase);
    samples[static_cast<size_t>(i)] =
        static_cast<float>(kAmplitude * Edge(i, sounding, edge) * sum);
  }
  return samples;
}

std::vector<float> EncodeTone(std::string_view text, const ToneRate& rate) {
  std::vector<float> samples;
  for (const char c : text) {
    const std::vector<float> symbol = EncodeToneByte(static_cast<uint8_t>(c), rate);
    samples.insert(samples.end(), symbol.begin(), symbol.end());
  }
  return samples;
}

std::vector<ToneSymbol> DecodeTone(std::span<const float> samples, int sample_rate_hz) {
  const auto step = static_cast<size_t>(std::lround(kStepS * sample_rate_hz));
  const std::vector<bool> sounding = Sounding(Envelope(samples, step));
  std::vector<ToneSymbol> symbols;
  size_t begin = 0;
  for (size_t i = 0; i <= sounding.size(); ++i) {
    if (i < sounding.size() && sounding[i]) continue;
    const size_t first = begin * step;
    const size_t count = std::min(i * step, samples.size()) - std::min(first, samples.size());
    begin = i + 1;
    if (static_cast<double>(count) < kStumpS * sample_rate_hz) continue;
    const std::vector<double> sound = HannWindowed(samples.subspan(first, count));
    const int high = LoudestHalf(sound, sample_rate_hz, HighHalfHz);
    const int low = LoudestHalf(sound, sample_rate_hz, LowHalfHz);
    symbols.push_back({static_cast<uint8_t>(high << 4 | low), static_cast<int64_t>(first),
                       static_cast<int64_t>(count)});
  }
  return symbols;
}

std::string DecodeToneText(std::span<const float> samples, int sample_rate_hz) {
  std::string text;
  for (const ToneSymbol& symbol : DecodeTone(samples, sample_rate_hz)) {
    text += static_cast<char>(symbol.byte);
  }
  return text;
}

}  // namespace parley::engine
