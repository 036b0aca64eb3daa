// One item of a conversation: a message of someone, a function call, or its output. What session/
// keeps in its list, parses from the client and shows in events.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley::realtime {

enum class ItemType { kMessage, kFunctionCall, kFunctionCallOutput };
enum class ItemRole { kUser, kAssistant, kSystem };
enum class ItemStatus { kInProgress, kCompleted, kIncomplete };
enum class PartType { kInputText, kInputAudio, kInputImage, kOutputText, kOutputAudio };

// Mono PCM of one part; kept only for `retrieve`.
struct PartAudio {
  int sample_rate_hz = 0;
  std::vector<int16_t> pcm;
};

struct ContentPart {
  PartType type = PartType::kInputText;
  std::string text;            // of text parts; the transcript of audio parts; the URL of an image
  bool has_transcript = true;  // of audio parts: false shows null
  std::shared_ptr<const PartAudio> audio;
  // Sound that a client gave with an item, in the session's input format, until it is `audio`.
  std::vector<uint8_t> bytes;
  std::string detail;  // of an image
};

struct Item {
  std::string id;  // empty in what a client sends without one
  ItemType type = ItemType::kMessage;
  ItemStatus status = ItemStatus::kCompleted;
  ItemRole role = ItemRole::kUser;   // of a message
  std::vector<ContentPart> content;  // of a message
  std::string call_id;               // of a call and its output
  std::string name;                  // of a call
  std::string arguments;             // of a call: JSON text
  std::string output;                // of an output

  // The words of all text and audio parts, joined by a space.
  std::string Words() const;
};

}  // namespace parley::realtime
