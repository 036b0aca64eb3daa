// Who may use the gateway: by key, by the web origin a browser names, and by the host it thinks it
// talks to. Pure and immutable; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "gateway/api_error.h"
#include "net/http.h"

namespace parley::gateway {

class AccessPolicy {
 public:
  // An empty key lets any through. `listens_beyond` this machine: any Host is good.
  AccessPolicy(Secret key, std::vector<std::string> allowed_origins, bool listens_beyond);

  // 401 without the right key, in "Authorization: Bearer KEY" or, where a browser cannot set that,
  // in the WebSocket sub-protocol "openai-insecure-api-key.KEY".
  std::optional<ApiError> CheckKey(const net::HttpRequest& request) const;

  // 403 for a browser that another site has sent here, unless it is allowed or shows the configured
  // key.
  std::optional<ApiError> CheckOrigin(const net::HttpRequest& request) const;

  // 403, while only this machine is listened to, for a Host that is not this machine (a name
  // rebound to 127.0.0.1).
  std::optional<ApiError> CheckHost(const net::HttpRequest& request) const;

  // The origin to name in Access-Control-Allow-Origin; empty: none.
  std::string AllowedOrigin(const net::HttpRequest& request) const;

 private:
  bool ShowsKey(const net::HttpRequest& request) const;

  const Secret key_;
  const std::vector<std::string> allowed_origins_;
  const bool listens_beyond_;
};

// What the client shows as its key, in either way; nullopt when it shows none.
std::optional<std::string_view> ShownKey(const net::HttpRequest& request);

// The sub-protocol to select from the client's offer: "realtime" if offered, else the one of the
// older dialect, since a browser that offers any wants one; never the one with the key.
std::string SelectSubprotocol(const net::HttpRequest& request);

// The client asks for the older dialect (realtime/beta_dialect.h): by the header "OpenAI-Beta:
// realtime=v1" or, from a browser, the sub-protocol "openai-beta.realtime-v1".
bool SpeaksBeta(const net::HttpRequest& request);

}  // namespace parley::gateway
