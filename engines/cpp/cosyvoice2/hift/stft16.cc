#include "cosyvoice2/hift/stft16.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace parley::cosyvoice2 {
namespace {

constexpr int64_t kSize = 16;
constexpr int64_t kHalf = kSize / 2;
constexpr int64_t kBins = kSize / 2 + 1;
constexpr float kMagnitudeMax = 100;

struct Tables {
  std::array<float, kSize> window;
  std::array<std::array<float, kSize>, kBins> cosine;
  std::array<std::array<float, kSize>, kBins> sine;
};

const Tables& GetTables() {
  static const Tables tables = [] {
    Tables made;
    for (int64_t n = 0; n < kSize; ++n) {
      const double turn = 2 * std::numbers::pi * static_cast<double>(n) / kSize;
      made.window[n] = static_cast<float>(0.5 - 0.5 * std::cos(turn));
      for (int64_t k = 0; k < kBins; ++k) {
        made.cosine[k][n] = static_cast<float>(std::cos(turn * static_cast<double>(k)));
        made.sine[k][n] = static_cast<float>(std::sin(turn * static_cast<double>(k)));
      }
    }
    return made;
  }();
  return tables;
}

// Reflection without repeating the edge.
int64_t Reflect(int64_t i, int64_t length) {
  if (i < 0) i = -i;
  return i < length ? i : 2 * (length - 1) - i;
}

// One frame of 16 windowed samples from its spectrum.
void InverseFrame(const float* logs_and_arguments, const Tables& tables,
                  std::array<float, kSize>& out) {
  out.fill(0);
  for (int64_t k = 0; k < kBins; ++k) {
    const float magnitude = std::min(std::exp(logs_and_arguments[k]), kMagnitudeMax);
    const float phase = std::sin(logs_and_arguments[kBins + k]);
    const bool edge = k == 0 || k == kHalf;  // real by definition, and there once
    const float scale = (edge ? 1.0f : 2.0f) / kSize;
    const float real = scale * magnitude * std::cos(phase);
    const float imaginary = edge ? 0.0f : scale * magnitude * std::sin(phase);
    for (int64_t n = 0; n < kSize; ++n) {
      out[n] += real * tables.cosine[k][n] - imaginary * tables.sine[k][n];
    }
  }
  for (int64_t n = 0; n < kSize; ++n) out[n] *= tables.window[n];
}

}  // namespace

std::vector<float> Stft16(std::span<const float> samples) {
  const Tables& tables = GetTables();
  const auto length = static_cast<int64_t>(samples.size());
  const int64_t frames = length / kStftHop + 1;
  std::vector<float> out(static_cast<size_t>(frames * kStftChannels));
  for (int64_t frame = 0; frame < frames; ++frame) {
    std::array<float, kSize> windowed;
    for (int64_t n = 0; n < kSize; ++n) {
      windowed[n] = tables.window[n] * samples[Reflect(frame * kStftHop + n - kHalf, length)];
    }
    float* const to = &out[frame * kStftChannels];
    for (int64_t k = 0; k < kBins; ++k) {
      float real = 0, imaginary = 0;
      for (int64_t n = 0; n < kSize; ++n) {
        real += windowed[n] * tables.cosine[k][n];
        imaginary -= windowed[n] * tables.sine[k][n];
      }
      to[k] = real;
      to[kBins + k] = imaginary;
    }
  }
  return out;
}

std::vector<float> Istft16(std::span<const float> frames) {
  const Tables& tables = GetTables();
  const auto count = static_cast<int64_t>(frames.size()) / kStftChannels;
  std::vector<float> sum(static_cast<size_t>((count - 1) * kStftHop + kSize));
  std::vector<float> weight(sum.size());
  std::array<float, kSize> samples;
  for (int64_t frame = 0; frame < count; ++frame) {
    InverseFrame(&frames[frame * kStftChannels], tables, samples);
    for (int64_t n = 0; n < kSize; ++n) {
      sum[frame * kStftHop + n] += samples[n];
      weight[frame * kStftHop + n] += tables.window[n] * tables.window[n];
    }
  }
  std::vector<float> out(static_cast<size_t>((count - 1) * kStftHop));
  for (size_t i = 0; i < out.size(); ++i) out[i] = sum[i + kHalf] / weight[i + kHalf];
  return out;
}

}  // namespace parley::cosyvoice2
