// What a voice's cords do, in samples: sines on the pitch and its harmonics, and noise where there
// is no voice (SineGen2 of the official HiFT-GAN, after "Neural source-filter waveform models",
// Wang, Takaki, Yamagishi, 2019). Phases are summed in double; the official code sums them in
// float and drifts from exact arithmetic by 3e-3 in a second. Pure, thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace parley::cosyvoice2 {

inline constexpr int64_t kSampleRateHz = 24'000;
inline constexpr int64_t kFrameSamples = 480;  // of a mel frame
inline constexpr int kHarmonics = 9;           // the pitch itself and 8 above it

// Normal deviates by place, so that a sample gets the same however speech is cut into calls.
class Noise {
 public:
  virtual ~Noise() = default;
  // out[(i − first) · 9 + harmonic] for samples i from `first`, counted from the first generated
  // frame.
  virtual void Fill(int64_t first_sample, std::span<float> out) const = 0;
};

// From a seed: SplitMix64's output function on (seed, place), Box and Muller's transform.
class SeededNoise final : public Noise {
 public:
  explicit SeededNoise(uint64_t seed) : seed_(seed) {}
  void Fill(int64_t first_sample, std::span<float> out) const override;

 private:
  uint64_t seed_;
};

struct SourceMix {
  std::array<float, kHarmonics> weight;
  float bias;
};

// Where the harmonics stand, in cycles, at a frame that one call ends with and the next has within.
struct SourcePhase {
  bool known = false;
  std::array<double, kHarmonics> cycles{};
};

struct SourceOptions {
  int64_t first_sample = 0;  // addresses the noise
  // Makes the sines go on where those of the call before stood at its last frame, which is
  // `phase_frame` here; takes where they stand at this call's last. Null: they begin at 0, as in
  // the official code.
  SourcePhase* phase = nullptr;
  int64_t phase_frame = 0;
  std::vector<float>* sines = nullptr;  // takes the harmonics before the mix, [samples][9]
};

// Pitch in Hz for each frame, voiced above 10, to 480 samples a frame of tanh(mix of the
// harmonics).
std::vector<float> MakeSource(std::span<const float> f0_hz, const SourceMix& mix,
                              const Noise& noise, const SourceOptions& options = {});

}  // namespace parley::cosyvoice2
