// Is somebody speaking? One probability for each 32 ms of the caller's sound, by Silero VAD.
//
// A VoiceActivityModel is loaded once a process and shared; a VoiceActivityDetector is one
// session's memory of what it heard (the model's recurrent state and the last 64 samples) and lives
// on the session's thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "base/result.h"

namespace parley::perception {

inline constexpr int kVoiceActivityRateHz = 16000;
inline constexpr size_t kVoiceActivityWindowSamples = 512;  // 32 ms

// What one session's stream leaves behind in the model. Zeros at its start.
struct VoiceActivityState {
  std::array<float, 2 * 128> recurrent{};
};

// Thread-safe, immutable.
class VoiceActivityModel {
 public:
  // The 64 samples before the window and the window's 512, in [-1, 1].
  static constexpr size_t kContextSamples = 64;
  static constexpr size_t kInputSamples = kContextSamples + kVoiceActivityWindowSamples;

  virtual ~VoiceActivityModel() = default;
  // The probability of speech in the window, 0…1; `state` goes on to the next window.
  virtual Result<float> Step(std::span<const float, kInputSamples> input,
                             VoiceActivityState& state) const = 0;
};

// Silero VAD as an ONNX file: inputs `input` [1, 576], `state` [2, 1, 128] and `sr`, outputs the
// probability and the next state. 0.13–0.31 ms a window on one thread. The model is run once over
// silence, so that one of another shape is refused here: kFailedPrecondition.
Result<std::unique_ptr<VoiceActivityModel>> LoadSilero(const std::filesystem::path& path);

// One sequence.
class VoiceActivityDetector {
 public:
  struct Config {
    // A window whose loudest sample is under this is taken for silence without asking the model,
    // once the 32 windows (1 s) before were so too: a muted microphone costs nothing. Measured on
    // speech with pauses of 3 and 10 s: the model itself answers such windows with less than 0.003.
    // It would go on drifting in silence and the gate holds its state still, so that after the
    // pause single windows differ (at most 1 % fall on the other side of 0.5 or 0.35) and an onset
    // is noticed in the same window or a neighbour (voice_activity_test.cc). −90…−40; −90: never.
    float gate_dbfs = -66.0f;

    Status Validate() const;
  };
  struct Window {
    float probability = 0.0f;  // of speech, 0…1
    float level_dbfs = 0.0f;   // RMS
    int64_t end_sample = 0;    // of all samples processed since the beginning or Reset
  };

  // `model` must outlive the detector; the config must be valid.
  VoiceActivityDetector(const VoiceActivityModel& model, const Config& config);

  // Calls `emit(const Window&)` for each window that `samples` (16 kHz mono, any number) completes.
  // An error is the model's and leaves the detector as it was before that window.
  template <class Emit>
  Status Process(std::span<const float> samples, Emit&& emit) {
    while (!samples.empty()) {
      samples = samples.subspan(Take(samples));
      if (filled_ < input_.size()) return {};
      PARLEY_TRY(const Window window, Judge());
      emit(window);
    }
    return {};
  }

  // A new stream: forgets everything.
  void Reset();

  // Windows that the gate answered, for metrics.
  int64_t gated_windows() const { return gated_windows_; }

 private:
  size_t Take(std::span<const float> samples);
  Result<Window> Judge();

  const VoiceActivityModel& model_;
  const float gate_amplitude_;
  VoiceActivityState state_;
  std::array<float, VoiceActivityModel::kInputSamples> input_{};
  size_t filled_ = VoiceActivityModel::kContextSamples;
  int quiet_windows_ = 0;
  int64_t samples_total_ = 0;
  int64_t gated_windows_ = 0;
};

}  // namespace parley::perception
