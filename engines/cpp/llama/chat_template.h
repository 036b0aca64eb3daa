// The chat template that a GGUF file carries: how the messages of a conversation are written for
// that model. Rendered by llama.cpp's Jinja interpreter.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "ports/language_model.h"

namespace parley::llama {

// A stretch of a prompt. What came from people or models is `input`: no special token may be read
// out of it, or a user could write the system's part.
struct PromptPart {
  bool input = false;
  std::string text;
};

// Thread-safe.
class ChatTemplate {
 public:
  // kDataLoss if the source is not a template. `bos` and `eos` are the texts of these tokens.
  static Result<std::unique_ptr<ChatTemplate>> Create(const std::string& source, std::string bos,
                                                      std::string eos);
  ~ChatTemplate();

  // Whether the template has a place for tools.
  bool supports_tools() const;

  // The prompt up to where the assistant's next words belong. Tools are left out where the template
  // has no place for them. kInvalidArgument if the template refuses the messages, with its reason.
  Result<std::vector<PromptPart>> Render(const std::vector<ports::LanguageModel::Message>& messages,
                                         const std::vector<ports::LanguageModel::Tool>& tools);

 private:
  struct Program;
  ChatTemplate(std::unique_ptr<Program> program, std::string bos, std::string eos);

  const std::unique_ptr<Program> program_;
  const std::string bos_;
  const std::string eos_;
  std::mutex mutex_;  // one rendering at a time
};

}  // namespace parley::llama
