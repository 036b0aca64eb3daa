// One connection to Redis, with its login done: commands and answers, or messages of a channel.
// The bytes of the protocol (RESP 2) are hiredis's. Blocking, each call with a deadline. One
// sequence; after a failure other than Redis's own refusal it is of no more use.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "registry/internal/redis_socket.h"

struct redisReader;
struct redisReply;

namespace parley::registry {

struct RedisReply {
  enum class Kind { kNil, kText, kInteger, kArray };
  Kind kind = Kind::kNil;
  std::string text;
  int64_t integer = 0;
  std::vector<RedisReply> elements;
};

class RedisConnection {
 public:
  using Command = std::vector<std::string>;

  static Result<RedisConnection> Open(const RedisConfig& config, int64_t timeout_ms);
  RedisConnection(RedisConnection&&) = default;
  RedisConnection& operator=(RedisConnection&&) = default;

  // Redis's own refusal is kFailedPrecondition (kPermissionDenied, kUnauthenticated) with its
  // words.
  Result<RedisReply> Call(const Command& command);
  // A script by its hash, and whole where Redis does not know it yet.
  struct Script {
    std::string text;
    std::string sha1;
    explicit Script(std::string lua);
  };
  Result<RedisReply> Run(const Script& script, const std::vector<std::string>& keys,
                         const std::vector<std::string>& arguments);

  Status Subscribe(const std::string& channel);
  // The next message of the channel; nothing when `until_us` comes first or `wake_fd` is readable.
  Result<std::optional<std::string>> NextMessage(int64_t until_us, int wake_fd);

 private:
  struct FreeReader {
    void operator()(redisReader* reader) const;
  };

  RedisConnection(RedisSocket socket, int64_t timeout_ms);
  Status LogIn(const RedisAddress& address, const RedisConfig& config);
  Status Send(const Command& command);
  // Nothing when woken or late; `late_is_failure` makes the latter an error.
  Result<std::optional<RedisReply>> Receive(int64_t until_us, int wake_fd);

  RedisSocket socket_;
  std::unique_ptr<redisReader, FreeReader> reader_;
  int64_t timeout_ms_;
  size_t unparsed_bytes_ = 0;
};

}  // namespace parley::registry
