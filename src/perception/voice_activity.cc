#include "perception/voice_activity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "audio/level.h"
#include "audio/pcm.h"
#include "base/check.h"
#include "onnx/session.h"

namespace parley::perception {
namespace {

constexpr int kQuietWindowsMin = 32;
constexpr float kGateOffDbfs = -90.0f;

class Silero final : public VoiceActivityModel {
 public:
  explicit Silero(std::unique_ptr<onnx::Session> session) : session_(std::move(session)) {}

  Result<float> Step(std::span<const float, kInputSamples> input,
                     VoiceActivityState& state) const override {
    constexpr std::array<int64_t, 2> kInputShape = {1, kInputSamples};
    constexpr std::array<int64_t, 3> kStateShape = {2, 1, 128};
    constexpr std::array<int64_t, 2> kOutputShape = {1, 1};
    constexpr std::array<int64_t, 1> kRate = {kVoiceActivityRateHz};
    float probability = 0.0f;
    VoiceActivityState next;
    const onnx::Feed feeds[] = {{"input", kInputShape, std::span<const float>(input)},
                                {"state", kStateShape, std::span<const float>(state.recurrent)},
                                {"sr", {}, std::span<const int64_t>(kRate)}};
    const onnx::Sink sinks[] = {{"output", kOutputShape, std::span(&probability, 1)},
                                {"stateN", kStateShape, std::span<float>(next.recurrent)}};
    PARLEY_TRY_STATUS(session_->RunInto(feeds, sinks));
    state = next;
    return probability;
  }

 private:
  const std::unique_ptr<onnx::Session> session_;
};

}  // namespace

Result<std::unique_ptr<VoiceActivityModel>> LoadSilero(const std::filesystem::path& path) {
  PARLEY_TRY(auto session, onnx::Session::FromFile(path, {}));
  std::unique_ptr<VoiceActivityModel> model = std::make_unique<Silero>(std::move(session));
  constexpr std::array<float, VoiceActivityModel::kInputSamples> kSilence{};
  VoiceActivityState state;
  if (const auto probability = model->Step(kSilence, state); !probability) {
    return Fail(Code::kFailedPrecondition, fmt::format("{} is no Silero VAD of the known shape: {}",
                                                       path.string(), probability.error().message));
  }
  return model;
}

Status VoiceActivityDetector::Config::Validate() const {
  if (gate_dbfs >= kGateOffDbfs && gate_dbfs <= -40.0f) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("voice activity gate_dbfs = {}; it must lie in −90…−40", gate_dbfs));
}

VoiceActivityDetector::VoiceActivityDetector(const VoiceActivityModel& model, const Config& config)
    : model_(model),
      gate_amplitude_(config.gate_dbfs <= kGateOffDbfs ? -1.0f
                                                       : audio::AmplitudeFromDb(config.gate_dbfs)) {
  PARLEY_CHECK(config.Validate());
}

void VoiceActivityDetector::Reset() {
  state_ = {};
  input_.fill(0.0f);
  filled_ = VoiceActivityModel::kContextSamples;
  quiet_windows_ = 0;
  samples_total_ = 0;
}

size_t VoiceActivityDetector::Take(std::span<const float> samples) {
  const size_t count = std::min(samples.size(), input_.size() - filled_);
  std::copy_n(samples.begin(), count, input_.begin() + static_cast<std::ptrdiff_t>(filled_));
  filled_ += count;
  samples_total_ += static_cast<int64_t>(count);
  return count;
}

Result<VoiceActivityDetector::Window> VoiceActivityDetector::Judge() {
  const auto window = std::span<const float>(input_).subspan(VoiceActivityModel::kContextSamples);
  Window result;
  result.level_dbfs = audio::RmsDbfs(window);
  result.end_sample = samples_total_;
  const bool quiet = std::all_of(window.begin(), window.end(), [this](float sample) {
    return std::abs(sample) <= gate_amplitude_;
  });
  quiet_windows_ = quiet ? quiet_windows_ + 1 : 0;
  filled_ = VoiceActivityModel::kContextSamples;
  if (quiet_windows_ > kQuietWindowsMin) {
    ++gated_windows_;
  } else {
    PARLEY_TRY(result.probability, model_.Step(input_, state_));
  }
  std::copy(window.end() - VoiceActivityModel::kContextSamples, window.end(), input_.begin());
  return result;
}

}  // namespace parley::perception
