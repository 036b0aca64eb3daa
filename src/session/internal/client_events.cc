// What the client says, in order.
#include <algorithm>
#include <utility>

#include "audio/offline_resampler.h"
#include "audio/pcm.h"
#include "base/log.h"
#include "realtime/ids.h"
#include "realtime/server_event.h"
#include "session/internal/session_impl.h"

namespace parley::session {
namespace {

using realtime::ProtocolError;

// Looked at before others on the executor get their turn.
constexpr size_t kPortionBytes = 48'000;
// An item's sound on the wire; some clients end on messages beyond 1 MiB.
constexpr int kRetrieveRateHz = 24'000;
constexpr size_t kRetrieveSamplesMax = size_t{kRetrieveRateHz} * 15;

size_t BytesOf(const realtime::ClientEvent& event) {
  const auto* audio = std::get_if<realtime::AppendAudio>(&event.body);
  return 256 + (audio ? audio->bytes.size() : 0);
}

// As the protocol's clients expect it, whatever it is kept at.
void MakeRetrievable(realtime::ContentPart& part) {
  if (!part.audio || part.audio->sample_rate_hz == kRetrieveRateHz) return;
  std::vector<float> kept(part.audio->pcm.size());
  audio::FloatFromPcm16(part.audio->pcm, kept);
  auto resampled = audio::ResampleOffline(kept, part.audio->sample_rate_hz, kRetrieveRateHz);
  if (!resampled) {
    part.audio = nullptr;
    return;
  }
  resampled->resize(std::min(resampled->size(), kRetrieveSamplesMax));
  realtime::PartAudio wire{.sample_rate_hz = kRetrieveRateHz};
  wire.pcm.resize(resampled->size());
  audio::Pcm16FromFloat(*resampled, wire.pcm);
  part.audio = std::make_shared<const realtime::PartAudio>(std::move(wire));
}

}  // namespace

void Session::Impl::OnBinary() {
  if (stopped_) return;
  send_(realtime::ErrorEvent(
      {.code = "invalid_event",
       .message = "Binary messages are not part of the protocol: send each event as JSON text."}));
}

void Session::Impl::OnMessage(std::string_view message) {
  if (stopped_) return;
  realtime::Parsed<realtime::ClientEvent> event = realtime::ParseClientEvent(message);
  if (!event) return send_(realtime::ErrorEvent(event.error()));
  const size_t bytes = BytesOf(*event);
  if (inbox_bytes_ + bytes > config_.backlog_bytes_max) {
    current_event_id_ = event->event_id;
    return Fail({.code = "rate_limit_exceeded",
                 .message = "More audio is waiting than " +
                            std::to_string(config_.backlog_bytes_max >> 20) +
                            " MiB: send it more slowly."});
  }
  inbox_bytes_ += bytes;
  inbox_.push_back(*std::move(event));
  if (!drain_posted_) Drain();
}

// A response is asked for with all that was said before it, which may still be being heard.
bool Session::Impl::MustWait(const realtime::ClientEvent& event) const {
  const size_t hearing = item_hearing_->size();
  return (hearing > 0 && std::holds_alternative<realtime::CreateResponse>(event.body)) ||
         (hearing == ItemHearing::kItemsMax &&
          std::holds_alternative<realtime::CreateItem>(event.body));
}

void Session::Impl::Drain() {
  drain_posted_ = false;
  while (!inbox_.empty() && !stopped_ && !MustWait(inbox_.front())) {
    if (auto* audio = std::get_if<realtime::AppendAudio>(&inbox_.front().body)) {
      if (!HandleAudio(*audio)) {
        drain_posted_ = true;
        executor_.Post([weak = weak_from_this()] {
          if (const auto self = weak.lock()) self->Drain();
        });
        return;
      }
    } else {
      Handle(inbox_.front());
    }
    if (inbox_.empty()) return;
    inbox_bytes_ -= std::min(inbox_bytes_, BytesOf(inbox_.front()));
    inbox_.pop_front();
  }
}

// False while more of it is left.
bool Session::Impl::HandleAudio(realtime::AppendAudio& audio) {
  append_us_ = services_.clock.NowUs();
  const std::span<const uint8_t> bytes(audio.bytes);
  const size_t portion = std::min(kPortionBytes, bytes.size() - inbox_offset_);
  const std::span<const float> samples = uplink_->Append(bytes.subspan(inbox_offset_, portion));
  inbox_offset_ += portion;
  Listen(samples);
  if (inbox_offset_ < bytes.size()) return false;
  inbox_offset_ = 0;
  return true;
}

void Session::Impl::Handle(realtime::ClientEvent& event) {
  current_event_id_ = event.event_id;
  std::visit([this](auto& body) { On(body); }, event.body);
  current_event_id_.clear();
}

void Session::Impl::Fail(ProtocolError error) {
  error.event_id = current_event_id_;
  send_(realtime::ErrorEvent(error));
}

void Session::Impl::On(const realtime::AppendAudio&) {}

void Session::Impl::On(const realtime::UpdateSession& event) {
  const realtime::AudioFormat before = object_.settings().input_format;
  const bool resumable_before = resumable();
  realtime::SessionObject next = object_;
  realtime::Parsed<void> merged = next.Merge(event.patch, voice_locked_);
  if (merged) merged = CheckNames(next.settings());
  if (!merged) return Fail(std::move(merged.error()));
  object_ = std::move(next);
  if (!(object_.settings().input_format == before)) {
    if (Status set = uplink_->SetFormat(object_.settings().input_format); !set) {
      Fail({.type = "server_error", .message = set.error().message});
    }
  }
  send_(realtime::SessionUpdated(object_));
  if (resumable() && !resumable_before) {
    send_(realtime::ResumeEvent(config_.resume_token, config_.hold_ms, /*resumed=*/false,
                                /*complete=*/true));
  }
  ApplySettings();
}

realtime::Parsed<void> Session::Impl::CheckNames(const realtime::SessionSettings& settings) const {
  if (const auto voice = services_.choose_voice(settings.reply.voice); !voice) {
    return realtime::Refuse("invalid_value", voice.error().message, "session.audio.output.voice");
  }
  if (!settings.transcription) return {};
  const auto recognizer = services_.choose_recognizer(settings.transcription->model);
  if (recognizer) return {};
  return realtime::Refuse("invalid_value", recognizer.error().message,
                          "session.audio.input.transcription.model");
}

void Session::Impl::ApplySettings() {
  const realtime::SessionSettings& settings = object_.settings();
  const realtime::XParley& x = settings.x_parley;
  playout_.SetSink(x.playback ? playout::Sink::kReporting : playout::Sink::kRemote, config_.lead_ms,
                   x.burst);
  const std::string language = settings.transcription ? settings.transcription->language : "";
  hearing_->SetLanguage(language.empty() ? config_.language : language);
  recognizer_model_ =
      services_.choose_recognizer(settings.transcription ? settings.transcription->model : "")
          .value_or("");
  hearing_->SetModel(recognizer_model_);
  turn::SessionUpdate update{.detection = settings.detection, .language = language};
  update.detection.create_response &= !settings.transcription_only;
  update.facts = {.echo_free = x.echo_free,
                  .audio_output = settings.reply.audio,
                  .end_of_turn = services_.end_of_turn != nullptr,
                  .speculation = config_.speculation};
  const bool detected = core_->snapshot().detects;
  const bool detects = settings.detection.mode != turn::DetectionMode::kNone;
  if (detects && !detected) {
    voice_activity_.Reset();
    vad_base_ = uplink_->received();
  }
  if (!detects && detected) buffer_from_ = uplink_->received();
  Step(update);
}

void Session::Impl::On(const realtime::CommitAudio&) { Step(turn::ClientCommit{}); }

void Session::Impl::On(const realtime::ClearAudio&) {
  buffer_from_ = uplink_->received();
  Step(turn::ClientClear{});
}

// Of a transport that plays on the server's behalf; here the client holds what it was sent.
void Session::Impl::On(const realtime::ClearOutputAudio&) {
  if (core_->snapshot().floor) Step(turn::ClientCancel{});
}

void Session::Impl::On(const realtime::RetrieveItem& event) {
  auto entry = conversation_.Retrieve(event.item_id);
  if (!entry) return Fail(std::move(entry.error()));
  realtime::Item item = (*entry)->item;
  for (realtime::ContentPart& part : item.content) MakeRetrievable(part);
  send_(realtime::ItemRetrieved(item));
}

void Session::Impl::On(const realtime::DeleteItem& event) {
  if (auto deleted = conversation_.Delete(event.item_id); !deleted) {
    return Fail(std::move(deleted.error()));
  }
  send_(realtime::ItemDeleted(event.item_id));
}

void Session::Impl::On(const realtime::TruncateItem& event) {
  auto entry = conversation_.Truncatable(event.item_id);
  if (!entry) return Fail(std::move(entry.error()));
  if (event.content_index != 0) {
    return Fail({.code = "invalid_value",
                 .message = "The item has one part of content: 'content_index' must be 0.",
                 .param = "content_index"});
  }
  truncating_ = &event;
  Step(turn::ClientTruncate{(*entry)->turn, event.audio_end_ms * kCoreRateHz / 1000});
  truncating_ = nullptr;
}

void Session::Impl::On(const realtime::CreateResponse& event) {
  if (object_.settings().transcription_only) {
    return Fail({.code = "invalid_value",
                 .message = "A transcription session gives no responses.",
                 .param = "type"});
  }
  auto settings = realtime::MergeReply(object_.settings().reply, event.overrides);
  if (!settings) return Fail(std::move(settings.error()));
  if (auto checked = CheckInput(event); !checked) return Fail(std::move(checked.error()));
  if (const auto voice = services_.choose_voice(settings->voice); !voice) {
    return Fail({.code = "invalid_value",
                 .message = voice.error().message,
                 .param = "response.audio.output.voice"});
  }
  const bool other_voice = settings->voice != object_.settings().reply.voice;
  if (voice_locked_ && other_voice && !event.out_of_band) {
    return Fail({.code = "cannot_update_voice",
                 .message = "Cannot update a conversation's voice if assistant audio is present.",
                 .param = "response.audio.output.voice"});
  }
  if (event.out_of_band) return CreateOutOfBand(event, *std::move(settings));
  const bool audio = settings->audio;
  creating_ = &event;
  creating_settings_ = *std::move(settings);
  Step(turn::ClientCreateResponse{.audio = audio, .interruptible = event.interruptible});
  creating_ = nullptr;
  creating_settings_.reset();
}

realtime::Parsed<void> Session::Impl::CheckInput(const realtime::CreateResponse& event) const {
  if (!event.input) return {};
  for (size_t i = 0; i < event.input->size(); ++i) {
    const auto* id = std::get_if<std::string>(&(*event.input)[i]);
    if (!id || conversation_.Retrieve(*id)) continue;
    return realtime::Refuse("invalid_value",
                            "The conversation has no item with the id '" + *id + "'.",
                            "response.input[" + std::to_string(i) + "].id");
  }
  return {};
}

void Session::Impl::CreateOutOfBand(const realtime::CreateResponse& event,
                                    realtime::ReplySettings settings) {
  Reply reply{.settings = settings, .metadata = event.metadata};
  ports::LanguageModel::Request request =
      ModelRequest(reply, event.input ? InputHistory(*event.input) : conversation_.History({}, {}));
  ports::Voice::Request voice = VoiceRequest(settings);
  realtime::ResponseLadder::Config ladder{.response_id = realtime::NewId("resp"),
                                          .metadata = event.metadata,
                                          .settings = std::move(settings)};
  if (out_of_band_->Start(std::move(ladder), std::move(request), std::move(voice))) return;
  Fail({.code = "rate_limit_exceeded",
        .message = "At most " + std::to_string(OutOfBand::kRepliesMax) +
                   " responses outside the conversation run at a time."});
}

TurnId Session::Impl::TurnOf(std::string_view response_id) const {
  for (const auto& [turn, reply] : replies_) {
    if (reply.ladder && reply.ladder->response_id() == response_id) return turn;
  }
  return {};
}

void Session::Impl::On(const realtime::CancelResponse& event) {
  if (event.response_id.empty()) return Step(turn::ClientCancel{active_});
  if (out_of_band_->Cancel(event.response_id)) return;
  const TurnId turn = TurnOf(event.response_id);
  if (turn) return Step(turn::ClientCancel{turn});
  Fail({.code = "response_cancel_not_active",
        .message =
            "Cancellation failed: no active response found with id '" + event.response_id + "'"});
}

void Session::Impl::On(const realtime::Played& event) {
  const Conversation::Entry* entry = conversation_.Find(event.item_id);
  if (!entry || !entry->turn) return;
  const int64_t samples = event.audio_ms * work_->RateHz(entry->turn) / 1000;
  playout_.Report(entry->turn, samples, services_.clock.NowUs());
  Tick();
}

}  // namespace parley::session
