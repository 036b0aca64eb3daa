// Sound in: voice activity, the recognizer's share, the end-of-turn model's.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "session/internal/session_impl.h"

namespace parley::session {
namespace {

// Kept before any segment: more than the padding that a client may ask for before an onset.
constexpr int64_t kIdleKeptSamples = int64_t{Uplink::kRateHz} * 3;
constexpr int64_t kEchoEveryUs = 200'000;
constexpr int64_t kEndOfTurnSamples = static_cast<int64_t>(perception::EndOfTurnModel::kSamplesMax);

}  // namespace

// The core hears window by window, each at its own place in the sound, so that a file sent in one
// burst is the same conversation as a microphone.
void Session::Impl::Listen(std::span<const float> samples) {
  const auto length_us = static_cast<int64_t>(samples.size()) * 1'000'000 / Uplink::kRateHz;
  if (MayEcho()) echo_.AddUplink(services_.clock.NowUs() - length_us, samples, Uplink::kRateHz);
  if (object_.settings().detection.mode != turn::DetectionMode::kNone) {
    const Status heard = voice_activity_.Process(samples, [this](const auto& window) {
      heard_upto_ = std::max(heard_upto_, vad_base_ + window.end_sample);
      Step(turn::VoiceActivity{window.probability, window.level_dbfs});
      hearing_->Pump(heard_upto_);
    });
    if (!heard) log::Error("vad_failed session={} error=\"{}\"", id_.value, heard.error().message);
  }
  heard_upto_ = uplink_->received();
  hearing_->Pump(heard_upto_);
  WatchEcho();
  ForgetOldSound();
}

// While somebody seems to speak: is it the agent's own sound that comes back?
void Session::Impl::WatchEcho() {
  const int64_t now_us = services_.clock.NowUs();
  const SegmentId segment = core_->snapshot().segment;
  if (!segment || !MayEcho() || now_us - echo_judged_us_ < kEchoEveryUs) return;
  const auto found = segments_from_.find(segment);
  if (found == segments_from_.end()) return;
  echo_judged_us_ = now_us;
  const int64_t length_us = (heard_upto_ - found->second) * 1'000'000 / Uplink::kRateHz;
  if (const auto evidence = echo_.Judge(now_us - length_us, now_us)) {
    Step(turn::EchoEvidence{segment, evidence->correlation, evidence->lag_ms});
  }
}

void Session::Impl::ForgetOldSound() {
  const bool detects = object_.settings().detection.mode != turn::DetectionMode::kNone;
  int64_t keep = detects ? heard_upto_ - kIdleKeptSamples : buffer_from_;
  for (const auto& [segment, from] : segments_from_) keep = std::min(keep, from);
  uplink_->Forget(hearing_->NeededFrom(keep));
}

void Session::Impl::AskEndOfTurn(const turn::AskEndOfTurn& action) {
  if (!services_.end_of_turn) return;
  const auto found = segments_from_.find(action.segment);
  const int64_t begin = found == segments_from_.end() ? 0 : found->second;
  const int64_t from = std::max(begin, action.upto_sample - kEndOfTurnSamples);
  services_.end_of_turn->Ask(
      id_, action.pause, uplink_->CopyFloat(from, action.upto_sample),
      [weak = weak_from_this(), &executor = executor_, &metrics = services_.metrics](
          PauseId pause, Result<perception::EndOfTurnScore> score) {
        if (!score) {
          if (score.error().code == Code::kCancelled) metrics.end_of_turn_skipped.Add();
          return;
        }
        metrics.end_of_turn_ms.Observe(static_cast<double>(score->wait_us + score->compute_us) /
                                       1000.0);
        executor.Post([weak, pause, probability = score->probability] {
          if (const auto self = weak.lock()) {
            self->Step(turn::EndOfTurnScore{pause, probability});
          }
        });
      });
}

}  // namespace parley::session
