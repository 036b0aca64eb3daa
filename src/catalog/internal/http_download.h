// One file over HTTP by libcurl: continues a half-written file, follows redirects by hand, tries
// again after cuts and stalls.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "catalog/progress.h"

namespace parley::catalog::internal {

struct HttpConfig {
  int connect_timeout_ms = 15'000;
  int stall_ms = 30'000;  // without a byte; then it counts as a cut
  int tries_max = 5;      // in a row without a new byte; each continues where the last one ended
  int backoff_ms = 500;   // before the second try, doubled for each later one
  int redirects_max = 8;
};

struct HttpRequest {
  std::string url;
  Secret token;  // sent as Bearer to this URL alone, never to where it redirects
  std::filesystem::path out;
  uint64_t size_bytes_max = 0;  // more is refused
};

// On success `out` is whole. After a failure what arrived stays there for a later call, unless the
// server's answer makes it useless. kNotFound 404 and 410; kUnauthenticated 401; kPermissionDenied
// 403; kUnavailable for what may pass (refused connection, cuts, 429, 5xx); kOutOfRange too large;
// kResourceExhausted disk full; kCancelled.
Status Download(const HttpRequest& request, const HttpConfig& config, Work& work);

}  // namespace parley::catalog::internal
