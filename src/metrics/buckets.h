// Bucket bounds, dense around the numbers the design holds itself to, so that a missed target is
// visible in the histogram and not averaged away.
#pragma once

#include <array>

namespace parley::metrics {

// One frame's lateness, one hop through a process: targets 1, 2 and 10 ms.
inline constexpr std::array<double, 10> kHopBucketsMs{0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 200};

// A stage's first result (voice, recognizer, LLM): targets 60, 200, 350 and 500 ms.
inline constexpr std::array<double, 14> kStageBucketsMs{10,  20,  40,  60,  100,  150,  200,
                                                        300, 350, 500, 750, 1000, 2000, 5000};

// From the end of the user's speech to the first audible sample: targets 750 and 900 ms.
inline constexpr std::array<double, 12> kResponseBucketsMs{200, 300,  400,  500,  600,  750,
                                                           900, 1100, 1500, 2500, 4000, 8000};

// Loading a model, a whole conversation.
inline constexpr std::array<double, 10> kLongBucketsMs{100,   300,   1000,   3000,   10000,
                                                       30000, 60000, 180000, 600000, 3600000};

}  // namespace parley::metrics
