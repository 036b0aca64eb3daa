// Which address means what: the routes of the gateway, behind key, origin and limits. Thread-safe;
// each request is answered on its own io thread.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gateway/access.h"
#include "gateway/admin.h"
#include "gateway/client_secrets.h"
#include "gateway/config.h"
#include "gateway/names.h"
#include "gateway/page.h"
#include "gateway/readiness.h"
#include "gateway/speech_job.h"
#include "gateway/work_pool.h"
#include "metrics/gateway_metrics.h"
#include "net/server.h"
#include "ports/language_model.h"
#include "ports/recognizer.h"
#include "ports/voice.h"
#include "session/floor_board.h"

namespace parley::gateway {

class GatewayService final : public net::Service {
 public:
  // All outlive the service.
  struct Deps {
    const Names& names;
    ports::Voice& voice;
    ports::Recognizer& recognizer;
    ports::LanguageModel& language_model;
    // The language model is an endpoint's, whose names for models may be any.
    bool any_model_name = false;
    WorkPool& pool;
    metrics::GatewayMetrics& metrics;
    std::function<ReadyState()> readiness;
    const Clock& clock;
    // For /v1/admin/floors.
    const session::FloorBoard& floors;
    // The newest turns as JSON objects, for /v1/admin/turns.
    std::function<std::vector<std::string>(size_t count)> turns;
    // /v1/admin/workers as JSON (gateway/admin.h), and the drain of one; `done` on any thread.
    std::function<std::string()> workers;
    std::function<void(const DrainRequest&, std::function<void(Status)> done)> drain;
    ClientSecrets& secrets;
    // Opens a conversation; key and origin are good already. `patch`: what the client's secret says
    // of the session (realtime::SessionDefaults::patch).
    std::function<net::Upgrade(const net::HttpRequest&, net::Executor&, std::string patch)>
        realtime;
  };

  GatewayService(const GatewayConfig& config, Deps deps);

  net::Admission Admit(const net::HttpRequest& head) override;
  void OnRequest(std::shared_ptr<net::Exchange> exchange) override;
  net::Upgrade OnUpgrade(const net::HttpRequest& request, net::Executor& executor) override;
  net::HttpResponse OnBadRequest(int status, std::string_view why) override;

  // Requests for speech, words and answers so far. Thread-safe.
  uint64_t jobs_begun() const { return next_reply_.load() - 1; }

 private:
  using Handler = void (GatewayService::*)(std::shared_ptr<net::Exchange>);
  struct Route {
    const char* path;  // as metrics name it
    const char* method;
    bool open;  // without a key
    size_t body_bytes_max;
    Handler handler;
  };

  const Route* Find(const net::HttpRequest& request) const;
  std::optional<ApiError> Check(const net::HttpRequest& request, const Route* route) const;
  // Of an upgrade whose key is a client secret: what that says of the session.
  Parsed<std::string> CheckSecret(const net::HttpRequest& request) const;
  ApiError NoSuch(const net::HttpRequest& request) const;
  void Answer(net::Exchange& exchange, net::HttpResponse response);
  static const char* NameOf(const Route* route) { return route ? route->path : "page"; }
  void Count(const char* route, int status);
  // Answers 429 and gives nothing when the most are taken.
  std::optional<JobTicket> TakeTicket(net::Exchange& exchange) {
    return TakeTicket(exchange, tickets_, config_.requests_max);
  }
  std::optional<JobTicket> TakeTicket(net::Exchange& exchange,
                                      const std::shared_ptr<std::atomic<int>>& taken, int most);

  void Speech(std::shared_ptr<net::Exchange> exchange);
  void Transcription(std::shared_ptr<net::Exchange> exchange);
  void Translation(std::shared_ptr<net::Exchange> exchange);
  void Transcribe(std::shared_ptr<net::Exchange> exchange, bool translate);
  void Chat(std::shared_ptr<net::Exchange> exchange);
  void Models(std::shared_ptr<net::Exchange> exchange);
  void Model(std::shared_ptr<net::Exchange> exchange);
  void Health(std::shared_ptr<net::Exchange> exchange);
  void Ready(std::shared_ptr<net::Exchange> exchange);
  void Metrics(std::shared_ptr<net::Exchange> exchange);
  void Turns(std::shared_ptr<net::Exchange> exchange);
  void Floors(std::shared_ptr<net::Exchange> exchange);
  void ClientSecret(std::shared_ptr<net::Exchange> exchange);
  void OlderSession(std::shared_ptr<net::Exchange> exchange);
  void OlderTranscriptionSession(std::shared_ptr<net::Exchange> exchange);
  void IssueSecret(net::Exchange& exchange, ClientSecrets::Kind kind);
  void Workers(std::shared_ptr<net::Exchange> exchange);
  void DrainWorker(std::shared_ptr<net::Exchange> exchange);
  void RealtimeWithoutUpgrade(std::shared_ptr<net::Exchange> exchange);

  const GatewayConfig config_;
  const Deps deps_;
  const AccessPolicy access_;
  const Page page_;
  const std::vector<Route> routes_;
  const std::shared_ptr<std::atomic<int>> tickets_;
  const std::shared_ptr<std::atomic<int>> watchers_;
  std::atomic<uint64_t> next_reply_ = 1;
};

}  // namespace parley::gateway
