// How much the uplink resembles what the person was played: the core's EchoEvidence. Both sounds
// are followed as their loudness in steps of 10 ms on one clock; evidence is the highest normalized
// cross-correlation of the two curves over the lags that an echo can have. Loudness in decibels, so
// that a few loud steps do not outweigh the rest, and a fixed gain on the way does not matter.
//
// A person who speaks has loudness of their own, which lowers it; silence of either has no curve
// and gives no evidence.
//
// Real-time path: nothing here allocates. Owned by a session, one sequence.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace parley::turn {

class EchoEstimator {
 public:
  static constexpr int kStepMs = 10;
  static constexpr int kLagMaxMs = 500;
  // What is compared at most, and at least.
  static constexpr int kSpanMaxMs = 2000;
  static constexpr int kSpanMinMs = 200;

  struct Evidence {
    float correlation = 0;  // 0 to 1
    int lag_ms = 0;         // by which the uplink is behind
  };

  // Mono samples in [-1, 1] whose first is heard (uplink) or played at this time; 10 ms or more at
  // a time, at any rate. A step that is given twice keeps the later; one never given is silent.
  void AddUplink(int64_t at_us, std::span<const float> samples, int rate_hz);
  void AddPlayed(int64_t at_us, std::span<const int16_t> samples, int rate_hz);
  // Played sound from this time on was thrown away.
  void DropPlayed(int64_t from_us);

  // For the uplink between these times; nullopt where either curve is flat or short.
  std::optional<Evidence> Judge(int64_t from_us, int64_t upto_us) const;

 private:
  static constexpr int kStepUs = kStepMs * 1000;
  static constexpr int kKept = 1024;  // steps, about 10 s
  static constexpr float kFloorDb = -70;

  // Loudness by step; a place whose step is another's is silent.
  struct Curve {
    std::array<float, kKept> db{};
    std::array<int64_t, kKept> step{};
    // The step that is being filled.
    int64_t filling = -1;
    double power = 0;
    int samples = 0;

    float At(int64_t at) const {
      const auto place = static_cast<size_t>(at % kKept);
      return step[place] == at ? db[place] : kFloorDb;
    }
    void Put(int64_t at, float value) {
      const auto place = static_cast<size_t>(at % kKept);
      step[place] = at;
      db[place] = value;
    }
  };
  template <class Sample>
  static void Add(Curve& curve, int64_t at_us, std::span<const Sample> samples, int rate_hz,
                  float full_scale);

  Curve uplink_;
  Curve played_;
};

}  // namespace parley::turn
