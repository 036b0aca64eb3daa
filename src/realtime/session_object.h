// The `session` of the Realtime protocol: what a client may say about a session, checked as a
// whole, merged field by field, and echoed with every known field, also those without effect yet.
// Value type; one sequence.
//
// Source of fields, defaults and ranges: the published OpenAI Realtime schema (GA).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ports/language_model.h"
#include "realtime/protocol_error.h"
#include "realtime/x_parley.h"
#include "turn/config.h"

namespace parley::realtime {

enum class Codec { kPcm16, kPcmu, kPcma };

struct AudioFormat {
  Codec codec = Codec::kPcm16;
  int sample_rate_hz = 24'000;  // 8000 for G.711
  bool operator==(const AudioFormat&) const = default;
};

struct TranscriptionSettings {
  std::string model;
  std::string language;  // empty: the recognizer decides
  std::string prompt;
  bool operator==(const TranscriptionSettings&) const = default;
};

// What a session or one response asks of the language model and the voice.
struct ReplySettings {
  bool audio = true;  // output_modalities; else text
  std::string instructions;
  std::string voice;
  double speed = 1;
  AudioFormat output_format;
  std::vector<ports::LanguageModel::Tool> tools;
  std::string tool_choice = "auto";  // "none", "required", or a function's name
  bool parallel_tool_calls = true;
  std::optional<int> max_output_tokens;
  std::optional<double> temperature;
};

struct SessionSettings {
  bool transcription_only = false;  // type "transcription": no responses, ever
  std::string model;
  AudioFormat input_format;
  std::optional<TranscriptionSettings> transcription;
  turn::TurnDetection detection;
  ReplySettings reply;
  XParley x_parley;
};

struct SessionDefaults {
  std::string model = "parley";
  std::string instructions;
  std::string voice = "default";
  bool transcription_only = false;  // ?intent=transcription
  int life_s = 3600;                // a session's longest life, as clients are told
  // A JSON object that is merged over these, checked already; empty: none. Its model counts where
  // `model` is the default.
  std::string patch;
};

class SessionObject {
 public:
  explicit SessionObject(const SessionDefaults& defaults);
  SessionObject(const SessionObject& other);
  SessionObject& operator=(const SessionObject& other);
  SessionObject(SessionObject&&) noexcept;
  SessionObject& operator=(SessionObject&&) noexcept;
  ~SessionObject();

  // Takes the fields that are present in `patch` (the JSON object of `session.update`). On any
  // mistake nothing is taken. With `voice_locked` (the agent has spoken already) another voice is
  // refused as cannot_update_voice.
  Parsed<void> Merge(std::string_view patch, bool voice_locked);

  const SessionSettings& settings() const;
  const std::string& id() const;  // "sess_…"

  // The whole effective session as JSON.
  std::string ToJson() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::realtime
