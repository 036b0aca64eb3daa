// The messages of the engine protocol (docs/engine-protocol.md) as plain structs, and their JSON.
// Both sides of the socket use these: the worker through engine/process.h, C++ engines through
// engine/sdk.h. The stream a message belongs to stands in its frame, not in the message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "ports/language_model.h"
#include "ports/model_host.h"
#include "ports/recognizer.h"

namespace parley::engine {

using ports::ModelKind;

// The versions of the protocol that this code speaks.
inline constexpr int kProtocolMin = 1;
inline constexpr int kProtocolMax = 1;

inline constexpr size_t kTextBytesMax = size_t{16} << 10;           // of one text message's text
inline constexpr int64_t kCreditSamplesMax = int64_t{1} << 40;      // together, on one stream
inline constexpr int64_t kPromptSamplesMax = int64_t{60} * 48'000;  // of reference audio

// --- The connection (stream 0) ---------------------------------------------------------------

// The first message, engine → worker.
struct Hello {
  int protocol_min = kProtocolMin;
  int protocol_max = kProtocolMax;
  std::string engine;   // "piper"
  std::string version;  // of the engine program
  ModelKind kind = ModelKind::kTts;
  std::map<std::string, std::string> runtime;  // {"onnxruntime", "1.32.0"}
};

// The answer, worker → engine. A refusal is followed by the end of the connection.
struct Welcome {
  int protocol = 0;    // chosen within what hello offers; 0: refused
  std::string reason;  // why it was refused; else empty
};

// A setting of a model pack for its engine (model.toml's [options]); flat on purpose.
using OptionValue = std::variant<bool, int64_t, double, std::string>;

// worker → engine, once, after welcome.
struct Load {
  std::string pack;    // folder with the model's files; may be empty for engines without files
  std::string device;  // "cpu", "cuda:0"
  std::map<std::string, OptionValue> options;
};

struct Loading {
  double progress = 0;  // 0 to 1
  std::string what;     // "reading weights"
};

// engine → worker: the model is in memory and warm.
struct Loaded {
  int sample_rate_hz = 0;           // native rate: of audio out (tts), preferred for audio in (asr)
  int slots = 1;                    // streams at once, 1 to 1024
  int64_t credit_samples = 0;       // asr: samples that a stream may send before any credit
  std::vector<std::string> voices;  // empty: one voice without a name
  std::vector<std::string> languages;     // BCP 47
  std::vector<std::string> capabilities;  // "marks", "seed", "speed", "prompt", "partials"…
  int64_t memory_bytes = 0;
  int64_t device_memory_bytes = 0;
  double load_ms = 0;
};

struct Ping {
  uint64_t id = 0;
};
struct Pong {
  uint64_t id = 0;  // of the ping that it answers
};

// engine → worker, now and then: what the process holds.
struct Stats {
  int64_t memory_bytes = 0;
  int64_t device_memory_bytes = 0;
  int streams = 0;  // under way
};

// The other side is asked to end (worker → engine), or says that it does.
struct Bye {};

// --- Streams ---------------------------------------------------------------------------------

// Reference speech for voices that imitate a speaker. On the wire `samples` A-frame samples follow
// the start message, before the first text; in memory they stand in `audio`.
struct Prompt {
  std::string text;  // what is said in it; may be empty
  int sample_rate_hz = 0;
  int64_t samples = 0;
  std::vector<float> audio;  // not part of the JSON
};

struct TtsStart {
  std::string voice;     // empty: the model's first
  std::string language;  // BCP 47; empty: the voice's own
  std::string style;     // emotion or manner
  std::string instruct;  // free words about how to speak
  double speed = 1.0;    // 0.25 to 4; 2 speaks twice as fast
  std::optional<uint64_t> seed;
  bool normalized = false;  // true: numbers, dates and the like are words already
  std::optional<Prompt> prompt;
};

struct AsrStart {
  std::string language;    // BCP 47; empty: the recognizer decides
  bool translate = false;  // into English; only where the capabilities say so
  int sample_rate_hz = 16'000;
  bool partials = true;
  int partials_min_interval_ms = 300;
};

struct LlmStart {
  std::vector<ports::LanguageModel::Message> messages;
  std::vector<ports::LanguageModel::Tool> tools;
  ports::LanguageModel::Sampling sampling;
  std::string prefix_key;  // equal keys usually share the beginning of their messages
};

// Opens the stream its frame names; ids rise and are never used again.
struct Start {
  int64_t credit_samples = 0;  // tts: samples that the engine may send before any credit
  std::variant<TtsStart, AsrStart, LlmStart> request;
};

// tts, worker → engine: speak this. Utterance ids rise within a stream.
struct Text {
  uint64_t utterance = 0;
  std::string text;            // complete sentences or clauses, ≤ 16 KiB
  std::string context_before;  // what was said just before, when not on this stream
};

struct End {};  // nothing more will be sent on this stream

// tts: the text before byte `text_end` is spoken when `sample` of the utterance is.
struct Mark {
  uint64_t utterance = 0;
  int64_t text_end = 0;
  int64_t sample = 0;  // native rate, from the utterance's start
};

// asr, worker → engine.
struct Partials {
  bool on = true;
};
struct Flush {
  uint64_t flush_id = 0;
};

// asr, engine → worker. Times are samples of the stream's own rate, from the stream's start.
struct Partial {
  std::string text;
  int stable_words = 0;  // the first so many words will not change any more
  int64_t upto_sample = 0;
};
struct Final {
  std::optional<uint64_t> flush_id;  // absent: the answer to end
  int64_t from_sample = 0;
  int64_t upto_sample = 0;
  std::string text;  // empty when nothing was said
  std::vector<ports::Recognizer::Word> words;
  std::string language;
  double confidence = 0;  // 0 to 1
  bool no_speech = false;
  double compute_ms = 0;
};

// llm, engine → worker.
struct Delta {
  std::string text;  // whole UTF-8 characters
};
using Tool = ports::LanguageModel::ToolCall;

enum class DoneReason { kCompleted, kStop, kLength, kToolCalls };

// With an utterance: that one is spoken. Without: the stream is over.
struct Done {
  std::optional<uint64_t> utterance;
  DoneReason reason = DoneReason::kCompleted;
  int64_t samples = 0;        // tts
  int64_t prompt_tokens = 0;  // llm
  int64_t cached_tokens = 0;  // of the prompt, not computed again
  int64_t tokens = 0;
  double compute_ms = 0;  // spent on it, without waiting for credit
  double first_ms = 0;    // asked for → first audio or token
};

struct Cancel {};
struct Cancelled {};  // sent at once; of the stream only `idle` follows
struct Idle {};       // the stream's slot is free: the last message of every stream

struct Credit {
  int64_t samples = 0;  // so many more may be sent
};

// On stream 0: about the connection. On a stream: it has failed, and only `idle` follows; with an
// utterance, only that one has failed and the stream goes on.
struct ErrorMessage {
  Code code = Code::kUnknown;
  std::string message;
  std::optional<uint64_t> utterance;
};

using Message = std::variant<Hello, Welcome, Load, Loading, Loaded, Ping, Pong, Stats, Bye, Start,
                             Text, End, Mark, Partials, Flush, Partial, Final, Delta, Tool, Done,
                             Cancel, Cancelled, Idle, Credit, ErrorMessage>;

// The `type` of a message: "hello", "start"…
std::string_view MessageName(const Message& message);

// Always valid JSON, whatever bytes stand in the strings: a byte that is not UTF-8 becomes U+FFFD.
std::string Serialize(const Message& message);

// kInvalidArgument for what is not JSON or has a field missing, of a wrong type or out of range,
// naming the message and the field; kUnimplemented for an unknown type (answer it with an error and
// go on). Unknown fields are ignored.
Result<Message> ParseMessage(std::string_view json);

}  // namespace parley::engine
