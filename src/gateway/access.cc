#include "gateway/access.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/config.h"

namespace parley::gateway {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kKeyProtocol = "openai-insecure-api-key.";
constexpr std::string_view kProtocol = "realtime";
constexpr std::string_view kBetaProtocol = "openai-beta.realtime-v1";

std::string_view HostWithoutPort(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

}  // namespace

AccessPolicy::AccessPolicy(Secret key, std::vector<std::string> allowed_origins,
                           bool listens_beyond)
    : key_(std::move(key)),
      allowed_origins_(std::move(allowed_origins)),
      listens_beyond_(listens_beyond) {}

bool AccessPolicy::ShowsKey(const net::HttpRequest& request) const {
  const auto shown = ShownKey(request);
  return !key_.empty() && shown && key_.Matches(*shown);
}

std::optional<ApiError> AccessPolicy::CheckKey(const net::HttpRequest& request) const {
  if (key_.empty() || ShowsKey(request)) return std::nullopt;
  const bool none = !ShownKey(request);
  return ApiError{401,
                  none ? "You didn't provide an API key. Send it as 'Authorization: Bearer KEY'."
                       : "Incorrect API key provided.",
                  "", "invalid_api_key"};
}

std::string AccessPolicy::AllowedOrigin(const net::HttpRequest& request) const {
  const std::string_view origin = request.headers.Get("origin");
  if (origin.empty()) return "";
  const std::string own =
      fmt::format("{}://{}", request.tls ? "https" : "http", request.headers.Get("host"));
  const bool listed = std::any_of(
      allowed_origins_.begin(), allowed_origins_.end(), [&](const std::string& allowed) {
        return allowed == "*" || net::EqualIgnoringCase(allowed, origin);
      });
  return listed || net::EqualIgnoringCase(origin, own) ? std::string(origin) : "";
}

std::optional<ApiError> AccessPolicy::CheckHost(const net::HttpRequest& request) const {
  const std::string_view host = request.headers.Get("host");
  if (!listens_beyond_ && !host.empty() && !IsLoopbackHost(HostWithoutPort(host))) {
    return ApiError{403,
                    fmt::format("The host '{}' is not this machine; use 127.0.0.1 or localhost.",
                                host.substr(0, 200)),
                    "", "host_not_allowed"};
  }
  return std::nullopt;
}

std::optional<ApiError> AccessPolicy::CheckOrigin(const net::HttpRequest& request) const {
  const std::string_view origin = request.headers.Get("origin");
  if (origin.empty() || !AllowedOrigin(request).empty() || ShowsKey(request)) return std::nullopt;
  return ApiError{403,
                  fmt::format("Pages of '{}' may not use this server; add it to "
                              "gateway.allowed_origins.",
                              origin.substr(0, 200)),
                  "", "origin_not_allowed"};
}

std::optional<std::string_view> ShownKey(const net::HttpRequest& request) {
  const std::string_view authorization = request.headers.Get("authorization");
  if (authorization.size() >= kBearer.size() &&
      net::EqualIgnoringCase(authorization.substr(0, kBearer.size()), kBearer)) {
    return authorization.substr(kBearer.size());
  }
  for (const std::string_view offer :
       net::SplitList(request.headers.Get("sec-websocket-protocol"))) {
    if (offer.starts_with(kKeyProtocol)) return offer.substr(kKeyProtocol.size());
  }
  return std::nullopt;
}

std::string SelectSubprotocol(const net::HttpRequest& request) {
  const auto offers = net::SplitList(request.headers.Get("sec-websocket-protocol"));
  for (const std::string_view known : {kProtocol, kBetaProtocol}) {
    if (std::find(offers.begin(), offers.end(), known) != offers.end()) return std::string(known);
  }
  return "";
}

bool SpeaksBeta(const net::HttpRequest& request) {
  const auto named = [&request](const char* header, std::string_view value) {
    const auto values = net::SplitList(request.headers.Get(header));
    return std::find(values.begin(), values.end(), value) != values.end();
  };
  return named("openai-beta", "realtime=v1") || named("sec-websocket-protocol", kBetaProtocol);
}

}  // namespace parley::gateway
