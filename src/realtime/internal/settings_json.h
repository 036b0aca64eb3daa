// The pieces that `session` and `response` have in common, from JSON to settings and back. Each
// parser checks kinds, ranges and unknown fields, and fills in defaults.
#pragma once

#include <string>
#include <vector>

#include "realtime/internal/json.h"
#include "realtime/session_object.h"

namespace parley::realtime {

Parsed<AudioFormat> ParseFormat(const Json& json, const std::string& path);
Json FormatJson(const AudioFormat& format);

// null gives DetectionMode::kNone.
Parsed<turn::TurnDetection> ParseDetection(const Json& json, const std::string& path);
Json DetectionJson(const turn::TurnDetection& detection);

Parsed<void> CheckNoiseReduction(const Json& json, const std::string& path);

// Fields that are stored and echoed, and but for parallel_tool_calls have no effect here: include,
// truncation, tracing, prompt, reasoning, parallel_tool_calls.
bool IsEchoed(std::string_view key);
Parsed<void> CheckEchoed(const std::string& key, const Json& value, const std::string& path);

Parsed<std::optional<TranscriptionSettings>> ParseTranscription(const Json& json,
                                                                const std::string& path);

Parsed<XParley> ParseXParley(const Json& json, const std::string& path);
Json XParleyJson(const XParley& x_parley);

// One field of those that a session and a response share (output_modalities, instructions, tools,
// tool_choice, max_output_tokens, temperature). False when `key` is none of them.
Parsed<bool> ParseReplyField(const std::string& key, const Json& value, const std::string& path,
                             ReplySettings& reply);

// The object `audio.output`.
Parsed<void> ParseAudioOutput(const Json& json, const std::string& path, ReplySettings& reply);

Json ModalitiesJson(bool audio);
Json MaxTokensJson(const std::optional<int>& max_output_tokens);

}  // namespace parley::realtime
