// A language model behind an OpenAI-compatible endpoint (Ollama, llama.cpp, vLLM, OpenAI): POST
// /chat/completions, answered as server-sent events. Owned by the gateway; one thread of its own
// carries all transfers and calls all sinks, so a sink must not block (ports/stream.h). Connections
// are kept alive from turn to turn; a cancelled stream's connection is closed at once, which is how
// such servers learn to stop. Thread-safe.
//
// Errors as they arrive in Failed: kUnauthenticated 401, kPermissionDenied 403, kNotFound 404,
// kResourceExhausted 429 (retryable), kUnavailable for 5xx, refused and cut connections
// (retryable), kDeadlineExceeded for silence, kFailedPrecondition for redirects and answers that
// are no event stream, kDataLoss for a stream that cannot be read. No message holds the key.
#pragma once

#include <memory>

#include "base/result.h"
#include "dialogue/llm_config.h"
#include "ports/language_model.h"

namespace parley::dialogue {

class OpenAiLanguageModel final : public ports::LanguageModel {
 public:
  // Streams at once; one more fails with kResourceExhausted.
  static constexpr size_t kStreamsMax = 1024;

  // kInvalidArgument when the configuration names no endpoint or model.
  static Result<std::unique_ptr<OpenAiLanguageModel>> Create(const LlmConfig& config);
  ~OpenAiLanguageModel() override;

  // An empty `request.model` is the configured one; absent sampling fields too.
  std::unique_ptr<Stream> Start(Request request, Sink sink) override;

 private:
  class Loop;
  explicit OpenAiLanguageModel(std::unique_ptr<Loop> loop);

  const std::unique_ptr<Loop> loop_;
};

}  // namespace parley::dialogue
