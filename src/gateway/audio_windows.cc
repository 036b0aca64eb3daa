#include "gateway/audio_windows.h"

#include <algorithm>
#include <limits>

namespace parley::gateway {
namespace {

// A pause between words is some 100 ms or more; shorter dips lie inside words.
constexpr int kQuietMs = 200;
constexpr int kStepMs = 20;

// The middle of the quietest stretch that lies within [from, upto).
size_t QuietestPlace(std::span<const float> samples, size_t from, size_t upto, size_t quiet,
                     size_t step) {
  size_t best_at = upto;
  double best_energy = std::numeric_limits<double>::max();
  for (size_t at = from; at + quiet <= upto; at += step) {
    double energy = 0;
    for (const float sample : samples.subspan(at, quiet)) energy += sample * sample;
    // The later of equally quiet places: fewer windows.
    if (energy <= best_energy) {
      best_energy = energy;
      best_at = at + quiet / 2;
    }
  }
  return best_at;
}

}  // namespace

std::vector<AudioWindow> CutWindows(std::span<const float> samples, int sample_rate_hz,
                                    const WindowLimits& limits) {
  const auto samples_of = [&](int ms) {
    return static_cast<size_t>(ms) * static_cast<size_t>(sample_rate_hz) / 1000;
  };
  std::vector<AudioWindow> windows;
  size_t at = 0;
  while (samples.size() - at > samples_of(limits.longest_ms)) {
    const size_t cut = QuietestPlace(samples, at + samples_of(limits.shortest_ms),
                                     at + samples_of(limits.longest_ms), samples_of(kQuietMs),
                                     samples_of(kStepMs));
    windows.push_back({at, cut});
    at = cut;
  }
  if (at < samples.size()) windows.push_back({at, samples.size()});
  return windows;
}

}  // namespace parley::gateway
