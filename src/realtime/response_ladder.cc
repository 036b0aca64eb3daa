#include "realtime/response_ladder.h"

#include <bit>

#include "audio/g711.h"
#include "base/base64.h"
#include "base/check.h"
#include "realtime/internal/event_json.h"
#include "realtime/internal/item_json.h"
#include "realtime/internal/settings_json.h"

namespace parley::realtime {
namespace {

std::string EncodeAudio(std::span<const int16_t> pcm, Codec codec) {
  static_assert(std::endian::native == std::endian::little);
  if (codec == Codec::kPcm16) {
    return Base64Encode({reinterpret_cast<const uint8_t*>(pcm.data()), pcm.size_bytes()});
  }
  std::vector<uint8_t> bytes(pcm.size());
  if (codec == Codec::kPcmu) {
    audio::MuLawFromPcm16(pcm, bytes);
  } else {
    audio::ALawFromPcm16(pcm, bytes);
  }
  return Base64Encode(bytes);
}

Json StatusDetails(turn::ResponseStatus status, turn::ResponseReason reason,
                   std::string_view message) {
  if (status == turn::ResponseStatus::kCompleted) return {};
  if (status == turn::ResponseStatus::kFailed) {
    return {
        {"type", "failed"},
        {"error", {{"type", "server_error"}, {"code", ReasonName(reason)}, {"message", message}}}};
  }
  return {{"type", StatusName(status)}, {"reason", ReasonName(reason)}};
}

Json UsageJson(const ResponseUsage& usage, bool audio) {
  const Json cached = {
      {"text_tokens", usage.cached_tokens}, {"audio_tokens", 0}, {"image_tokens", 0}};
  const int64_t spoken = audio ? usage.output_tokens : 0;
  return {{"total_tokens", usage.input_tokens + usage.output_tokens},
          {"input_tokens", usage.input_tokens},
          {"output_tokens", usage.output_tokens},
          {"input_token_details",
           {{"cached_tokens", usage.cached_tokens},
            {"text_tokens", usage.input_tokens},
            {"audio_tokens", 0},
            {"image_tokens", 0},
            {"cached_tokens_details", cached}}},
          {"output_token_details",
           {{"text_tokens", usage.output_tokens - spoken}, {"audio_tokens", spoken}}}};
}

}  // namespace

ResponseLadder::ResponseLadder(Config config, Send send)
    : config_(std::move(config)), send_(std::move(send)) {
  message_.role = ItemRole::kAssistant;
  message_.status = ItemStatus::kInProgress;
}

std::string ResponseLadder::Response(std::string_view status, std::string_view status_details,
                                     std::string_view usage) const {
  Json output = Json::array();
  for (const Item& item : output_) output.push_back(ItemJson(item));
  const ReplySettings& settings = config_.settings;
  const Json response = {
      {"object", "realtime.response"},
      {"id", config_.response_id},
      {"status", status},
      {"status_details", Json::parse(status_details)},
      {"output", std::move(output)},
      {"conversation_id", config_.conversation_id.empty() ? Json() : Json(config_.conversation_id)},
      {"output_modalities", ModalitiesJson(settings.audio)},
      {"max_output_tokens", MaxTokensJson(settings.max_output_tokens)},
      {"audio",
       {{"output", {{"format", FormatJson(settings.output_format)}, {"voice", settings.voice}}}}},
      {"usage", Json::parse(usage)},
      {"metadata", Json::parse(config_.metadata)}};
  return Dump(response);
}

void ResponseLadder::Create() {
  send_(fmt::format(R"({{"type":"response.created","event_id":"{}","response":{}}})",
                    NewId("event"), Response("in_progress", "null", "null")));
  send_(EventMessage("rate_limits.updated", {{"rate_limits", Json::array()}}));
}

void ResponseLadder::Start(std::string_view item_id, std::string_view previous_item_id) {
  PARLEY_CHECK(!started_ && !finished_);
  started_ = true;
  message_.id = item_id;
  message_index_ = static_cast<int>(output_.size());
  previous_item_id_ = previous_item_id;
  send_(EventMessage("response.output_item.added", {{"response_id", config_.response_id},
                                                    {"output_index", message_index_},
                                                    {"item", ItemJson(message_)}}));
  if (!config_.conversation_id.empty()) {
    send_(EventMessage(
        "conversation.item.added",
        {{"previous_item_id", previous_item_id_.empty() ? Json() : Json(previous_item_id_)},
         {"item", ItemJson(message_)}}));
  }
  const bool audio = config_.settings.audio;
  message_.content.push_back({.type = audio ? PartType::kOutputAudio : PartType::kOutputText});
  send_(EventMessage("response.content_part.added",
                     {{"response_id", config_.response_id},
                      {"item_id", message_.id},
                      {"output_index", message_index_},
                      {"content_index", 0},
                      {"part", audio ? Json{{"type", "audio"}, {"transcript", ""}}
                                     : Json{{"type", "text"}, {"text", ""}}}}));
}

void ResponseLadder::Text(std::string_view delta) {
  PARLEY_CHECK(started_ && !finished_);
  message_.content[0].text += delta;
  send_(EventMessage(config_.settings.audio ? "response.output_audio_transcript.delta"
                                            : "response.output_text.delta",
                     {{"response_id", config_.response_id},
                      {"item_id", message_.id},
                      {"output_index", message_index_},
                      {"content_index", 0},
                      {"delta", delta}}));
}

void ResponseLadder::Audio(std::span<const int16_t> pcm) {
  PARLEY_CHECK(started_ && !finished_ && config_.settings.audio);
  // Fifty of these a second and session: written without a DOM.
  send_(fmt::format(
      R"({{"type":"response.output_audio.delta","event_id":"{}","response_id":"{}","item_id":"{}",)"
      R"("output_index":{},"content_index":0,"delta":"{}"}})",
      NewId("event"), config_.response_id, message_.id, message_index_,
      EncodeAudio(pcm, config_.settings.output_format.codec)));
}

void ResponseLadder::CloseMessage(ItemStatus status) {
  const bool audio = config_.settings.audio;
  const std::string& text = message_.content[0].text;
  const Json place = {{"response_id", config_.response_id},
                      {"item_id", message_.id},
                      {"output_index", message_index_},
                      {"content_index", 0}};
  const auto send = [&](std::string_view type, const Json& more) {
    Json fields = place;
    fields.update(more);
    send_(EventMessage(type, std::move(fields)));
  };
  if (audio) {
    send("response.output_audio.done", Json::object());
    send("response.output_audio_transcript.done", {{"transcript", text}});
    send("response.content_part.done", {{"part", {{"type", "audio"}, {"transcript", text}}}});
  } else {
    send("response.output_text.done", {{"text", text}});
    send("response.content_part.done", {{"part", {{"type", "text"}, {"text", text}}}});
  }
  message_.status = status;
  send_(EventMessage("response.output_item.done", {{"response_id", config_.response_id},
                                                   {"output_index", message_index_},
                                                   {"item", ItemJson(message_)}}));
  if (!config_.conversation_id.empty()) {
    send_(EventMessage(
        "conversation.item.done",
        {{"previous_item_id", previous_item_id_.empty() ? Json() : Json(previous_item_id_)},
         {"item", ItemJson(message_)}}));
  }
  output_.insert(output_.begin() + message_index_, message_);
}

void ResponseLadder::Call(const Item& call, std::string_view previous_item_id) {
  PARLEY_CHECK(!finished_);
  const size_t index = output_.size() + (started_ ? 1 : 0);
  const Json previous = previous_item_id.empty() ? Json() : Json(previous_item_id);
  Item opening = call;
  opening.status = ItemStatus::kInProgress;
  opening.arguments.clear();
  send_(EventMessage("response.output_item.added", {{"response_id", config_.response_id},
                                                    {"output_index", index},
                                                    {"item", ItemJson(opening)}}));
  const bool in_conversation = !config_.conversation_id.empty();
  if (in_conversation) {
    send_(EventMessage("conversation.item.added",
                       {{"previous_item_id", previous}, {"item", ItemJson(opening)}}));
  }
  const Json place = {{"response_id", config_.response_id},
                      {"item_id", call.id},
                      {"output_index", index},
                      {"call_id", call.call_id}};
  Json delta = place;
  delta["delta"] = call.arguments;
  send_(EventMessage("response.function_call_arguments.delta", std::move(delta)));
  Json done = place;
  done.update({{"name", call.name}, {"arguments", call.arguments}});
  send_(EventMessage("response.function_call_arguments.done", std::move(done)));
  send_(EventMessage(
      "response.output_item.done",
      {{"response_id", config_.response_id}, {"output_index", index}, {"item", ItemJson(call)}}));
  if (in_conversation) {
    send_(EventMessage("conversation.item.done",
                       {{"previous_item_id", previous}, {"item", ItemJson(call)}}));
  }
  output_.push_back(call);
}

void ResponseLadder::Finish(turn::ResponseStatus status, turn::ResponseReason reason,
                            std::string_view message, const ResponseUsage& usage) {
  PARLEY_CHECK(!finished_);
  if (started_) {
    CloseMessage(status == turn::ResponseStatus::kCompleted ? ItemStatus::kCompleted
                                                            : ItemStatus::kIncomplete);
  }
  finished_ = true;
  send_(fmt::format(R"({{"type":"response.done","event_id":"{}","response":{}}})", NewId("event"),
                    Response(StatusName(status), Dump(StatusDetails(status, reason, message)),
                             Dump(UsageJson(usage, config_.settings.audio)))));
}

}  // namespace parley::realtime
