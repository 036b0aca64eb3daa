#include "cli/bench/scripted_llm.h"

#include <fmt/format.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.h"
#include "net/server.h"

namespace parley::cli::bench {
namespace {

std::vector<std::string> Tokens(const std::string& reply) {
  std::vector<std::string> tokens;
  size_t begin = 0;
  while (begin < reply.size()) {
    const size_t end = std::min(reply.find(' ', begin + 1), reply.size());
    tokens.push_back(reply.substr(begin, end - begin));
    begin = end;
  }
  return tokens;
}

std::string Chunk(const nlohmann::json& delta, const nlohmann::json& finish) {
  const nlohmann::json chunk = {
      {"id", "chatcmpl-scripted"},
      {"object", "chat.completion.chunk"},
      {"choices", {{{"index", 0}, {"delta", delta}, {"finish_reason", finish}}}}};
  return "data: " + chunk.dump() + "\n\n";
}

// One answer under way; keeps itself alive by its timer's task until it has ended.
class Answer : public std::enable_shared_from_this<Answer> {
 public:
  Answer(std::shared_ptr<net::Exchange> exchange, const ScriptedLlmConfig& config,
         const std::string& reply)
      : exchange_(std::move(exchange)),
        timer_(exchange_->executor().MakeTimer()),
        interval_us_(config.token_interval_ms * 1000),
        next_us_(clock_.NowUs() + config.first_token_ms * 1000),
        tokens_(Tokens(reply)) {}

  void Begin() {
    exchange_->StartStream({.headers = {{"Content-Type", "text/event-stream"}}});
    exchange_->OnGone([self = weak_from_this()] {
      if (const auto answer = self.lock()) answer->timer_->Cancel();
    });
    Wait();
  }

 private:
  void Wait() {
    timer_->Start(next_us_, [self = shared_from_this()] { self->Send(); });
    next_us_ += interval_us_;
  }

  void Send() {
    if (sent_ < tokens_.size()) {
      exchange_->Write(Chunk({{"content", tokens_[sent_++]}}, nullptr), {});
      return Wait();
    }
    exchange_->Write(Chunk(nlohmann::json::object(), "stop") + "data: [DONE]\n\n", {});
    exchange_->End();
  }

  const SteadyClock clock_;
  const std::shared_ptr<net::Exchange> exchange_;
  const std::unique_ptr<net::Timer> timer_;
  const int64_t interval_us_;
  int64_t next_us_;
  const std::vector<std::string> tokens_;
  size_t sent_ = 0;
};

}  // namespace

class ScriptedLlm::Impl final : public net::Service {
 public:
  explicit Impl(ScriptedLlmConfig config) : config_(std::move(config)) {}

  Status Listen() {
    PARLEY_TRY(threads_, net::IoThreads::Start(1, "scripted-llm"));
    PARLEY_TRY(server_, net::Server::Start({}, *this, *threads_));
    return {};
  }
  ~Impl() override {
    if (server_) server_->Stop(0);
    if (threads_) threads_->Stop();
  }

  net::Admission Admit(const net::HttpRequest&) override { return {.body_bytes_max = 1 << 20}; }

  void OnRequest(std::shared_ptr<net::Exchange> exchange) override {
    if (exchange->request().path == "/v1/models") {
      return exchange->Respond(net::JsonResponse(
          200, R"({"object":"list","data":[{"id":"scripted","object":"model"}]})"));
    }
    if (exchange->request().path != "/v1/chat/completions") {
      return exchange->Respond(net::JsonResponse(404, R"({"error":{"message":"not here"}})"));
    }
    const auto number = static_cast<size_t>(requests_++);
    const std::string& reply = config_.replies[number % config_.replies.size()];
    std::make_shared<Answer>(std::move(exchange), config_, reply)->Begin();
  }

  net::Upgrade OnUpgrade(const net::HttpRequest&, net::Executor&) override {
    return {.refusal = net::TextResponse(404, "no WebSocket here\n")};
  }
  net::HttpResponse OnBadRequest(int status, std::string_view why) override {
    return net::TextResponse(status, std::string(why));
  }

  const net::Server& server() const { return *server_; }
  int64_t requests() const { return requests_; }

 private:
  const ScriptedLlmConfig config_;
  std::atomic<int64_t> requests_{0};
  std::unique_ptr<net::IoThreads> threads_;
  std::unique_ptr<net::Server> server_;
};

ScriptedLlm::ScriptedLlm(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ScriptedLlm::~ScriptedLlm() = default;

Result<std::unique_ptr<ScriptedLlm>> ScriptedLlm::Start(ScriptedLlmConfig config) {
  auto impl = std::make_unique<Impl>(std::move(config));
  PARLEY_TRY_STATUS(impl->Listen());
  return std::unique_ptr<ScriptedLlm>(new ScriptedLlm(std::move(impl)));
}

std::string ScriptedLlm::url() const { return impl_->server().base_url() + "/v1"; }
int64_t ScriptedLlm::requests() const { return impl_->requests(); }

}  // namespace parley::cli::bench
