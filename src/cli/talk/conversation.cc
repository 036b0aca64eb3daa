#include "cli/talk/conversation.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/base64.h"

namespace parley::cli {
namespace {

using nlohmann::json;

// The string of a field, or empty where there is none: a client survives any server.
std::string Text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// The object of a field, or an empty one.
json Object(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : json::object();
}

double Number(const json& object, const char* key, double otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : otherwise;
}

std::vector<int16_t> Samples(std::string_view base64) {
  const auto bytes = Base64Decode(base64);
  if (!bytes) return {};
  std::vector<int16_t> pcm(bytes->size() / 2);
  for (size_t i = 0; i < pcm.size(); ++i) {
    pcm[i] = static_cast<int16_t>((*bytes)[2 * i] | (*bytes)[2 * i + 1] << 8);
  }
  return pcm;
}

}  // namespace

struct Conversation::Event {
  json body;
};

Conversation::Conversation(TalkOptions options, Loudspeaker& loudspeaker)
    : options_(std::move(options)), loudspeaker_(loudspeaker) {}

std::string Conversation::Open() const {
  const json format = {{"type", "audio/pcm"}, {"rate", kTalkRateHz}};
  const json detection = {{"type", options_.semantic_vad ? "semantic_vad" : "server_vad"}};
  json session = {
      {"type", "realtime"},
      {"audio",
       {{"input",
         {{"format", format}, {"transcription", json::object()}, {"turn_detection", detection}}},
        {"output", {{"format", format}}}}},
      {"x_parley",
       {{"playback", true}, {"turns", true}, {"echo_free", options_.echo_free}, {"resume", true}}}};
  if (!options_.voice.empty()) session["audio"]["output"]["voice"] = options_.voice;
  if (!options_.instructions.empty()) session["instructions"] = options_.instructions;
  return json{{"type", "session.update"}, {"session", std::move(session)}}.dump();
}

std::string Conversation::Microphone(std::span<const int16_t> pcm) {
  std::vector<uint8_t> bytes(pcm.size() * 2);
  for (size_t i = 0; i < pcm.size(); ++i) {
    bytes[2 * i] = static_cast<uint8_t>(pcm[i] & 0xff);
    bytes[2 * i + 1] = static_cast<uint8_t>(pcm[i] >> 8 & 0xff);
  }
  return fmt::format(R"({{"type":"input_audio_buffer.append","audio":"{}"}})", Base64Encode(bytes));
}

std::optional<std::string> Conversation::Report() {
  const auto now = loudspeaker_.position();
  if (!now) return std::nullopt;
  const bool unchanged =
      now->item_id == reported_.item_id && now->played_samples == reported_.played_samples;
  if (unchanged) return std::nullopt;
  reported_ = *now;
  // Never a part of a millisecond less than was played: the server would wait for the rest.
  const int64_t audio_ms = (now->played_samples * 1000 + kTalkRateHz - 1) / kTalkRateHz;
  return json{{"type", "x_parley.played"}, {"item_id", now->item_id}, {"audio_ms", audio_ms}}
      .dump();
}

Status Conversation::OnMessage(std::string_view message) {
  const Event event{json::parse(message, nullptr, false)};
  if (!event.body.is_object()) {
    return Fail(Code::kDataLoss, "the server sent a message that is not a JSON object");
  }
  const std::string type = Text(event.body, "type");
  if (type == "error") {
    const json error = Object(event.body, "error");
    return Fail(Code::kInvalidArgument, fmt::format("the server refused an event: {} ({})",
                                                    Text(error, "message"), Text(error, "code")));
  }
  if (type == "session.updated") open_ = true;
  if (type == "session.created" && !resume_token_.empty()) {
    resume_token_.clear();
    return Fail(Code::kNotFound, "the server no longer has the conversation");
  }
  if (type.starts_with("response.")) OnResponse(type, event);
  if (type.starts_with("x_parley.")) OnExtension(type, event);
  if (type.starts_with("input_audio_buffer.") || type.starts_with("conversation.item.")) {
    OnUser(type, event);
  }
  return {};
}

void Conversation::OnLineLost() {
  loudspeaker_.Drop("");
  user_speaks_ = false;
}

void Conversation::OnUser(std::string_view type, const Event& event) {
  if (type == "input_audio_buffer.speech_started") user_speaks_ = true;
  if (type == "input_audio_buffer.speech_stopped") user_speaks_ = false;
  if (type != "conversation.item.input_audio_transcription.completed") return;
  const std::string words = Text(event.body, "transcript");
  // The words may arrive after the reply to them has begun.
  const bool late =
      !turns_.empty() && turns_.back().transcript.empty() && turns_.back().status == "in_progress";
  std::string& place = late ? turns_.back().transcript : unanswered_;
  if (!place.empty() && !words.empty()) place += ' ';
  place += words;
}

void Conversation::OnResponse(std::string_view type, const Event& event) {
  const json& body = event.body;
  if (type == "response.created") {
    const json response = Object(body, "response");
    turns_.push_back({.response_id = Text(response, "id"),
                      .transcript = std::exchange(unanswered_, {}),
                      .status = "in_progress"});
    return;
  }
  const json response = Object(body, "response");
  const std::string id = type == "response.done" ? Text(response, "id") : Text(body, "response_id");
  TalkTurn* turn = FindResponse(id);
  if (turn == nullptr) return;
  if (type == "response.output_audio.delta") {
    turn->item_id = Text(body, "item_id");
    loudspeaker_.Append(turn->item_id, Samples(Text(body, "delta")));
  } else if (type == "response.output_audio_transcript.delta" ||
             type == "response.output_text.delta") {
    turn->reply += Text(body, "delta");
  } else if (type == "response.done") {
    turn->status = Text(response, "status");
    turn->reason = Text(Object(response, "status_details"), "reason");
  }
}

void Conversation::OnExtension(std::string_view type, const Event& event) {
  const json& body = event.body;
  if (type == "x_parley.gain") {
    loudspeaker_.SetGain(Number(body, "db", 0), static_cast<int>(Number(body, "ramp_ms", 10)));
  } else if (type == "x_parley.pause") {
    loudspeaker_.Pause(Text(body, "item_id"), body.value("paused", json()) == json(true));
  } else if (type == "x_parley.drop") {
    loudspeaker_.Drop(Text(body, "item_id"));
  } else if (type == "x_parley.resume") {
    resume_token_ = Text(body, "token");
    hold_ms_ = static_cast<int64_t>(Number(body, "hold_ms", 0));
  } else if (type == "x_parley.turn") {
    TalkTurn* turn = FindResponse(Text(body, "response_id"));
    if (turn == nullptr) return;
    turn->record = Object(body, "turn").dump();
    turn->heard = Text(Object(body, "turn"), "heard");
  }
}

std::string_view Conversation::state() const {
  if (user_speaks_) return "listening";
  if (!loudspeaker_.empty()) return "speaking";
  return !turns_.empty() && turns_.back().status == "in_progress" ? "thinking" : "listening";
}

TalkTurn* Conversation::FindResponse(const std::string& response_id) {
  const auto found = std::find_if(turns_.rbegin(), turns_.rend(), [&](const TalkTurn& turn) {
    return turn.response_id == response_id;
  });
  return found == turns_.rend() ? nullptr : &*found;
}

}  // namespace parley::cli
