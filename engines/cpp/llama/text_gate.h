// What of a model's output may be said already: whole UTF-8 characters, nothing of a stop string
// and nothing after it, and no tool calls, which are taken out. One sequence. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::llama {

class TextGate {
 public:
  // `stop`: strings that end the answer; empty ones are ignored. With `tools`, what stands between
  // <tool_call> and </tool_call> is collected.
  TextGate(std::vector<std::string> stop, bool tools);

  // Takes the bytes of the next token and returns what may be said now. Bytes that are no UTF-8
  // become U+FFFD.
  std::string Push(std::string_view bytes);

  // All that is left; call it once after the last token. What looked like the beginning of a stop
  // string or tool call and was none comes out here.
  std::string Finish();

  bool stopped() const { return stopped_; }
  // The insides of the tool calls so far.
  const std::vector<std::string>& calls() const { return calls_; }

 private:
  std::string Release(bool all);
  size_t HeldBack() const;

  const std::vector<std::string> stop_;
  const bool tools_;
  std::string held_;
  bool in_call_ = false;
  bool stopped_ = false;
  std::vector<std::string> calls_;
};

}  // namespace parley::llama
