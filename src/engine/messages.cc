#include "engine/messages.h"

#include <array>
#include <concepts>
#include <tuple>

#include "engine/internal/fields.h"

namespace parley::engine {
namespace internal {

template <>
struct Names<ModelKind> {
  static inline const std::vector<std::pair<ModelKind, const char*>> all = {
      {ModelKind::kTts, "tts"}, {ModelKind::kAsr, "asr"}, {ModelKind::kLlm, "llm"}};
};
template <>
struct Names<DoneReason> {
  static inline const std::vector<std::pair<DoneReason, const char*>> all = {
      {DoneReason::kCompleted, "completed"},
      {DoneReason::kStop, "stop"},
      {DoneReason::kLength, "length"},
      {DoneReason::kToolCalls, "tool_calls"}};
};
template <>
struct Names<ports::LanguageModel::Role> {
  using Role = ports::LanguageModel::Role;
  static inline const std::vector<std::pair<Role, const char*>> all = {
      {Role::kSystem, "system"},
      {Role::kUser, "user"},
      {Role::kAssistant, "assistant"},
      {Role::kTool, "tool"}};
};

// --- One description of each message, for both ways. Io is a FieldReader with a M&, or a
// FieldWriter with a const M&. Required fields are missed; optional ones keep their default.

template <class M, class T>
concept Is = std::same_as<std::remove_const_t<M>, T>;

constexpr Range<int64_t> kCount{.min = 0};
constexpr Range<int64_t> kCreditRange{.min = 0, .max = kCreditSamplesMax};
constexpr Range<double> kShare{.min = 0, .max = 1};
constexpr Range<double> kMs{.min = 0};
constexpr Range<int> kRateHz{.min = 1'000, .max = 384'000};
constexpr Range<size_t> kTextBytes{.max = kTextBytesMax};

struct Versions {
  int min = 0;
  int max = 0;
};
template <class Io, Is<Versions> M>
void Fields(Io& io, M& m) {
  io.Required("min", m.min);
  io.Required("max", m.max);
}

template <class Io, Is<Hello> M>
void Fields(Io& io, M& m) {
  Versions versions{m.protocol_min, m.protocol_max};
  io.Required("protocol", versions);
  if constexpr (!std::is_const_v<M>) {
    m.protocol_min = versions.min;
    m.protocol_max = versions.max;
  }
  io.Required("engine", m.engine);
  io.Optional("version", m.version);
  io.Required("kind", m.kind);
  io.Optional("runtime", m.runtime);
}

template <class Io, Is<Welcome> M>
void Fields(Io& io, M& m) {
  io.Required("protocol", m.protocol);
  io.Optional("reason", m.reason);
}

template <class Io, Is<Load> M>
void Fields(Io& io, M& m) {
  io.Optional("pack", m.pack);
  io.Optional("device", m.device);
  io.Optional("options", m.options);
}

template <class Io, Is<Loading> M>
void Fields(Io& io, M& m) {
  io.Required("progress", m.progress, kShare);
  io.Optional("what", m.what);
}

template <class Io, Is<Loaded> M>
void Fields(Io& io, M& m) {
  io.Optional("sample_rate", m.sample_rate_hz, Range<int>{.min = 0, .max = kRateHz.max});
  io.Required("slots", m.slots, Range<int>{.min = 1, .max = 1024});
  io.Optional("credit", m.credit_samples, kCreditRange);
  io.Optional("voices", m.voices);
  io.Optional("languages", m.languages);
  io.Optional("capabilities", m.capabilities);
  io.Optional("memory_bytes", m.memory_bytes, kCount);
  io.Optional("device_memory_bytes", m.device_memory_bytes, kCount);
  io.Optional("load_ms", m.load_ms, kMs);
}

template <class Io, Is<Ping> M>
void Fields(Io& io, M& m) {
  io.Required("id", m.id);
}

template <class Io, Is<Pong> M>
void Fields(Io& io, M& m) {
  io.Required("id", m.id);
}

template <class Io, Is<Stats> M>
void Fields(Io& io, M& m) {
  io.Optional("memory_bytes", m.memory_bytes, kCount);
  io.Optional("device_memory_bytes", m.device_memory_bytes, kCount);
  io.Optional("streams", m.streams, Range<int>{.min = 0});
}

template <class Io, Is<Prompt> M>
void Fields(Io& io, M& m) {
  io.Optional("text", m.text);
  io.Required("sample_rate", m.sample_rate_hz, kRateHz);
  io.Required("samples", m.samples, Range<int64_t>{.min = 0, .max = kPromptSamplesMax});
}

template <class Io, Is<TtsStart> M>
void Fields(Io& io, M& m) {
  io.Optional("voice", m.voice);
  io.Optional("language", m.language);
  io.Optional("style", m.style);
  io.Optional("instruct", m.instruct);
  io.Optional("speed", m.speed, Range<double>{.min = 0.25, .max = 4});
  io.Optional("seed", m.seed);
  io.Optional("normalized", m.normalized);
  io.Optional("prompt", m.prompt);
}

struct PartialsRule {
  bool on = true;
  int min_interval_ms = 0;
};
template <class Io, Is<PartialsRule> M>
void Fields(Io& io, M& m) {
  io.Optional("on", m.on);
  io.Optional("min_interval_ms", m.min_interval_ms, Range<int>{.min = 0, .max = 60'000});
}

template <class Io, Is<AsrStart> M>
void Fields(Io& io, M& m) {
  io.Optional("language", m.language);
  io.Optional("translate", m.translate);
  io.Required("sample_rate", m.sample_rate_hz, kRateHz);
  PartialsRule rule{m.partials, m.partials_min_interval_ms};
  io.Optional("partials", rule);
  if constexpr (!std::is_const_v<M>) {
    m.partials = rule.on;
    m.partials_min_interval_ms = rule.min_interval_ms;
  }
}

template <class Io, Is<Tool> M>
void Fields(Io& io, M& m) {
  io.Required("id", m.id);
  io.Required("name", m.name);
  io.Required("arguments", m.arguments);
}

template <class Io, Is<ports::LanguageModel::Message> M>
void Fields(Io& io, M& m) {
  io.Required("role", m.role);
  io.Optional("content", m.text);
  io.Optional("tool_calls", m.tool_calls);
  io.Optional("tool_call_id", m.tool_call_id);
}

template <class Io, Is<ports::LanguageModel::Tool> M>
void Fields(Io& io, M& m) {
  io.Required("name", m.name);
  io.Optional("description", m.description);
  io.Optional("parameters", m.parameters);
}

template <class Io, Is<ports::LanguageModel::Sampling> M>
void Fields(Io& io, M& m) {
  io.Optional("temperature", m.temperature, Range<double>{.min = 0});
  io.Optional("top_p", m.top_p, kShare);
  io.Optional("top_k", m.top_k, Range<int>{.min = 0});
  io.Optional("repeat_penalty", m.repeat_penalty, Range<double>{.min = 0});
  io.Optional("max_tokens", m.max_tokens, Range<int>{.min = 1});
  io.Optional("seed", m.seed);
  io.Optional("stop", m.stop);
  io.Optional("tool_choice", m.tool_choice);
}

template <class Io, Is<LlmStart> M>
void Fields(Io& io, M& m) {
  io.Required("messages", m.messages);
  io.Optional("tools", m.tools);
  io.Optional("sampling", m.sampling);
  io.Optional("prefix_key", m.prefix_key);
}

template <class Io, Is<Start> M>
void Fields(Io& io, M& m) {
  auto kind = static_cast<ModelKind>(m.request.index());
  io.Required("kind", kind);
  io.Optional("credit", m.credit_samples, kCreditRange);
  if constexpr (!std::is_const_v<M>) {
    if (kind == ModelKind::kTts) m.request.template emplace<TtsStart>();
    if (kind == ModelKind::kAsr) m.request.template emplace<AsrStart>();
    if (kind == ModelKind::kLlm) m.request.template emplace<LlmStart>();
  }
  std::visit([&](auto& request) { Fields(io, request); }, m.request);
}

template <class Io, Is<Text> M>
void Fields(Io& io, M& m) {
  io.Required("utterance", m.utterance);
  io.Required("text", m.text, kTextBytes);
  io.Optional("context_before", m.context_before, kTextBytes);
}

template <class Io, Is<Mark> M>
void Fields(Io& io, M& m) {
  io.Required("utterance", m.utterance);
  io.Required("text_end", m.text_end, kCount);
  io.Required("sample", m.sample, kCount);
}

template <class Io, Is<Partials> M>
void Fields(Io& io, M& m) {
  io.Required("on", m.on);
}

template <class Io, Is<Flush> M>
void Fields(Io& io, M& m) {
  io.Required("flush_id", m.flush_id);
}

template <class Io, Is<Partial> M>
void Fields(Io& io, M& m) {
  io.Required("text", m.text);
  io.Optional("stable_words", m.stable_words, Range<int>{.min = 0});
  io.Required("upto_sample", m.upto_sample, kCount);
}

template <class Io, Is<ports::Recognizer::Word> M>
void Fields(Io& io, M& m) {
  io.Required("text", m.text);
  io.Required("from_sample", m.from_sample, kCount);
  io.Required("upto_sample", m.upto_sample, kCount);
  io.Optional("confidence", m.confidence, Range<float>{.min = 0, .max = 1});
}

template <class Io, Is<Final> M>
void Fields(Io& io, M& m) {
  io.Optional("flush_id", m.flush_id);
  io.Required("from_sample", m.from_sample, kCount);
  io.Required("upto_sample", m.upto_sample, kCount);
  io.Required("text", m.text);
  io.Optional("words", m.words);
  io.Optional("language", m.language);
  io.Optional("confidence", m.confidence, kShare);
  io.Optional("no_speech", m.no_speech);
  io.Optional("compute_ms", m.compute_ms, kMs);
}

template <class Io, Is<Delta> M>
void Fields(Io& io, M& m) {
  io.Required("text", m.text);
}

template <class Io, Is<Done> M>
void Fields(Io& io, M& m) {
  io.Optional("utterance", m.utterance);
  io.Required("reason", m.reason);
  io.Optional("samples", m.samples, kCount);
  io.Optional("prompt_tokens", m.prompt_tokens, kCount);
  io.Optional("cached_tokens", m.cached_tokens, kCount);
  io.Optional("tokens", m.tokens, kCount);
  io.Optional("compute_ms", m.compute_ms, kMs);
  io.Optional("first_ms", m.first_ms, kMs);
}

template <class Io, Is<Credit> M>
void Fields(Io& io, M& m) {
  io.Required("samples", m.samples, kCreditRange);
}

template <class Io, Is<ErrorMessage> M>
void Fields(Io& io, M& m) {
  std::string code(CodeName(m.code));
  io.Required("code", code);
  if constexpr (!std::is_const_v<M>) m.code = CodeFromName(code);
  io.Required("message", m.message);
  io.Optional("utterance", m.utterance);
}

template <class M>
concept WithoutFields =
    Is<M, Bye> || Is<M, End> || Is<M, Cancel> || Is<M, Cancelled> || Is<M, Idle>;
template <class Io, WithoutFields M>
void Fields(Io&, M&) {}

// --- The types' names, in the order of the variant.

constexpr std::array kMessageNames = {
    "hello", "welcome", "load",   "loading",   "loaded",   "ping",   "pong",    "stats", "bye",
    "start", "text",    "end",    "mark",      "partials", "flush",  "partial", "final", "delta",
    "tool",  "done",    "cancel", "cancelled", "idle",     "credit", "error"};
static_assert(kMessageNames.size() == std::variant_size_v<Message>);

template <size_t index>
Result<Message> ReadMessage(const Json& object) {
  Message message(std::in_place_index<index>);
  FieldReader reader(object, kMessageNames[index]);
  Fields(reader, std::get<index>(message));
  if (reader.error()) return Fail(*reader.error());
  return message;
}

using ReadFunction = Result<Message> (*)(const Json&);
template <size_t... index>
constexpr std::array<ReadFunction, sizeof...(index)> AllReaders(std::index_sequence<index...>) {
  return {&ReadMessage<index>...};
}
constexpr auto kReaders = AllReaders(std::make_index_sequence<std::variant_size_v<Message>>());

}  // namespace internal

std::string_view MessageName(const Message& message) {
  return internal::kMessageNames[message.index()];
}

std::string Serialize(const Message& message) {
  internal::Json object = internal::Json::object();
  object["type"] = MessageName(message);
  internal::FieldWriter writer(object);
  std::visit([&](const auto& held) { internal::Fields(writer, held); }, message);
  return object.dump(-1, ' ', false, internal::Json::error_handler_t::replace);
}

Result<Message> ParseMessage(std::string_view json) {
  internal::Json object;
  try {
    object = internal::Json::parse(json);
  } catch (const internal::Json::exception& error) {
    return Fail(Code::kInvalidArgument, fmt::format("message is not JSON: {}", error.what()));
  }
  if (!object.is_object()) return Fail(Code::kInvalidArgument, "message is not a JSON object");
  const auto type = object.find("type");
  if (type == object.end() || !type->is_string()) {
    return Fail(Code::kInvalidArgument, "message has no \"type\", a string");
  }
  const std::string& name = type->get_ref<const std::string&>();
  for (size_t i = 0; i < internal::kMessageNames.size(); ++i) {
    if (name == internal::kMessageNames[i]) return internal::kReaders[i](object);
  }
  return Fail(Code::kUnimplemented, fmt::format("unknown message type \"{}\"", name.substr(0, 64)));
}

}  // namespace parley::engine
