// What the client is told: the core's domain events with their names in the protocol.
#include <cstdio>
#include <utility>

#include "realtime/ids.h"
#include "realtime/server_event.h"
#include "session/internal/session_impl.h"

namespace parley::session {
namespace {

// Kept of one item for `retrieve`.
constexpr int64_t kItemSamplesMax = int64_t{Uplink::kRateHz} * 15;

}  // namespace

// One name for the whole user turn, given when it is first spoken of.
const std::string& Session::Impl::ItemOf(SegmentId segment) {
  if (const Conversation::Entry* entry = conversation_.Find(segment)) return entry->item.id;
  std::string& id = item_ids_[segment];
  if (id.empty()) id = realtime::NewId("item");
  return id;
}

void Session::Impl::Tell(const turn::SpeechStarted& event) {
  send_(
      realtime::SpeechStartedEvent(ItemOf(event.segment), uplink_->AppendedMs(event.from_sample)));
}

void Session::Impl::Tell(const turn::SpeechStopped& event) {
  send_(
      realtime::SpeechStoppedEvent(ItemOf(event.segment), uplink_->AppendedMs(event.upto_sample)));
}

void Session::Impl::Tell(const turn::AudioCommitted& event) {
  services_.metrics.user_turns.Add();
  Conversation::Entry entry{.segment = event.segment};
  entry.item.id = ItemOf(event.segment);
  realtime::PartAudio sound{.sample_rate_hz = Uplink::kRateHz};
  sound.pcm = uplink_->Copy(event.from_sample,
                            std::min(event.upto_sample, event.from_sample + kItemSamplesMax));
  entry.item.content.push_back(
      {.type = realtime::PartType::kInputAudio,
       .has_transcript = false,
       .audio = std::make_shared<const realtime::PartAudio>(std::move(sound))});
  const realtime::Item item = entry.item;
  const auto before = conversation_.Insert(std::move(entry));
  item_ids_.erase(event.segment);
  if (!before) return;
  send_(realtime::BufferCommitted(item.id, *before));
  send_(realtime::ItemAdded(item, *before));
  send_(realtime::ItemDone(item, *before));
}

void Session::Impl::Tell(const turn::AudioCleared&) { send_(realtime::BufferCleared()); }

void Session::Impl::Tell(const turn::IdleTimeout& event) {
  send_(realtime::TimeoutTriggered(ItemOf(event.segment), uplink_->AppendedMs(event.from_sample),
                                   uplink_->AppendedMs(event.upto_sample)));
}

void Session::Impl::Tell(const turn::TranscriptUpdated& event) {
  const std::string& item_id = ItemOf(event.segment);
  if (object_.settings().x_parley.live_words) send_(realtime::WordsEvent(item_id, event.text));
  if (object_.settings().transcription) TellDelta(item_id, deltas_.Revise(item_id, event.text));
}

void Session::Impl::TellDelta(const std::string& item_id, std::string_view words) {
  if (!words.empty()) send_(realtime::TranscriptionDelta(item_id, words));
}

void Session::Impl::TellTranscript(const realtime::Item& item, std::string_view words) {
  if (!object_.settings().transcription) return;
  double seconds = 0;
  for (const realtime::ContentPart& part : item.content) {
    if (!part.audio) continue;
    seconds += static_cast<double>(part.audio->pcm.size()) / part.audio->sample_rate_hz;
  }
  TellDelta(item.id, deltas_.Finish(item.id, words));
  send_(realtime::TranscriptionCompleted(item.id, words, seconds));
}

void Session::Impl::Tell(const turn::TranscriptCompleted& event) {
  Conversation::Entry* entry = conversation_.Find(event.segment);
  if (!entry) return;
  for (realtime::ContentPart& part : entry->item.content) {
    part.text = std::string(event.text);
    part.has_transcript = true;
  }
  TellTranscript(entry->item, event.text);
}

void Session::Impl::Tell(const turn::TranscriptionFailed& event) {
  if (!object_.settings().transcription) return;
  if (const Conversation::Entry* entry = conversation_.Find(event.segment)) {
    send_(realtime::TranscriptionFailedEvent(entry->item.id, event.message));
  }
}

void Session::Impl::Tell(const turn::ResponseCreated& event) {
  Reply& reply = ReplyOf(event.turn);
  reply.settings.audio = event.audio;
  reply.ladder = std::make_unique<realtime::ResponseLadder>(
      realtime::ResponseLadder::Config{.response_id = realtime::NewId("resp"),
                                       .conversation_id = conversation_id_,
                                       .metadata = reply.metadata,
                                       .settings = reply.settings},
      [this, turn = event.turn](std::string message) { SendOf(turn, std::move(message)); });
  if (!active_) active_ = event.turn;
  reply.ladder->Create();
  if (line_lost_) StopUnheard(event.turn);
}

void Session::Impl::SendOf(TurnId turn, std::string message) {
  if (turn == active_) return send_(std::move(message));
  held_.emplace_back(turn, std::move(message));
}

// The one behind it, if there is one, is told of now; it may even be done already.
void Session::Impl::EndActive() {
  active_ = TurnId();
  while (!active_ && !held_.empty()) {
    active_ = held_.front().first;
    bool done = false;
    for (auto held = held_.begin(); held != held_.end();) {
      if (held->first != active_) {
        ++held;
        continue;
      }
      done = done || held->second.starts_with(R"({"type":"response.done")");
      send_(std::move(held->second));
      held = held_.erase(held);
    }
    if (done) active_ = TurnId();
  }
}

void Session::Impl::Tell(const turn::ResponseStarted& event) {
  Reply& reply = ReplyOf(event.turn);
  voice_locked_ = voice_locked_ || reply.settings.audio;
  const std::string before = conversation_.last_id();
  reply.ladder->Start(realtime::NewId("item"), before);
  (void)conversation_.Insert({.item = reply.ladder->message(), .turn = event.turn});
}

void Session::Impl::Tell(const turn::ResponseText& event) {
  const auto reply = replies_.find(event.turn);
  if (reply != replies_.end()) reply->second.ladder->Text(event.text);
}

void Session::Impl::TellFrame(const playout::Frame& frame) {
  services_.metrics.frames_out.Add();
  services_.metrics.frame_late_ms.Observe(static_cast<double>(frame.lateness_us) / 1000.0);
  if (MayEcho()) {
    // It has left ahead of when it is heard.
    const int64_t now_us = services_.clock.NowUs();
    const int rate_hz = work_->RateHz(frame.turn);
    const int64_t ahead = frame.first_sample - playout_.At(now_us).played;
    echo_.AddPlayed(now_us + ahead * 1'000'000 / rate_hz, frame.pcm, rate_hz);
  }
  const auto reply = replies_.find(frame.turn);
  if (reply == replies_.end() || !reply->second.ladder || !reply->second.ladder->started()) return;
  reply->second.ladder->Audio(frame.pcm);
}

void Session::Impl::Tell(const turn::FunctionCalled& event) {
  realtime::Item call;
  call.id = realtime::NewId("item");
  call.type = realtime::ItemType::kFunctionCall;
  call.call_id = std::string(event.call_id);
  call.name = std::string(event.name);
  call.arguments = std::string(event.arguments);
  const auto reply = replies_.find(event.turn);
  if (reply == replies_.end()) return;
  reply->second.ladder->Call(call, conversation_.last_id());
  (void)conversation_.Insert({.item = std::move(call), .turn = event.turn});
}

void Session::Impl::Tell(const turn::ResponseDone& event) {
  const auto found = replies_.find(event.turn);
  if (found == replies_.end() || !found->second.ladder) return;
  const ReplyWork::Usage usage = work_->usage(event.turn);
  realtime::ResponseLadder& ladder = *found->second.ladder;
  ladder.Finish(event.status, event.reason, event.message,
                {.input_tokens = usage.prompt_tokens,
                 .cached_tokens = usage.cached_tokens,
                 .output_tokens = usage.tokens});
  if (Conversation::Entry* entry = conversation_.Find(event.turn)) entry->item = ladder.message();
  if (event.turn == active_) return EndActive();
  // Nobody has heard of it, and nothing came of it.
  if (ladder.empty())
    std::erase_if(held_, [&](const auto& one) { return one.first == event.turn; });
}

void Session::Impl::Tell(const turn::ReplyTruncated& event) {
  Conversation::Entry* entry = conversation_.Find(event.turn);
  if (!entry || !truncating_) return;
  for (realtime::ContentPart& part : entry->item.content) part.text = std::string(event.text);
  send_(realtime::ItemTruncated(entry->item.id, truncating_->content_index,
                                truncating_->audio_end_ms));
}

void Session::Impl::Tell(const turn::Rejected& event) {
  switch (event.reason) {
    case turn::RejectReason::kCommitEmpty: {
      char ms[32];
      std::snprintf(ms, sizeof ms, "%.2f",
                    static_cast<double>(event.samples) * 1000.0 / Uplink::kRateHz);
      return Fail(
          {.code = "input_audio_buffer_commit_empty",
           .message = std::string("Error committing input audio buffer: buffer too small. "
                                  "Expected at least 100ms of audio, but buffer only has ") +
                      ms + "ms of audio."});
    }
    case turn::RejectReason::kActiveResponse: {
      const auto active = replies_.find(active_ ? active_ : event.turn);
      const bool named = active != replies_.end() && active->second.ladder;
      return Fail({.code = "conversation_already_has_active_response",
                   .message = "Conversation already has an active response in progress: " +
                              (named ? active->second.ladder->response_id() : std::string("?")) +
                              ". Wait until the response is finished before creating a new one."});
    }
    case turn::RejectReason::kNothingToCancel:
      return Fail({.code = "response_cancel_not_active",
                   .message = "Cancellation failed: no active response found"});
    case turn::RejectReason::kTruncateUnknown:
      return TruncateByShare();
    case turn::RejectReason::kTruncateBeyond:
      return Fail({.code = "invalid_value",
                   .message = "Audio content of " +
                              std::to_string(event.samples * 1000 / kCoreRateHz) +
                              "ms is already shorter than " +
                              std::to_string(truncating_ ? truncating_->audio_end_ms : 0) + "ms",
                   .param = "audio_end_ms"});
  }
}

// The core has forgotten the turn's words and times: the share of its length decides.
void Session::Impl::TruncateByShare() {
  Conversation::Entry* entry = truncating_ ? conversation_.Find(truncating_->item_id) : nullptr;
  if (!entry) return;
  if (truncating_->audio_end_ms > entry->sent_ms) {
    return Fail({.code = "invalid_value",
                 .message = "Audio content of " + std::to_string(entry->sent_ms) +
                            "ms is already shorter than " +
                            std::to_string(truncating_->audio_end_ms) + "ms",
                 .param = "audio_end_ms"});
  }
  const double share = entry->sent_ms == 0 ? 0
                                           : static_cast<double>(truncating_->audio_end_ms) /
                                                 static_cast<double>(entry->sent_ms);
  entry->shown = CutByShare(entry->shown, share);
  entry->cut = entry->cut || share < 1;
  for (realtime::ContentPart& part : entry->item.content) part.text = entry->shown;
  send_(realtime::ItemTruncated(entry->item.id, truncating_->content_index,
                                truncating_->audio_end_ms));
}

}  // namespace parley::session
