// Cuts a long recording at quiet places into windows that a recognizer takes in one piece. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace parley::gateway {

struct AudioWindow {
  size_t from_sample = 0;
  size_t upto_sample = 0;
  bool operator==(const AudioWindow&) const = default;
};

struct WindowLimits {
  // Whisper hears 30 s at once.
  int longest_ms = 28'000;
  // The quietest place is looked for behind this.
  int shortest_ms = 15'000;
};

// Windows follow each other without gap or overlap and cover everything; none for no samples.
std::vector<AudioWindow> CutWindows(std::span<const float> samples, int sample_rate_hz,
                                    const WindowLimits& limits = {});

}  // namespace parley::gateway
