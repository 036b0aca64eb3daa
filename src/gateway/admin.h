// What operators see and do over HTTP: /v1/admin/workers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "router/router.h"

namespace parley::gateway {

// {"stale": …, "workers": [{name, address, zone, device, version, state, …, models: […]}]}: what
// the router decides by. `stale`: the registry cannot be read, and the view is old.
std::string WorkersJson(const std::vector<router::Router::WorkerStatus>& workers, bool stale);

struct DrainRequest {
  std::string worker;  // name or address
  int64_t deadline_ms = 60'000;
};
// {"worker": "…", "deadline_ms": 60000}; kInvalidArgument says what is wrong with it.
Result<DrainRequest> ParseDrainRequest(std::string_view body);

}  // namespace parley::gateway
