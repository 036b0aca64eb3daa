// What a worker tells over plain HTTP: /metrics for Prometheus, /healthz (it lives) and /readyz
// (its default models are ready). Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "metrics/registry.h"
#include "net/server.h"

namespace parley::worker {

class MetricsService final : public net::Service {
 public:
  // `not_ready_why` is asked on any io thread; empty: ready.
  MetricsService(metrics::Registry& registry, std::function<std::string()> not_ready_why)
      : registry_(registry), not_ready_why_(std::move(not_ready_why)) {}

  net::Admission Admit(const net::HttpRequest&) override { return {}; }
  void OnRequest(std::shared_ptr<net::Exchange> exchange) override;
  net::Upgrade OnUpgrade(const net::HttpRequest& request, net::Executor& executor) override;
  net::HttpResponse OnBadRequest(int status, std::string_view why) override;

 private:
  net::HttpResponse Answer(const net::HttpRequest& request) const;

  metrics::Registry& registry_;
  const std::function<std::string()> not_ready_why_;
};

}  // namespace parley::worker
