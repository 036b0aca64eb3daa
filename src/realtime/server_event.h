// What a Realtime server says, each as one JSON message with an `event_id` of its own. Thread-safe,
// stateless; the order of a response's events is ResponseLadder's (response_ladder.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "realtime/item.h"
#include "realtime/protocol_error.h"
#include "realtime/session_object.h"
#include "turn/turn_record.h"

namespace parley::realtime {

std::string SessionCreated(const SessionObject& session);
std::string SessionUpdated(const SessionObject& session);
std::string ConversationCreated(std::string_view conversation_id);

std::string ErrorEvent(const ProtocolError& error);

// The user's side of the buffer. Times are ms of audio appended since the session began.
std::string SpeechStartedEvent(std::string_view item_id, int64_t audio_start_ms);
std::string SpeechStoppedEvent(std::string_view item_id, int64_t audio_end_ms);
std::string TimeoutTriggered(std::string_view item_id, int64_t audio_start_ms,
                             int64_t audio_end_ms);
// An empty previous id is null: the head of the conversation.
std::string BufferCommitted(std::string_view item_id, std::string_view previous_item_id);
std::string BufferCleared();

std::string ItemAdded(const Item& item, std::string_view previous_item_id);
std::string ItemDone(const Item& item, std::string_view previous_item_id);
std::string ItemRetrieved(const Item& item);
std::string ItemDeleted(std::string_view item_id);
std::string ItemTruncated(std::string_view item_id, int content_index, int64_t audio_end_ms);

// `seconds` is the duration of the item's audio, as usage.
std::string TranscriptionDelta(std::string_view item_id, std::string_view delta);
std::string TranscriptionCompleted(std::string_view item_id, std::string_view transcript,
                                   double seconds);
std::string TranscriptionFailedEvent(std::string_view item_id, std::string_view message);

// Extensions (x_parley.h).
std::string GainEvent(double db, int ramp_ms);
std::string DropEvent(std::string_view item_id);
std::string PauseEvent(std::string_view item_id, bool paused);
std::string ResumeEvent(std::string_view token, int hold_ms, bool resumed, bool complete);
std::string WordsEvent(std::string_view item_id, std::string_view text);
std::string TurnEvent(std::string_view response_id, std::string_view item_id,
                      const turn::TurnRecord& record, std::string_view heard);

// One turn's account as a JSON object. Stages are ms after the user's last speech sample (`…_ms`,
// null while they have not happened); `heard` is what was played of the reply. Also what
// /v1/admin/turns lists.
std::string TurnJson(const turn::TurnRecord& record, std::string_view heard);

}  // namespace parley::realtime
