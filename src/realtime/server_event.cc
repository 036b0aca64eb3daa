#include "realtime/server_event.h"

#include "realtime/internal/event_json.h"
#include "realtime/internal/item_json.h"

namespace parley::realtime {
namespace {

Json OrNull(std::string_view text) { return text.empty() ? Json() : Json(text); }

std::string SessionEvent(std::string_view type, const SessionObject& session) {
  return fmt::format(R"({{"type":"{}","event_id":"{}","session":{}}})", type, NewId("event"),
                     session.ToJson());
}

std::string_view Name(turn::EndReason reason) {
  switch (reason) {
    case turn::EndReason::kUndecided:
      return "undecided";
    case turn::EndReason::kSilence:
      return "silence";
    case turn::EndReason::kText:
      return "text";
    case turn::EndReason::kLimit:
      return "limit";
    case turn::EndReason::kClient:
      return "client";
    case turn::EndReason::kIdleTimeout:
      return "idle_timeout";
  }
  return "";
}

std::string_view Name(turn::DraftOutcome outcome) {
  switch (outcome) {
    case turn::DraftOutcome::kNone:
      return "none";
    case turn::DraftOutcome::kHit:
      return "hit";
    case turn::DraftOutcome::kWasted:
      return "wasted";
  }
  return "";
}

Json TurnRecordJson(const turn::TurnRecord& record, std::string_view heard) {
  // Without speech the decision is the origin; without either (the client asked for a response to
  // what it wrote) the beginning of the reply.
  int64_t origin_us = record.speech_end_us;
  if (origin_us == 0) origin_us = record.decided_us;
  if (origin_us == 0) origin_us = record.reply_started_us;
  const auto after = [&](int64_t at_us) {
    return at_us == 0 ? Json() : Json(static_cast<double>((at_us - origin_us) / 100) / 10);
  };
  return {{"turn", record.turn.value},
          {"status", StatusName(record.status)},
          {"reason", ReasonName(record.reason)},
          {"transcript", record.transcript},
          {"heard", heard},
          {"end_reason", Name(record.end_reason)},
          {"end_probability", record.probability < 0 ? Json() : Json(record.probability)},
          {"silence_needed_ms", record.silence_needed_ms},
          {"silence_ms", record.silence_ms},
          {"habit", record.habit},
          {"wants_more", record.wants_more},
          {"draft", Name(record.draft)},
          {"drafts_wasted", record.drafts_wasted},
          {"voice_retries", record.voice_retries},
          {"decided_ms", after(record.decided_us)},
          {"transcript_ms", after(record.transcript_us)},
          {"reply_started_ms", after(record.reply_started_us)},
          {"first_token_ms", after(record.first_token_us)},
          {"first_clause_ms", after(record.first_clause_us)},
          {"first_speech_ms", after(record.first_speech_us)},
          {"released_ms", after(record.released_us)},
          {"first_frame_ms", after(record.first_frame_us)},
          {"last_frame_ms", after(record.last_frame_us)},
          {"played_ms", after(record.played_us)},
          {"ended_ms", after(record.ended_us)},
          {"sent_samples", record.sent_samples},
          {"played_samples", record.played_samples}};
}

}  // namespace

std::string_view StatusName(turn::ResponseStatus status) {
  switch (status) {
    case turn::ResponseStatus::kCompleted:
      return "completed";
    case turn::ResponseStatus::kCancelled:
      return "cancelled";
    case turn::ResponseStatus::kIncomplete:
      return "incomplete";
    case turn::ResponseStatus::kFailed:
      return "failed";
  }
  return "";
}

std::string_view ReasonName(turn::ResponseReason reason) {
  switch (reason) {
    case turn::ResponseReason::kNone:
      return "";
    case turn::ResponseReason::kTurnDetected:
      return "turn_detected";
    case turn::ResponseReason::kClientCancelled:
      return "client_cancelled";
    case turn::ResponseReason::kTokenLimit:
      return "max_output_tokens";
    case turn::ResponseReason::kNoReply:
      return "no_reply";
    case turn::ResponseReason::kNoSpeech:
      return "no_speech";
    case turn::ResponseReason::kStalled:
      return "stalled";
  }
  return "";
}

std::string EventMessage(std::string_view type, Json fields) {
  Json event = {{"type", type}, {"event_id", NewId("event")}};
  event.update(fields);
  return Dump(event);
}

std::string SessionCreated(const SessionObject& session) {
  return SessionEvent("session.created", session);
}
std::string SessionUpdated(const SessionObject& session) {
  return SessionEvent("session.updated", session);
}
std::string ConversationCreated(std::string_view conversation_id) {
  return EventMessage(
      "conversation.created",
      {{"conversation", {{"id", conversation_id}, {"object", "realtime.conversation"}}}});
}

std::string ErrorEvent(const ProtocolError& error) {
  return EventMessage("error", {{"error",
                                 {{"type", error.type},
                                  {"code", OrNull(error.code)},
                                  {"message", error.message},
                                  {"param", OrNull(error.param)},
                                  {"event_id", OrNull(error.event_id)}}}});
}

std::string SpeechStartedEvent(std::string_view item_id, int64_t audio_start_ms) {
  return EventMessage("input_audio_buffer.speech_started",
                      {{"audio_start_ms", audio_start_ms}, {"item_id", item_id}});
}
std::string SpeechStoppedEvent(std::string_view item_id, int64_t audio_end_ms) {
  return EventMessage("input_audio_buffer.speech_stopped",
                      {{"audio_end_ms", audio_end_ms}, {"item_id", item_id}});
}
std::string TimeoutTriggered(std::string_view item_id, int64_t audio_start_ms,
                             int64_t audio_end_ms) {
  return EventMessage(
      "input_audio_buffer.timeout_triggered",
      {{"audio_start_ms", audio_start_ms}, {"audio_end_ms", audio_end_ms}, {"item_id", item_id}});
}
std::string BufferCommitted(std::string_view item_id, std::string_view previous_item_id) {
  return EventMessage("input_audio_buffer.committed",
                      {{"previous_item_id", OrNull(previous_item_id)}, {"item_id", item_id}});
}
std::string BufferCleared() { return EventMessage("input_audio_buffer.cleared", Json::object()); }

std::string ItemAdded(const Item& item, std::string_view previous_item_id) {
  return EventMessage("conversation.item.added",
                      {{"previous_item_id", OrNull(previous_item_id)}, {"item", ItemJson(item)}});
}
std::string ItemDone(const Item& item, std::string_view previous_item_id) {
  return EventMessage("conversation.item.done",
                      {{"previous_item_id", OrNull(previous_item_id)}, {"item", ItemJson(item)}});
}
std::string ItemRetrieved(const Item& item) {
  return EventMessage("conversation.item.retrieved", {{"item", ItemJson(item, true)}});
}
std::string ItemDeleted(std::string_view item_id) {
  return EventMessage("conversation.item.deleted", {{"item_id", item_id}});
}
std::string ItemTruncated(std::string_view item_id, int content_index, int64_t audio_end_ms) {
  return EventMessage(
      "conversation.item.truncated",
      {{"item_id", item_id}, {"content_index", content_index}, {"audio_end_ms", audio_end_ms}});
}

std::string TranscriptionDelta(std::string_view item_id, std::string_view delta) {
  return EventMessage("conversation.item.input_audio_transcription.delta",
                      {{"item_id", item_id}, {"content_index", 0}, {"delta", delta}});
}
std::string TranscriptionCompleted(std::string_view item_id, std::string_view transcript,
                                   double seconds) {
  return EventMessage("conversation.item.input_audio_transcription.completed",
                      {{"item_id", item_id},
                       {"content_index", 0},
                       {"transcript", transcript},
                       {"usage", {{"type", "duration"}, {"seconds", seconds}}}});
}
std::string TranscriptionFailedEvent(std::string_view item_id, std::string_view message) {
  return EventMessage("conversation.item.input_audio_transcription.failed",
                      {{"item_id", item_id},
                       {"content_index", 0},
                       {"error",
                        {{"type", "server_error"},
                         {"code", "transcription_failed"},
                         {"message", message},
                         {"param", nullptr}}}});
}

std::string GainEvent(double db, int ramp_ms) {
  return EventMessage("x_parley.gain", {{"db", db}, {"ramp_ms", ramp_ms}});
}
std::string PauseEvent(std::string_view item_id, bool paused) {
  return EventMessage("x_parley.pause", {{"item_id", item_id}, {"paused", paused}});
}
std::string DropEvent(std::string_view item_id) {
  return EventMessage("x_parley.drop", {{"item_id", item_id}});
}
std::string ResumeEvent(std::string_view token, int hold_ms, bool resumed, bool complete) {
  return EventMessage(
      "x_parley.resume",
      {{"token", token}, {"hold_ms", hold_ms}, {"resumed", resumed}, {"complete", complete}});
}
std::string WordsEvent(std::string_view item_id, std::string_view text) {
  return EventMessage("x_parley.words", {{"item_id", item_id}, {"text", text}});
}
std::string TurnEvent(std::string_view response_id, std::string_view item_id,
                      const turn::TurnRecord& record, std::string_view heard) {
  return EventMessage("x_parley.turn", {{"response_id", response_id},
                                        {"item_id", item_id},
                                        {"turn", TurnRecordJson(record, heard)}});
}
std::string TurnJson(const turn::TurnRecord& record, std::string_view heard) {
  return Dump(TurnRecordJson(record, heard));
}

}  // namespace parley::realtime
