// Bytes to and from Redis: TCP, TLS over TCP, or a Unix socket, each wait with a deadline. Debian's
// hiredis speaks no TLS, so it parses only; what it parses comes through here. One sequence.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "registry/redis_config.h"

struct ssl_st;
struct ssl_ctx_st;

namespace parley::registry {

class RedisSocket {
 public:
  // kUnavailable when nobody answers, kUnauthenticated when the certificate does not hold,
  // kDeadlineExceeded after `deadline_us` of CLOCK_MONOTONIC.
  static Result<RedisSocket> Connect(const RedisAddress& address, const RedisConfig& config,
                                     int64_t deadline_us);
  RedisSocket(RedisSocket&&) = default;
  RedisSocket& operator=(RedisSocket&&) = default;

  Status Write(std::string_view bytes, int64_t deadline_us);
  // At least one byte. Ends early, with 0, when `wake_fd` (if not negative) becomes readable.
  Result<size_t> Read(std::span<char> into, int64_t deadline_us, int wake_fd = -1);

 private:
  struct FreeSsl {
    void operator()(ssl_st* ssl) const;
    void operator()(ssl_ctx_st* context) const;
  };
  // What an attempt to read or write came to.
  struct Attempt {
    long count = 0;    // > 0: so many bytes
    short events = 0;  // else what to poll for; 0: the connection is over
  };

  explicit RedisSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  Status Encrypt(const RedisAddress& address, const RedisConfig& config, int64_t deadline_us);
  Attempt After(long result, short events) const;

  UniqueFd fd_;
  std::unique_ptr<ssl_ctx_st, FreeSsl> context_;
  std::unique_ptr<ssl_st, FreeSsl> ssl_;  // null: in the clear
};

// CLOCK_MONOTONIC in µs, in which deadlines here are given.
int64_t MonotonicUs();

}  // namespace parley::registry
