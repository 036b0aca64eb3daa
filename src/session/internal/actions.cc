// What the core wants done.
#include <algorithm>
#include <utility>

#include "audio/offline_resampler.h"
#include "audio/pcm.h"
#include "base/log.h"
#include "dialogue/prompt.h"
#include "realtime/server_event.h"
#include "session/internal/session_impl.h"

namespace parley::session {
namespace {

std::vector<int16_t> AtRate(std::vector<int16_t> pcm, int from_hz, int to_hz) {
  if (from_hz == to_hz || pcm.empty()) return pcm;
  std::vector<float> samples(pcm.size());
  audio::FloatFromPcm16(pcm, samples);
  const auto resampled = audio::ResampleOffline(samples, from_hz, to_hz);
  if (!resampled) return {};
  pcm.resize(resampled->size());
  audio::Pcm16FromFloat(*resampled, pcm);
  return pcm;
}

double MsBetween(int64_t from_us, int64_t upto_us) {
  return static_cast<double>(upto_us - from_us) / 1000.0;
}

}  // namespace

void Session::Impl::Do(const turn::Action& action) {
  std::visit([this](const auto& body) { Do(body); }, action);
}

void Session::Impl::Do(const turn::OpenSegment& action) {
  segments_from_[action.segment] = action.from_sample;
  hearing_->Open(action.segment, action.from_sample);
  hearing_->Pump(heard_upto_);
}

void Session::Impl::Do(const turn::CloseSegment& action) {
  hearing_->Close(action.segment, action.upto_sample, action.discard);
  buffer_from_ = std::max(buffer_from_, action.upto_sample);
  segments_from_.erase(action.segment);
  if (action.discard) item_ids_.erase(action.segment);
}

void Session::Impl::Do(const turn::AskEndOfTurn& action) { AskEndOfTurn(action); }
void Session::Impl::Do(const turn::SetPartials& action) {
  hearing_->SetPartials(action.segment, action.on);
}
void Session::Impl::Do(const turn::FlushRecognizer& action) {
  hearing_->Flush(action.segment, action.flush, action.upto_sample);
}

// A reply has the settings of its response.create, else the session's as they are when it begins.
Session::Impl::Reply& Session::Impl::ReplyOf(TurnId turn) {
  const auto [found, is_new] = replies_.try_emplace(turn);
  Reply& reply = found->second;
  if (!is_new) return reply;
  reply.settings = creating_settings_ ? *creating_settings_ : object_.settings().reply;
  if (creating_) {
    reply.metadata = creating_->metadata;
    reply.input = creating_->input;
  }
  reply.asked_us = services_.clock.NowUs();
  work_->Prepare(turn, VoiceRequest(reply.settings));
  return reply;
}

ports::Voice::Request Session::Impl::VoiceRequest(const realtime::ReplySettings& settings) const {
  ports::Voice::Request request;
  // Checked when it was set; what the configuration itself says is the voice's to refuse.
  VoiceChoice choice =
      services_.choose_voice(settings.voice).value_or(VoiceChoice{settings.voice, ""});
  request.model = std::move(choice.model);
  request.voice = std::move(choice.voice);
  request.speed = settings.speed;
  request.sample_rate_hz = settings.output_format.sample_rate_hz;
  request.session = "session-" + std::to_string(id_.value);
  return request;
}

ports::LanguageModel::Request Session::Impl::ModelRequest(
    const Reply& reply, std::vector<dialogue::HistoryEntry> history) const {
  ports::LanguageModel::Request request;
  request.messages = dialogue::BuildPrompt(reply.settings.instructions, history,
                                           static_cast<size_t>(config_.prompt_tokens_max));
  request.tools = reply.settings.tools;
  request.sampling.tool_choice = reply.settings.tool_choice;
  if (!reply.settings.parallel_tool_calls) request.sampling.parallel_tool_calls = false;
  request.sampling.temperature = reply.settings.temperature;
  request.sampling.max_tokens = reply.settings.max_output_tokens.value_or(config_.reply_tokens_max);
  request.prefix_key = "session-" + std::to_string(id_.value);
  return request;
}

std::vector<dialogue::HistoryEntry> Session::Impl::InputHistory(
    const std::vector<realtime::ResponseInput>& input) const {
  std::vector<dialogue::HistoryEntry> history;
  for (const realtime::ResponseInput& one : input) {
    std::optional<dialogue::HistoryEntry> entry;
    if (const auto* item = std::get_if<realtime::Item>(&one)) entry = HistoryOf(*item);
    if (const auto* id = std::get_if<std::string>(&one)) {
      if (const auto found = conversation_.Retrieve(*id)) entry = HistoryOf((*found)->item);
    }
    if (entry) history.push_back(*std::move(entry));
  }
  return history;
}

void Session::Impl::Do(const turn::StartDraft& action) {
  Reply& reply = ReplyOf(action.turn);
  std::vector<dialogue::HistoryEntry> history = conversation_.History({}, {});
  history.push_back(
      {.speaker = dialogue::HistoryEntry::Speaker::kUser, .text = std::string(action.transcript)});
  work_->StartModel(action.turn, ModelRequest(reply, std::move(history)));
}

void Session::Impl::Do(const turn::StartReply& action) {
  Reply& reply = ReplyOf(action.turn);
  reply.asked_us = services_.clock.NowUs();
  work_->StartModel(action.turn,
                    ModelRequest(reply, reply.input ? InputHistory(*reply.input)
                                                    : conversation_.History(action.speaking,
                                                                            action.speaking_text)));
}

// Its streams go on as they are: only the core kept the draft from the client.
void Session::Impl::Do(const turn::PromoteDraft&) { services_.metrics.drafts_used.Add(); }

void Session::Impl::Do(const turn::DropDraft& action) {
  services_.metrics.drafts_dropped.Add();
  work_->Cancel(action.turn);
  playout_.Drop(action.turn);
  replies_.erase(action.turn);
}

void Session::Impl::Do(const turn::Speak& action) {
  work_->Speak(action.turn, action.utterance, std::string(action.text),
               std::string(action.context_before));
}

void Session::Impl::Do(const turn::EndSpeech& action) { work_->EndSpeech(action.turn); }

void Session::Impl::Do(const turn::SpeakApology& action) {
  std::vector<int16_t> pcm = services_.apology ? services_.apology() : std::vector<int16_t>();
  work_->Play(action.turn, action.utterance,
              AtRate(std::move(pcm), kCoreRateHz, work_->RateHz(action.turn)));
}

void Session::Impl::Do(const turn::StopReply& action) { work_->StopModel(action.turn); }
void Session::Impl::Do(const turn::CancelTurn& action) { work_->Cancel(action.turn); }

void Session::Impl::Do(const turn::SetGain& action) {
  playout_.SetGain(action.db, action.ramp_ms);
  if (object_.settings().x_parley.playback) {
    send_(realtime::GainEvent(action.db, action.ramp_ms));
  }
}

void Session::Impl::Do(const turn::HoldPlayout& action) {
  ReplyOf(action.turn);
  playout_.Hold(action.turn, work_->RateHz(action.turn));
}

void Session::Impl::Do(const turn::ReleasePlayout& action) {
  playing_ = action.turn;
  playout_.Release(action.turn, services_.clock.NowUs());
}

void Session::Impl::Do(const turn::PausePlayout& action) {
  const int64_t now_us = services_.clock.NowUs();
  playout_.Pause(action.turn, now_us);
  echo_.DropPlayed(now_us);
  TellPause(action.turn, true);
}

void Session::Impl::Do(const turn::ResumePlayout& action) {
  playout_.Resume(action.turn, services_.clock.NowUs());
  TellPause(action.turn, false);
}

void Session::Impl::TellPause(TurnId turn, bool paused) {
  const Conversation::Entry* entry = conversation_.Find(turn);
  if (!entry || !object_.settings().x_parley.playback) return;
  send_(realtime::PauseEvent(entry->item.id, paused));
}

void Session::Impl::Do(const turn::DropPlayout& action) {
  if (action.turn == playing_) echo_.DropPlayed(services_.clock.NowUs());
  playout_.Drop(action.turn);
  const Conversation::Entry* entry = conversation_.Find(action.turn);
  if (entry && object_.settings().x_parley.playback) send_(realtime::DropEvent(entry->item.id));
  if (action.turn == playing_) {
    services_.metrics.stop_ms.Observe(MsBetween(decided_us_, services_.clock.NowUs()));
  }
}

void Session::Impl::Do(const turn::TrimSpeech& action) {
  work_->Trim(action.turn, action.utterance, action.samples);
}

void Session::Impl::Do(const turn::AppendHistory& action) {
  const bool user = action.speaker == turn::Speaker::kUser;
  Conversation::Entry* entry =
      user ? conversation_.Find(action.segment) : conversation_.Find(action.turn);
  if (entry) {
    entry->shown = std::string(action.text);
    entry->cut = action.cut;
  }
  const auto reply = replies_.find(action.turn);
  if (!user && reply != replies_.end()) reply->second.heard = std::string(action.text);
}

void Session::Impl::Do(const turn::Notify& action) {
  std::visit([this](const auto& event) { Tell(event); }, action.event);
}

void Session::Impl::Do(const turn::SetDeadline& action) {
  deadlines_us_[static_cast<size_t>(action.id)] = action.at_us;
}
void Session::Impl::Do(const turn::ClearDeadline& action) {
  deadlines_us_[static_cast<size_t>(action.id)] = 0;
}

void Session::Impl::Do(const turn::RecordTurn& action) {
  const turn::TurnRecord& record = *action.record;
  const auto found = replies_.find(record.turn);
  const std::string heard = found == replies_.end() ? std::string() : found->second.heard;
  Conversation::Entry* entry = conversation_.Find(record.turn);
  if (entry) entry->sent_ms = record.sent_samples * 1000 / kCoreRateHz;
  if (object_.settings().x_parley.turns && found != replies_.end() && found->second.ladder) {
    send_(realtime::TurnEvent(found->second.ladder->response_id(), entry ? entry->item.id : "",
                              record, heard));
  }
  const std::string json = realtime::TurnJson(record, heard);
  if (place_) place_->AddTurn(json);
  services_.turns.Add("{\"session\":" + std::to_string(id_.value) + ",\"turn\":" + json + "}");
  log::Info("turn_done session={} turn={} record={}", id_.value, record.turn.value, json);
  metrics::GatewayMetrics& metrics = services_.metrics;
  if (record.played_samples > 0) metrics.replies.Add();
  if (record.status == turn::ResponseStatus::kFailed) metrics.replies_failed.Add();
  if (record.reason == turn::ResponseReason::kTurnDetected && record.released_us > 0) {
    metrics.replies_cut.Add();
  }
  if (record.speech_end_us > 0 && record.first_frame_us > record.speech_end_us) {
    metrics.response_ms.Observe(MsBetween(record.speech_end_us, record.first_frame_us));
    metrics.endpointing_ms.Observe(MsBetween(record.speech_end_us, record.decided_us));
  }
  if (record.first_token_us > 0) {
    metrics.llm_first_ms.Observe(MsBetween(record.reply_started_us, record.first_token_us));
  }
  if (record.first_speech_us > 0 && record.first_clause_us > 0) {
    metrics.voice_first_ms.Observe(MsBetween(record.first_clause_us, record.first_speech_us));
  }
  replies_.erase(record.turn);
  work_->Cancel(record.turn);
  if (playing_ == record.turn) {
    playout_.Drop(record.turn);
    playing_ = TurnId();
  }
}

}  // namespace parley::session
