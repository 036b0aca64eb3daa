#include "llama/text_gate.h"

#include <algorithm>
#include <utility>

namespace parley::llama {
namespace {

constexpr std::string_view kCallBegin = "<tool_call>";
constexpr std::string_view kCallEnd = "</tool_call>";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::vector<std::string> WithoutEmpty(std::vector<std::string> texts) {
  std::erase_if(texts, [](const std::string& text) { return text.empty(); });
  return texts;
}

// How many bytes at the end of `text` may be the beginning of `mark`.
size_t Begins(std::string_view text, std::string_view mark) {
  for (size_t size = std::min(text.size(), mark.size() - 1); size > 0; --size) {
    if (text.ends_with(mark.substr(0, size))) return size;
  }
  return 0;
}

// The length of the sequence that `first` begins; 1 for what begins none.
size_t SequenceLength(unsigned char first) {
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xF0 && first < 0xF5) return 4;
  return 1;
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Moves the whole characters at the front of `bytes` to the result; with `all`, a cut one as
// U+FFFD.
std::string TakeCharacters(std::string& bytes, bool all) {
  std::string text;
  size_t at = 0;
  while (at < bytes.size()) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const size_t length = SequenceLength(first);
    size_t there = 1;
    while (there < length && at + there < bytes.size() && IsContinuation(bytes[at + there])) {
      ++there;
    }
    if (there < length && at + there == bytes.size() && !all) break;  // the rest may come
    if (there == length && (length > 1 || first < 0x80)) {
      text.append(bytes, at, length);
    } else {
      text += kReplacement;
    }
    at += there;
  }
  bytes.erase(0, at);
  return text;
}

}  // namespace

TextGate::TextGate(std::vector<std::string> stop, bool tools)
    : stop_(WithoutEmpty(std::move(stop))), tools_(tools) {}

std::string TextGate::Push(std::string_view bytes) {
  if (stopped_) return {};
  held_ += bytes;
  return Release(false);
}

std::string TextGate::Finish() {
  if (stopped_) return {};
  std::string text = Release(true);
  if (in_call_) calls_.push_back(std::exchange(held_, {}));  // the end mark never came
  in_call_ = false;
  return text;
}

size_t TextGate::HeldBack() const {
  size_t held = tools_ ? Begins(held_, kCallBegin) : 0;
  for (const std::string& stop : stop_) held = std::max(held, Begins(held_, stop));
  return held;
}

std::string TextGate::Release(bool all) {
  std::string text;
  while (tools_) {
    const size_t mark = held_.find(in_call_ ? kCallEnd : kCallBegin);
    if (mark == std::string::npos) break;
    std::string before = held_.substr(0, mark);
    held_.erase(0, mark + (in_call_ ? kCallEnd : kCallBegin).size());
    if (in_call_) {
      calls_.push_back(std::move(before));
    } else {
      text += TakeCharacters(before, true);
    }
    in_call_ = !in_call_;
  }
  if (in_call_) return text;
  size_t end = held_.size();
  for (const std::string& stop : stop_) end = std::min(end, held_.find(stop));
  stopped_ = end < held_.size();
  if (stopped_) held_.resize(end);
  const size_t keep = all || stopped_ ? 0 : HeldBack();
  std::string free = held_.substr(0, held_.size() - keep);
  const std::string later = held_.substr(held_.size() - keep);
  text += TakeCharacters(free, all || stopped_ || keep > 0);
  held_ = free + later;
  return text;
}

}  // namespace parley::llama
