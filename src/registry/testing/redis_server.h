// A real redis-server of a test's own: on a Unix socket and a free port, with nothing on disk. It
// can be killed, stopped like a hung one, and started again on the same addresses.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/testing/temp_dir.h"
#include "registry/redis_config.h"

namespace parley::registry::testing {

class RedisServer {
 public:
  // `options` are more arguments of redis-server, e.g. {"--requirepass", "secret"}. A fatal failure
  // of the test where there is no redis-server to run.
  explicit RedisServer(std::vector<std::string> options = {});
  ~RedisServer();

  // Starts again what was killed. Answers when it returns.
  void Start();
  void Kill();
  // Hangs, and goes on.
  void Freeze();
  void Thaw();

  // Of a fast registry: beats of 100 ms, a lease of 500.
  RedisConfig Config() const;
  std::string socket() const { return (dir_.path() / "redis.sock").string(); }
  const std::filesystem::path& dir() const { return dir_.path(); }

  // What redis-cli would say, arrays line by line; "" for nil.
  std::string Ask(const std::vector<std::string>& command) const;

 private:
  const parley::testing::TempDir dir_;
  const std::vector<std::string> options_;
  pid_t pid_ = -1;
};

}  // namespace parley::registry::testing
