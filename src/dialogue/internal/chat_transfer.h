// One request to the endpoint and its answer as it arrives. Made on any thread, then used by the
// loop's thread alone but for `cancelled` and the gate.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "dialogue/chat_codec.h"
#include "dialogue/llm_config.h"
#include "dialogue/sse_parser.h"
#include "ports/language_model.h"
#include "ports/stream.h"

namespace parley::dialogue::internal {

class ChatTransfer {
 public:
  using Model = ports::LanguageModel;
  ChatTransfer(const LlmConfig& config, const std::string& url, Model::Request request,
               Model::Sink sink);
  ~ChatTransfer();
  ChatTransfer(const ChatTransfer&) = delete;
  ChatTransfer& operator=(const ChatTransfer&) = delete;

  // From any thread: nothing is delivered after it but Done{kCancelled}.
  void Cancel() { cancelled_ = true; }
  bool cancelled() const { return cancelled_; }
  ports::SinkGate<Model::Event>& gate() { return gate_; }

  // The rest on the loop's thread.
  CURL* handle() const { return curl_.get(); }
  // Why it must end now though the transfer goes on: silence. nullopt: it need not.
  std::optional<Error> Overdue(int64_t now_us) const;
  // The transfer ended by itself with that result; delivers what is left and the last event.
  void Finish(CURLcode result);
  void FinishCancelled();
  void FinishFailed(Error error, bool retryable);
  // The answer is whole, and the server has not ended its response for a moment: some never do.
  bool Settled(int64_t now_us) const;

 private:
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  void SetOptions(const std::string& url);
  bool TakeBody(std::string_view bytes);
  bool TakeChunk(std::string_view data);
  Status CheckHead();
  Error Clean(Error error) const;
  Model::Done WithTimes(Model::Done done) const;

  const LlmConfig& config_;
  const int64_t ready_timeout_ms_;
  const std::string body_;
  ports::SinkGate<Model::Event> gate_;
  std::atomic<bool> cancelled_{false};
  const SteadyClock clock_;
  const int64_t start_us_;
  int64_t first_us_ = 0;
  int64_t last_us_ = 0;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl_;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers_;
  SseParser parser_;
  ChatReader reader_;
  std::string error_body_;
  bool head_checked_ = false;
  std::optional<Error> failure_;
  bool failure_retryable_ = false;
};

}  // namespace parley::dialogue::internal
