#include "session/testing/protocol_watch.h"

#include <algorithm>

#include "realtime/testing/event_schemas.h"

namespace parley::session::testing {
namespace {

using Json = ProtocolWatch::Json;

std::string IdOf(const Json& event) {
  if (event.contains("item")) return event["item"]["id"];
  return event.value("item_id", "");
}

}  // namespace

void ProtocolWatch::Require(bool holds, const char* what, const Json& event) {
  if (holds || !breach_.empty()) return;
  breach_ = std::string(what) + ": " + event.dump();
}

void ProtocolWatch::Observe(const Json& event) {
  const std::string wrong = realtime::testing::ViolationOf(event);
  if (!wrong.empty()) {
    if (breach_.empty()) breach_ = wrong;
    return;
  }
  Require(event_ids_.insert(event["event_id"]).second, "an event_id twice", event);
  const std::string type = event["type"];
  ObserveSession(type);
  if (type.starts_with("input_audio_buffer.")) ObserveUser(type, event);
  if (type.starts_with("conversation.item.")) ObserveConversation(type, event);
  if (type.starts_with("response.")) ObserveResponse(type, event);
  ++seen_;
}

void ProtocolWatch::ObserveSession(const std::string& type) {
  Require((seen_ == 0) == (type == "session.created"), "session.created comes first and once",
          type);
  Require((seen_ == 1) == (type == "conversation.created"),
          "conversation.created comes second and once", type);
}

void ProtocolWatch::ObserveUser(const std::string& type, const Json& event) {
  if (type.ends_with("speech_started")) {
    Require(speaking_item_.empty(), "speech started twice", event);
    speaking_item_ = IdOf(event);
  } else if (type.ends_with("speech_stopped")) {
    Require(speaking_item_ == IdOf(event), "speech stopped that had not started", event);
    speaking_item_.clear();
  } else if (type.ends_with("committed")) {
    Require(!ever_added_.contains(IdOf(event)), "an item committed after it was added", event);
  }
}

void ProtocolWatch::Added(const Json& event) {
  const std::string id = IdOf(event);
  Require(ever_added_.insert(id).second, "an item added twice", event);
  auto place = items_.begin();
  if (!event["previous_item_id"].is_null()) {
    place = std::find(items_.begin(), items_.end(), event["previous_item_id"]);
    Require(place != items_.end(), "an item behind one that is not there", event);
    if (place != items_.end()) ++place;
  }
  items_.insert(place, id);
}

void ProtocolWatch::ObserveConversation(const std::string& type, const Json& event) {
  const std::string id = IdOf(event);
  if (type == "conversation.item.added") return Added(event);
  const bool of_transcript = type.find("input_audio_transcription") != std::string::npos;
  // Words may come while the person still speaks.
  const bool early = type.ends_with("transcription.delta") && id == speaking_item_;
  Require(ever_added_.contains(id) || early, "an item that was never added", event);
  if (of_transcript) {
    Require(!transcribed_.contains(id), "words after an item's transcript", event);
    if (!type.ends_with(".delta")) transcribed_.insert(id);
  } else if (type == "conversation.item.deleted") {
    const auto found = std::find(items_.begin(), items_.end(), id);
    Require(found != items_.end(), "an item deleted that is not there", event);
    if (found != items_.end()) items_.erase(found);
  }
}

void ProtocolWatch::ObserveResponse(const std::string& type, const Json& event) {
  const std::string id = event.contains("response") ? event["response"]["id"].get<std::string>()
                                                    : event["response_id"].get<std::string>();
  if (type == "response.created") {
    const bool inside = !event["response"]["conversation_id"].is_null();
    Require(!responses_.contains(id), "a response created twice", event);
    Require(!inside || active_.empty(), "two responses at once in the conversation", event);
    responses_[id].in_conversation = inside;
    if (inside) active_ = id;
    return;
  }
  const auto found = responses_.find(id);
  Require(found != responses_.end(), "an event of a response that is not open", event);
  if (found == responses_.end()) return;
  if (type != "response.done") return ObserveOutput(type, event, found->second);
  for (const auto& [item, state] : found->second.items) {
    Require(state.done, "a response done before its items", event);
  }
  Require(event["response"]["output"].size() == found->second.items.size(),
          "a response's output is not its items", event);
  if (active_ == id) active_.clear();
  responses_.erase(found);
}

void ProtocolWatch::ObserveOutput(const std::string& type, const Json& event, Response& response) {
  const std::string id = IdOf(event);
  if (type == "response.output_item.added") {
    Require(event["output_index"] == response.items.size(), "an item out of its order", event);
    response.items[id] = {};
    return;
  }
  const auto found = response.items.find(id);
  Require(found != response.items.end() && !found->second.done, "an event of an item not open",
          event);
  if (found == response.items.end()) return;
  Item& item = found->second;
  if (response.in_conversation) {
    Require(ever_added_.contains(id), "output of an item that is not in the conversation", event);
  }
  const bool of_call = type.starts_with("response.function_call_arguments");
  if (type == "response.content_part.added") {
    item.part_open = true;
  } else if (type == "response.content_part.done") {
    Require(item.part_open, "a part done that was not added", event);
    item.part_open = false;
  } else if (type == "response.output_item.done") {
    Require(!item.part_open, "an item done before its part", event);
    item.done = true;
  } else {
    Require(item.part_open || of_call, "output without a part", event);
  }
}

}  // namespace parley::session::testing
