#include "gateway/admin.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace parley::gateway {
namespace {

using Json = nlohmann::ordered_json;
using router::Breaker;

constexpr int64_t kDeadlineMsMax = 3'600'000;

const char* StateOf(const router::Router::WorkerStatus& worker) {
  if (!worker.reachable) return "unreachable";
  if (worker.capabilities.draining) return "draining";
  if (worker.breaker == Breaker::State::kOpen) return "failing";
  return worker.capabilities.ready ? "ready" : "not_ready";
}

Json ModelJson(const ports::ModelInfo& model) {
  return {{"id", model.id},
          {"kind", ports::ModelKindName(model.kind)},
          {"engine", model.engine},
          {"state", ports::ModelStateName(model.state)},
          {"reason", model.reason},
          {"default", model.is_default},
          {"languages", model.languages},
          {"capabilities", model.capabilities},
          {"slots", model.slots},
          {"in_use", model.in_use},
          {"memory_bytes", model.memory_bytes},
          {"device_memory_bytes", model.device_memory_bytes},
          {"load_ms", model.load_ms}};
}

Json WorkerJson(const router::Router::WorkerStatus& worker) {
  const ports::WorkerCapabilities& can = worker.capabilities;
  Json models = Json::array();
  for (const ports::ModelInfo& model : can.models) models.push_back(ModelJson(model));
  Json out = {{"name", can.worker_id},         {"address", worker.address},
              {"state", StateOf(worker)},      {"why", can.not_ready_why},
              {"device", can.device},          {"version", can.version},
              {"in_flight", worker.in_flight}, {"announced", worker.announced != nullptr},
              {"models", std::move(models)}};
  if (worker.announced) {
    out["zone"] = worker.announced->zone;
    out["instance"] = worker.announced->instance;
    out["metrics_port"] = worker.announced->metrics_port;
    out["waiting"] = worker.announced->waiting;
    out["first_audio_p50_ms"] = worker.announced->first_audio_p50_ms;
    out["first_audio_p95_ms"] = worker.announced->first_audio_p95_ms;
  }
  return out;
}

}  // namespace

std::string WorkersJson(const std::vector<router::Router::WorkerStatus>& workers, bool stale) {
  Json all = Json::array();
  for (const auto& worker : workers) all.push_back(WorkerJson(worker));
  const Json out = {{"stale", stale}, {"workers", std::move(all)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<DrainRequest> ParseDrainRequest(std::string_view body) {
  const auto wrong = [](std::string_view what) {
    return Fail(
        Code::kInvalidArgument,
        fmt::format("{}; the body is {{\"worker\": \"NAME\", \"deadline_ms\": 60000}}", what));
  };
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return wrong("The body is no JSON object");
  DrainRequest request;
  for (const auto& [key, value] : json.items()) {
    if (key == "worker" && value.is_string()) {
      request.worker = value.get<std::string>();
    } else if (key == "deadline_ms" && value.is_number_integer()) {
      request.deadline_ms = value.get<int64_t>();
    } else {
      return wrong(fmt::format("'{}' is not known or of the wrong type", key.substr(0, 50)));
    }
  }
  if (request.worker.empty()) return wrong("'worker' is missing");
  if (request.deadline_ms < 0 || request.deadline_ms > kDeadlineMsMax) {
    return wrong(
        fmt::format("'deadline_ms' is {}, must be 0 to {}", request.deadline_ms, kDeadlineMsMax));
  }
  return request;
}

}  // namespace parley::gateway
