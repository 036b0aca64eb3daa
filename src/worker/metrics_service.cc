#include "worker/internal/metrics_service.h"

#include <utility>

namespace parley::worker {
namespace {

net::HttpResponse Text(int status, std::string body) {
  net::HttpResponse response;
  response.status = status;
  response.headers.Add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = std::move(body);
  return response;
}

}  // namespace

net::HttpResponse MetricsService::Answer(const net::HttpRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") return Text(405, "only GET\n");
  if (request.path == "/metrics") return Text(200, registry_.Expose());
  if (request.path == "/healthz") return Text(200, "ok\n");
  if (request.path == "/readyz") {
    const std::string why = not_ready_why_();
    return why.empty() ? Text(200, "ready\n") : Text(503, why + "\n");
  }
  return Text(404, "there are /metrics, /healthz and /readyz\n");
}

void MetricsService::OnRequest(std::shared_ptr<net::Exchange> exchange) {
  exchange->Respond(Answer(exchange->request()));
}

net::Upgrade MetricsService::OnUpgrade(const net::HttpRequest&, net::Executor&) {
  return {.refusal = Text(404, "no WebSocket here\n")};
}

net::HttpResponse MetricsService::OnBadRequest(int status, std::string_view why) {
  return Text(status, std::string(why) + "\n");
}

}  // namespace parley::worker
