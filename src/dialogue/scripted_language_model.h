// Test instruments that stand in for a language model, only ever by name (llm.kind echo, script):
// the answer is a function of the request, and comes word by word at a chosen pace. One thread of
// its own calls all sinks. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dialogue/llm_config.h"
#include "ports/language_model.h"

namespace parley::dialogue {

class ScriptedLanguageModel final : public ports::LanguageModel {
 public:
  using Answer = std::function<std::string(const Request&)>;

  ScriptedLanguageModel(Answer answer, int first_ms, int word_ms);
  ~ScriptedLanguageModel() override;

  std::unique_ptr<Stream> Start(Request request, Sink sink) override;

 private:
  class Pacer;
  const Answer answer_;
  const int first_ms_;
  const int word_ms_;
  const std::unique_ptr<Pacer> pacer_;
};

// "You said: " and the user's newest words.
std::unique_ptr<ports::LanguageModel> MakeEcho(const LlmConfig& config);

// The line of llm.script whose turn it is: the first for the first message of the user, and so on,
// beginning anew after the last. Depends on the request alone, so that drafts do not use lines up.
std::unique_ptr<ports::LanguageModel> MakeScript(const LlmConfig& config);

}  // namespace parley::dialogue
