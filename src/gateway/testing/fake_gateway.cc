#include "gateway/testing/fake_gateway.h"

#include <chrono>
#include <future>

#include "base/check.h"

namespace parley::gateway::testing {

FakeGateway::FakeGateway(GatewayConfig config, ports::testing::FakeRecognizer::Config heard)
    : recognizer(std::move(heard)), names_(config.model_names, config.voice_names) {
  config.port = 0;
  realtime = [](const net::HttpRequest&, net::Executor&, const std::string&) {
    net::Upgrade upgrade;
    upgrade.refusal = net::TextResponse(501, "no conversations in this test");
    return upgrade;
  };
  service_ = std::make_unique<GatewayService>(
      config,
      GatewayService::Deps{
          .names = names_,
          .voice = voice,
          .recognizer = recognizer,
          .language_model = language_model,
          .pool = pool_,
          .metrics = metrics_,
          .readiness = [this] { return ready; },
          .clock = clock_,
          .floors = floors,
          .turns = [this](size_t) { return turns; },
          .workers = [] { return WorkersJson({}, false); },
          .drain =
              [](const DrainRequest& request, auto done) {
                done(request.worker == "w1" ? Status() : Fail(Code::kNotFound, "no worker"));
              },
          .secrets = secrets_,
          .realtime =
              [this](const net::HttpRequest& request, net::Executor& executor, std::string patch) {
                return realtime(request, executor, std::move(patch));
              }});
  auto threads = net::IoThreads::Start(2, "io");
  PARLEY_CHECK(threads.has_value());
  threads_ = std::move(*threads);
  auto server = net::Server::Start(config.ToServerConfig(), *service_, *threads_);
  PARLEY_CHECK(server.has_value());
  server_ = std::move(*server);
}

FakeGateway::~FakeGateway() {
  server_->Stop(0);
  threads_->Stop();
}

bool FakeGateway::RunUntil(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    voice.AdvanceUs(5'000);
    language_model.AdvanceUs(5'000);
    recognizer.AdvanceUs(5'000);
    std::this_thread::yield();
  }
  return true;
}

Result<net::HttpResponse> FakeGateway::Fetch(net::HttpCall call) {
  auto answer = std::async(std::launch::async, [&call] { return net::Fetch(call); });
  RunUntil([&] { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  return answer.get();
}

Result<net::HttpResponse> FakeGateway::Get(std::string path, net::Headers headers) {
  net::HttpCall call;
  call.url = url() + path;
  call.headers = std::move(headers);
  return Fetch(std::move(call));
}

Result<net::HttpResponse> FakeGateway::Post(std::string path, std::string body,
                                            std::string content_type) {
  net::HttpCall call;
  call.method = "POST";
  call.url = url() + path;
  call.headers = {{"Content-Type", std::move(content_type)}};
  call.body = std::move(body);
  return Fetch(std::move(call));
}

}  // namespace parley::gateway::testing
