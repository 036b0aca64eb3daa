#include "cosyvoice2/voice/prompt_audio.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "audio/level.h"

namespace parley::cosyvoice2 {
namespace {

// A window belongs to the speech if it is within 45 dB of the loudest.
constexpr int kWindowMs = 20;
constexpr float kBelowLoudestDb = 45.0F;
constexpr int kKeptMs = 100;  // before and after the speech
constexpr float kPeakMax = 0.8F;
constexpr int kTailMs = 200;
constexpr float kFullScale = 0.999F;
constexpr int64_t kGoodMs = 3'000;

struct Stretch {
  size_t from = 0;
  size_t upto = 0;
};

// Where the speech stands, with a little around it; empty in silence.
Stretch FindSpeech(std::span<const float> samples, int rate) {
  const size_t window = static_cast<size_t>(rate) * kWindowMs / 1000;
  std::vector<float> levels;
  for (size_t at = 0; at < samples.size(); at += window) {
    levels.push_back(audio::RmsDbfs(samples.subspan(at, std::min(window, samples.size() - at))));
  }
  if (levels.empty()) return {};
  const float threshold = *std::max_element(levels.begin(), levels.end()) - kBelowLoudestDb;
  const auto loud = [&](float level) { return level >= threshold; };
  const auto first = std::find_if(levels.begin(), levels.end(), loud) - levels.begin();
  const auto last = levels.rend() - std::find_if(levels.rbegin(), levels.rend(), loud);
  const size_t kept = static_cast<size_t>(rate) * kKeptMs / 1000;
  const size_t from = static_cast<size_t>(first) * window;
  return {from - std::min(from, kept),
          std::min(samples.size(), static_cast<size_t>(last) * window + kept)};
}

int64_t Ms(size_t samples, int rate) { return static_cast<int64_t>(samples) * 1000 / rate; }

double ClippedShare(std::span<const float> samples) {
  const auto clipped = std::count_if(samples.begin(), samples.end(),
                                     [](float s) { return std::abs(s) >= kFullScale; });
  return static_cast<double>(clipped) / static_cast<double>(samples.size());
}

Status CheckSpeech(std::span<const float> speech, int rate, const PromptAudioLimits& limits) {
  const int64_t ms = Ms(speech.size(), rate);
  if (ms < limits.speech_ms_min || ms > limits.speech_ms_max) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{} ms of speech were found; a prompt has {} to {} ms, best 3 to 10 s "
                            "of one person without noise",
                            ms, limits.speech_ms_min, limits.speech_ms_max));
  }
  const float level = audio::RmsDbfs(speech);
  if (!(level >= limits.level_dbfs_min)) {
    return Fail(
        Code::kInvalidArgument,
        fmt::format("the recording has a level of {:.1f} dBFS, as good as silence; at least "
                    "{:.0f} dBFS are needed",
                    level, limits.level_dbfs_min));
  }
  const double clipped = ClippedShare(speech);
  if (clipped > limits.clipped_share_max) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{:.1f} % of the samples are at full scale, at most {:.1f} % may be; "
                            "record again at a lower level",
                            100 * clipped, 100 * limits.clipped_share_max));
  }
  return {};
}

}  // namespace

Result<PreparedAudio> PreparePromptAudio(const audio::AudioClip& clip,
                                         const PromptAudioLimits& limits) {
  const int rate = clip.sample_rate_hz;
  if (rate < limits.sample_rate_hz_min) {
    return Fail(Code::kInvalidArgument,
                fmt::format("the recording has {} Hz; a prompt needs at least {} Hz", rate,
                            limits.sample_rate_hz_min));
  }
  const std::span<const float> samples(clip.samples);
  const bool finite = std::all_of(samples.begin(), samples.end(),
                                  [](float sample) { return std::isfinite(sample); });
  if (!finite) {
    return Fail(Code::kInvalidArgument, "the recording has samples that are no finite numbers");
  }
  const Stretch stretch = FindSpeech(samples, rate);
  const auto speech = samples.subspan(stretch.from, stretch.upto - stretch.from);
  PARLEY_TRY_STATUS(CheckSpeech(speech, rate, limits));
  PreparedAudio prepared;
  prepared.level_dbfs = audio::RmsDbfs(speech);
  prepared.cut_ms = Ms(samples.size() - speech.size(), rate);
  prepared.clip = {rate, {speech.begin(), speech.end()}};
  float peak = 0;
  for (const float sample : speech) peak = std::max(peak, std::abs(sample));
  if (peak > kPeakMax) {
    for (float& sample : prepared.clip.samples) sample *= kPeakMax / peak;
  }
  prepared.clip.samples.resize(speech.size() + static_cast<size_t>(rate) * kTailMs / 1000, 0.0F);
  if (Ms(speech.size(), rate) < kGoodMs) {
    prepared.warnings.push_back(fmt::format("only {} ms of speech: 3 to 10 s make a better voice",
                                            Ms(speech.size(), rate)));
  }
  return prepared;
}

}  // namespace parley::cosyvoice2
