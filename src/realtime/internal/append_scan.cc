#include "realtime/internal/append_scan.h"

#include <algorithm>

namespace parley::realtime {
namespace {

constexpr std::string_view kType = "input_audio_buffer.append";

// What is left of a message.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool Take(char wanted) {
    SkipSpace();
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }

  // A string up to its next quote, escaped or not.
  std::optional<std::string_view> TakeString() {
    if (!Take('"')) return std::nullopt;
    const size_t end = text_.find('"');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view string = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    return string;
  }

  bool AtEnd() {
    SkipSpace();
    return text_.empty();
  }

 private:
  void SkipSpace() {
    const size_t first = text_.find_first_not_of(" \t\r\n");
    text_.remove_prefix(std::min(first, text_.size()));
  }

  std::string_view text_;
};

bool IsPlain(std::string_view string) {
  return std::all_of(string.begin(), string.end(),
                     [](char c) { return c >= 0x20 && c < 0x7F && c != '\\'; });
}

// Sets what was not set before.
bool SetOnce(std::optional<std::string_view>& field, std::string_view value) {
  if (field) return false;
  field = value;
  return true;
}

}  // namespace

std::optional<AppendScan> ScanAppend(std::string_view message) {
  Scanner scanner(message);
  std::optional<std::string_view> type;
  std::optional<std::string_view> audio;
  std::optional<std::string_view> event_id;
  if (!scanner.Take('{')) return std::nullopt;
  do {
    const auto key = scanner.TakeString();
    if (!key || !scanner.Take(':')) return std::nullopt;
    const auto value = scanner.TakeString();
    if (!value) return std::nullopt;
    const bool taken = (*key == "type" && SetOnce(type, *value)) ||
                       (*key == "audio" && SetOnce(audio, *value)) ||
                       (*key == "event_id" && IsPlain(*value) && SetOnce(event_id, *value));
    if (!taken) return std::nullopt;
  } while (scanner.Take(','));
  if (!scanner.Take('}') || !scanner.AtEnd() || type != kType || !audio) return std::nullopt;
  return AppendScan{.event_id = event_id.value_or(std::string_view()), .audio = *audio};
}

}  // namespace parley::realtime
