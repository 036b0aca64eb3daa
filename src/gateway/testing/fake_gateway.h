// The gateway's service on a real server, with fakes in place of a worker, for tests. The fakes'
// time runs while a call waits.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "gateway/gateway_service.h"
#include "net/client.h"
#include "net/io_threads.h"
#include "net/server.h"
#include "ports/testing/fake_language_model.h"
#include "ports/testing/fake_recognizer.h"
#include "ports/testing/fake_voice.h"

namespace parley::gateway::testing {

class FakeGateway {
 public:
  explicit FakeGateway(GatewayConfig config = {},
                       ports::testing::FakeRecognizer::Config recognizer = {});
  ~FakeGateway();

  // Runs the call while the fakes' time goes on.
  Result<net::HttpResponse> Fetch(net::HttpCall call);
  Result<net::HttpResponse> Get(std::string path, net::Headers headers = {});
  Result<net::HttpResponse> Post(std::string path, std::string body,
                                 std::string content_type = "application/json");
  // Lets the fakes' time go on until the condition holds; false after 10 s.
  bool RunUntil(const std::function<bool()>& condition);

  std::string url() const { return server_->base_url(); }
  uint16_t port() const { return server_->port(); }

  ports::testing::FakeVoice voice;
  ports::testing::FakeRecognizer recognizer;
  ports::testing::FakeLanguageModel language_model{
      {{.deltas = {"Hello ", "there."}},
       {.deltas = {"Let me look."}, .tool_calls = {{"call_1", "f", "{}"}}}}};
  ReadyState ready;
  session::FloorBoard floors;
  std::vector<std::string> turns;
  std::function<net::Upgrade(const net::HttpRequest&, net::Executor&, std::string)> realtime;
  metrics::Registry registry;

 private:
  const SteadyClock clock_{};
  const Names names_;
  WorkPool pool_{1, 4};
  metrics::GatewayMetrics metrics_{registry};
  ClientSecrets secrets_{realtime::SessionDefaults{}};
  std::unique_ptr<GatewayService> service_;
  std::unique_ptr<net::IoThreads> threads_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace parley::gateway::testing
