#include "base/clock.h"

#include <chrono>

namespace parley {

int64_t SteadyClock::NowUs() const {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  using std::chrono::steady_clock;
  return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace parley
