#include "realtime/session_object.h"

#include <ctime>

#include "base/check.h"
#include "realtime/ids.h"
#include "realtime/internal/settings_json.h"

namespace parley::realtime {
struct SessionObject::State {
  std::string id;
  int64_t expires_at_s = 0;
  SessionSettings settings;
  // What settings do not hold: fields without effect, and objects as the client wrote them.
  Json transcription;
  Json noise_reduction;
  Json tools = Json::array();
  Json tool_choice = "auto";
  Json echoed = {{"include", nullptr}, {"truncation", "auto"}, {"tracing", nullptr},
                 {"prompt", nullptr},  {"reasoning", nullptr}, {"parallel_tool_calls", true}};

  // A session for transcription alone transcribes, even if nobody says with which model.
  void TranscribeByDefault();
  // A transcription session has fewer fields.
  Parsed<void> CheckKind(const Json& patch) const;
  Parsed<void> MergeInput(const Json& json, const std::string& path);
  Parsed<void> MergeAudio(const Json& json, const std::string& path);
  Parsed<void> MergeField(const std::string& key, const Json& value);
};

void SessionObject::State::TranscribeByDefault() {
  if (!settings.transcription_only || settings.transcription) return;
  settings.transcription = TranscriptionSettings{.model = "default"};
  transcription = {{"model", "default"}};
}

Parsed<void> SessionObject::State::CheckKind(const Json& patch) const {
  const Json* type = Find(patch, "type");
  if (!(type ? *type == "transcription" : settings.transcription_only)) return {};
  auto known =
      OnlyKnown(patch, "session",
                {"type", "audio", "include", "model", "id", "object", "expires_at", "x_parley"});
  const Json* audio = Find(patch, "audio");
  if (!known || audio == nullptr || !audio->is_object()) return known;
  return OnlyKnown(*audio, "session.audio", {"input"});
}

Parsed<void> SessionObject::State::MergeInput(const Json& json, const std::string& path) {
  if (!json.is_object()) return RefuseKind(path, "an object", json);
  auto known =
      OnlyKnown(json, path, {"format", "transcription", "noise_reduction", "turn_detection"});
  if (!known) return known;
  if (const Json* value = Find(json, "format"); value && !value->is_null()) {
    const auto format = ParseFormat(*value, path + ".format");
    if (!format) return tl::unexpected(format.error());
    settings.input_format = *format;
  }
  if (const Json* value = Find(json, "transcription")) {
    auto parsed = ParseTranscription(*value, path + ".transcription");
    if (!parsed) return tl::unexpected(parsed.error());
    settings.transcription = *std::move(parsed);
    transcription = *value;
  }
  if (const Json* value = Find(json, "noise_reduction")) {
    if (auto checked = CheckNoiseReduction(*value, path + ".noise_reduction"); !checked) {
      return checked;
    }
    noise_reduction = *value;
  }
  if (const Json* value = Find(json, "turn_detection")) {
    const auto detection = ParseDetection(*value, path + ".turn_detection");
    if (!detection) return tl::unexpected(detection.error());
    settings.detection = *detection;
  }
  return {};
}

Parsed<void> SessionObject::State::MergeAudio(const Json& json, const std::string& path) {
  if (!json.is_object()) return RefuseKind(path, "an object", json);
  if (auto known = OnlyKnown(json, path, {"input", "output"}); !known) return known;
  if (const Json* input = Find(json, "input"); input && !input->is_null()) {
    if (auto merged = MergeInput(*input, path + ".input"); !merged) return merged;
  }
  if (const Json* output = Find(json, "output"); output && !output->is_null()) {
    return ParseAudioOutput(*output, path + ".output", settings.reply);
  }
  return {};
}

Parsed<void> SessionObject::State::MergeField(const std::string& key, const Json& value) {
  const std::string path = "session." + key;
  // The model is chosen at connection; the rest is the server's to say.
  if (key == "model" || key == "id" || key == "object" || key == "expires_at") return {};
  if (key == "type") {
    if (value != "realtime" && value != "transcription") {
      return RefuseValue(path, value.is_string() ? value.get<std::string>() : value.dump(),
                         "'realtime' and 'transcription'");
    }
    if (settings.transcription_only && value == "realtime") {
      return Refuse("invalid_value",
                    "A transcription session gives no responses and stays one: open another "
                    "connection for a conversation.",
                    path);
    }
    settings.transcription_only = value == "transcription";
    return {};
  }
  if (key == "audio") return value.is_null() ? Parsed<void>() : MergeAudio(value, path);
  if (key == "x_parley") {
    const auto x_parley = ParseXParley(value, path);
    if (!x_parley) return tl::unexpected(x_parley.error());
    settings.x_parley = *x_parley;
    return {};
  }
  if (IsEchoed(key)) {
    if (auto checked = CheckEchoed(key, value, path); !checked) return checked;
    echoed[key] = value;
    if (key == "parallel_tool_calls") settings.reply.parallel_tool_calls = value != false;
    return {};
  }
  const auto taken = ParseReplyField(key, value, path, settings.reply);
  if (!taken) return tl::unexpected(taken.error());
  if (!*taken)
    return Refuse("unknown_parameter", fmt::format("Unknown parameter: '{}'.", path), path);
  if (key == "tools") tools = value.is_null() ? Json::array() : value;
  if (key == "tool_choice") tool_choice = value;
  return {};
}

SessionObject::SessionObject(const SessionDefaults& defaults) : state_(std::make_unique<State>()) {
  state_->id = NewId("sess");
  state_->expires_at_s = static_cast<int64_t>(std::time(nullptr)) + defaults.life_s;
  state_->settings.transcription_only = defaults.transcription_only;
  state_->settings.model = defaults.model;
  state_->settings.reply.instructions = defaults.instructions;
  state_->settings.reply.voice = defaults.voice;
  state_->TranscribeByDefault();
  if (defaults.patch.empty()) return;
  PARLEY_CHECK(Merge(defaults.patch, false));
  const Json patch = Json::parse(defaults.patch, nullptr, false);
  const Json* model = Find(patch, "model");
  const bool chosen = defaults.model != SessionDefaults().model;
  if (model != nullptr && model->is_string() && !chosen) state_->settings.model = *model;
}

SessionObject::SessionObject(const SessionObject& other)
    : state_(std::make_unique<State>(*other.state_)) {}
SessionObject& SessionObject::operator=(const SessionObject& other) {
  if (this != &other) state_ = std::make_unique<State>(*other.state_);
  return *this;
}
SessionObject::SessionObject(SessionObject&&) noexcept = default;
SessionObject& SessionObject::operator=(SessionObject&&) noexcept = default;
SessionObject::~SessionObject() = default;

Parsed<void> SessionObject::Merge(std::string_view patch, bool voice_locked) {
  const Json json = Json::parse(patch, nullptr, false);
  if (!json.is_object()) return RefuseKind("session", "an object", json);
  auto next = std::make_unique<State>(*state_);
  if (auto fits = state_->CheckKind(json); !fits) return fits;
  for (const auto& [key, value] : json.items()) {
    if (auto merged = next->MergeField(key, value); !merged) return merged;
  }
  next->TranscribeByDefault();
  const std::string& voice = next->settings.reply.voice;
  if (voice_locked && voice != state_->settings.reply.voice) {
    return Refuse("cannot_update_voice",
                  "Cannot update a conversation's voice if assistant audio is present.",
                  "session.audio.output.voice");
  }
  state_ = std::move(next);
  return {};
}

const SessionSettings& SessionObject::settings() const { return state_->settings; }
const std::string& SessionObject::id() const { return state_->id; }

std::string SessionObject::ToJson() const {
  const SessionSettings& settings = state_->settings;
  const Json input = {{"format", FormatJson(settings.input_format)},
                      {"transcription", state_->transcription},
                      {"noise_reduction", state_->noise_reduction},
                      {"turn_detection", DetectionJson(settings.detection)}};
  Json json = {{"type", settings.transcription_only ? "transcription" : "realtime"},
               {"object", settings.transcription_only ? "realtime.transcription_session"
                                                      : "realtime.session"},
               {"id", state_->id},
               {"expires_at", state_->expires_at_s}};
  if (settings.transcription_only) {
    json["audio"] = {{"input", input}};
    json["include"] = state_->echoed["include"];
    return Dump(json);
  }
  const ReplySettings& reply = settings.reply;
  json.update({{"model", settings.model},
               {"output_modalities", ModalitiesJson(reply.audio)},
               {"instructions", reply.instructions},
               {"audio",
                {{"input", input},
                 {"output",
                  {{"format", FormatJson(reply.output_format)},
                   {"voice", reply.voice},
                   {"speed", reply.speed}}}}},
               {"tools", state_->tools},
               {"tool_choice", state_->tool_choice},
               {"max_output_tokens", MaxTokensJson(reply.max_output_tokens)}});
  json.update(state_->echoed);
  if (reply.temperature) json["temperature"] = *reply.temperature;
  if (settings.x_parley != XParley{}) json["x_parley"] = XParleyJson(settings.x_parley);
  return Dump(json);
}

}  // namespace parley::realtime
