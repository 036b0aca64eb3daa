// The message that comes most, input_audio_buffer.append, read without a DOM: one pass over its few
// keys, none over its audio. Whatever is unusual about a message is left to the parser.
#pragma once

#include <optional>
#include <string_view>

namespace parley::realtime {

struct AppendScan {
  std::string_view event_id;  // empty: none
  std::string_view audio;     // base64, unchecked but for holding no quote
};

// A JSON object whose keys are "type", which is input_audio_buffer.append, "audio" and perhaps
// "event_id", each once, in any order, with strings of printable ASCII without escapes. nullopt for
// all else, which may still be a good event.
std::optional<AppendScan> ScanAppend(std::string_view message);

}  // namespace parley::realtime
