#include "dialogue/openai_language_model.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "dialogue/internal/chat_transfer.h"

namespace parley::dialogue {
namespace {

using internal::ChatTransfer;

constexpr long kConnectionsKept = 32;
constexpr int kPollMs = 100;  // how late a silence is noticed; a wake-up ends it earlier
constexpr int kPollIdleMs = 10'000;

std::string EndpointOf(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url.ends_with("/chat/completions") ? url : url + "/chat/completions";
}

}  // namespace

// All transfers on one thread.
class OpenAiLanguageModel::Loop {
 public:
  explicit Loop(const LlmConfig& config)
      : config_(config), endpoint_(EndpointOf(config.url)), multi_(curl_multi_init()) {
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kConnectionsKept);
    thread_ = std::thread([this] { Run(); });
  }

  ~Loop() {
    stopping_ = true;
    Wake();
    thread_.join();
    curl_multi_cleanup(multi_);
  }

  std::shared_ptr<ChatTransfer> Add(Request request, Sink sink) {
    auto transfer =
        std::make_shared<ChatTransfer>(config_, endpoint_, std::move(request), std::move(sink));
    {
      const std::lock_guard lock(mutex_);
      added_.push_back(transfer);
    }
    Wake();
    return transfer;
  }

  // Thread-safe, by libcurl's own word.
  void Wake() { curl_multi_wakeup(multi_); }

 private:
  using Transfers = std::vector<std::shared_ptr<ChatTransfer>>;

  void Run() {
    while (!stopping_) {
      TakeAdded();
      int running = 0;
      curl_multi_perform(multi_, &running);
      ReapFinished();
      ReapStopped();
      if (stopping_) break;
      curl_multi_poll(multi_, nullptr, 0, running_.empty() ? kPollIdleMs : kPollMs, nullptr);
    }
    TakeAdded();
    for (const auto& transfer : std::exchange(running_, {})) {
      curl_multi_remove_handle(multi_, transfer->handle());
      transfer->FinishFailed({Code::kUnavailable, "the gateway is shutting down"}, true);
    }
  }

  void TakeAdded() {
    Transfers added;
    {
      const std::lock_guard lock(mutex_);
      added.swap(added_);
    }
    for (auto& transfer : added) {
      if (running_.size() >= kStreamsMax) {
        transfer->FinishFailed(
            {Code::kResourceExhausted, "too many replies are being written at once"}, true);
        continue;
      }
      curl_multi_add_handle(multi_, transfer->handle());
      running_.push_back(std::move(transfer));
    }
  }

  // Out of the list, which keeps the connection when the answer was whole and else closes it.
  std::shared_ptr<ChatTransfer> Remove(CURL* handle) {
    const auto found = std::find_if(running_.begin(), running_.end(),
                                    [&](const auto& one) { return one->handle() == handle; });
    std::shared_ptr<ChatTransfer> transfer = std::move(*found);
    running_.erase(found);
    curl_multi_remove_handle(multi_, handle);
    return transfer;
  }

  void ReapFinished() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode result = message->data.result;
      Remove(message->easy_handle)->Finish(result);
    }
  }

  void ReapStopped() {
    const int64_t now_us = clock_.NowUs();
    const Transfers running = running_;
    for (const auto& transfer : running) {
      if (transfer->cancelled()) {
        Remove(transfer->handle())->FinishCancelled();
      } else if (transfer->Settled(now_us)) {
        Remove(transfer->handle())->Finish(CURLE_OK);
      } else if (auto overdue = transfer->Overdue(now_us)) {
        Remove(transfer->handle())->FinishFailed(std::move(*overdue), true);
      }
    }
  }

  const LlmConfig config_;
  const std::string endpoint_;
  CURLM* const multi_;
  const SteadyClock clock_;
  std::atomic<bool> stopping_{false};
  Transfers running_;  // the thread's
  std::mutex mutex_;
  Transfers added_;  // guarded by mutex_
  std::thread thread_;
};

namespace {

class OpenAiStream final : public ports::LanguageModel::Stream {
 public:
  OpenAiStream(std::shared_ptr<ChatTransfer> transfer, std::function<void()> wake)
      : transfer_(std::move(transfer)), wake_(std::move(wake)) {}
  ~OpenAiStream() override {
    transfer_->Cancel();
    transfer_->gate().Close();
    wake_();
  }
  void Cancel() override {
    transfer_->Cancel();
    wake_();
  }

 private:
  const std::shared_ptr<ChatTransfer> transfer_;
  const std::function<void()> wake_;
};

}  // namespace

Result<std::unique_ptr<OpenAiLanguageModel>> OpenAiLanguageModel::Create(const LlmConfig& config) {
  PARLEY_TRY_STATUS(config.Validate());
  if (config.ResolvedKind() != LlmKind::kOpenAi) {
    return Fail(Code::kInvalidArgument, "no endpoint is configured: set llm.url and llm.model");
  }
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialized != CURLE_OK) return Fail(Code::kInternal, "libcurl cannot be initialized");
  return std::unique_ptr<OpenAiLanguageModel>(
      new OpenAiLanguageModel(std::make_unique<Loop>(config)));
}

OpenAiLanguageModel::OpenAiLanguageModel(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
OpenAiLanguageModel::~OpenAiLanguageModel() = default;

std::unique_ptr<ports::LanguageModel::Stream> OpenAiLanguageModel::Start(Request request,
                                                                         Sink sink) {
  Loop* loop = loop_.get();
  return std::make_unique<OpenAiStream>(loop->Add(std::move(request), std::move(sink)),
                                        [loop] { loop->Wake(); });
}

}  // namespace parley::dialogue
