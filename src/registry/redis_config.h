// Where Redis is and who may use it: [redis] of the configuration.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "config/binder.h"

namespace parley::registry {

struct RedisConfig {
  // redis://[user[:password]@]host[:port][/db], rediss://… for TLS, unix:///path[?db=N]. Empty: no
  // registry; workers are known by their addresses alone.
  std::string url;
  std::string user;  // of an ACL; here or in the url
  Secret password;
  std::string ca_file;  // authorities of the server's certificate in PEM; empty: the system's
  std::string certificate_file;  // own certificate, where the server demands one
  std::string key_file;
  std::string prefix = "parley";  // all keys and the channel begin with it and ':'

  int64_t lease_ms = 5'000;  // a worker that has not been heard of for so long is gone
  int64_t beat_ms = 1'000;   // how often workers renew it, and gateways look

  bool enabled() const { return !url.empty(); }
  Status Validate() const;
};

void BindConfig(config::Binder& binder, RedisConfig& config);

// The url taken apart.
struct RedisAddress {
  std::string unix_path;  // instead of host and port
  std::string host;
  std::string port = "6379";
  bool tls = false;
  std::string user;
  Secret password;
  int database = 0;

  // For messages; without user and password.
  std::string Words() const;
};

// kInvalidArgument, saying what a url looks like and never repeating a password.
Result<RedisAddress> ParseRedisUrl(const std::string& url);

}  // namespace parley::registry
