// What a Realtime client may send, from JSON to types, with the documented error for everything
// else. Bounded and fuzzed; never throws. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "realtime/item.h"
#include "realtime/protocol_error.h"
#include "realtime/session_object.h"

namespace parley::realtime {

// The largest event: 15 MiB of base64 and its frame, as the protocol allows in one append.
inline constexpr size_t kClientEventBytesMax = (15u << 20) + (64u << 10);
inline constexpr size_t kMetadataPairsMax = 16;

struct UpdateSession {
  std::string patch;  // the JSON object, for SessionObject::Merge
};
struct AppendAudio {
  std::vector<uint8_t> bytes;  // in the session's input format; may end in half a sample
};
struct CommitAudio {};
struct ClearAudio {};
struct ClearOutputAudio {};
struct CreateItem {
  Item item;
  std::optional<std::string> previous_item_id;  // "root": the head; absent: append
};
struct RetrieveItem {
  std::string item_id;
};
struct TruncateItem {
  std::string item_id;
  int content_index = 0;
  int64_t audio_end_ms = 0;
};
struct DeleteItem {
  std::string item_id;
};
// Either an item of its own or the id of one in the conversation.
using ResponseInput = std::variant<Item, std::string>;
struct CreateResponse {
  bool out_of_band = false;  // conversation "none": beside the conversation, not in it
  std::string metadata;      // JSON object, echoed; "null" without
  // What the response asks for instead of the session's settings: applied to a copy of those.
  std::string overrides;  // JSON object
  std::optional<std::vector<ResponseInput>> input;
  bool interruptible = true;  // x_parley.interruptible
};
struct CancelResponse {
  std::string response_id;  // empty: whichever is active
};
// x_parley.played
struct Played {
  std::string item_id;
  int64_t audio_ms = 0;
};

struct ClientEvent {
  std::string event_id;
  std::variant<UpdateSession, AppendAudio, CommitAudio, ClearAudio, ClearOutputAudio, CreateItem,
               RetrieveItem, TruncateItem, DeleteItem, CreateResponse, CancelResponse, Played>
      body;
};

// The error names the client's event id where it has one.
Parsed<ClientEvent> ParseClientEvent(std::string_view message);

// The settings of a response: the session's, with the response's overrides.
Parsed<ReplySettings> MergeReply(const ReplySettings& session, std::string_view overrides);

}  // namespace parley::realtime
