// A language model for measurements: an OpenAI-compatible endpoint on loopback that answers each
// chat with a canned sentence, its first token after an exact delay and the others at an exact
// rate, so that what is measured is Parley and not a model. Thread-safe once started.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace parley::cli::bench {

struct ScriptedLlmConfig {
  int first_token_ms = 50;
  int token_interval_ms = 10;
  // Given in turn. A token is a word with the space before it.
  std::vector<std::string> replies = {
      "Certainly, that is a good question. Let me think about it for a moment.",
      "Well, as far as I know it is so. Most people would agree with that.",
      "Of course, I can tell you. It is simpler than it sounds at first.",
      "Yes, I have an answer. It begins with a story about a small town.",
  };
};

class ScriptedLlm {
 public:
  static Result<std::unique_ptr<ScriptedLlm>> Start(ScriptedLlmConfig config);
  ~ScriptedLlm();

  // "http://127.0.0.1:PORT/v1", as `llm.url` takes it.
  std::string url() const;
  int64_t requests() const;

 private:
  class Impl;
  explicit ScriptedLlm(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::cli::bench
