// Keeps a worker known in Redis: announces it, renews its lease with every beat, and withdraws it
// at the end. Redis may go and come back, be emptied, or forget us while we were stopped: the next
// beat puts things right.
//
// A name belongs to the instance that announced it last. Who finds a newer one there falls silent
// for good and says so; its process goes on serving those that know it.
//
// Thread-safe. One thread of its own, on which `source` and `on_standing` are called.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/result.h"
#include "registry/announcement.h"
#include "registry/redis_config.h"

namespace parley::registry {

class RedisConnection;

enum class Standing {
  kSilent,     // Redis cannot be reached, or not yet
  kAnnounced,  // gateways see us
  kReplaced,   // a newer worker has our name; the end
};

class Announcer {
 public:
  struct Deps {
    // What to announce now; nothing when the worker is going down. `instance` is set by us.
    std::function<std::optional<Announcement>()> source;
    // Each change, with the reason in words.
    std::function<void(Standing, const std::string& why)> on_standing;
  };

  // kInvalidArgument for the config. Redis need not be there.
  static Result<std::unique_ptr<Announcer>> Start(const RedisConfig& config, Deps deps);
  ~Announcer();

  const std::string& instance() const { return instance_; }

  // There is news: announces soon and not only with the next beat.
  void Touch();

  // Withdraws, if Redis can be reached within a second. Idempotent.
  void Stop();

 private:
  Announcer(const RedisConfig& config, Deps deps);
  void Run();
  // One beat; the error is Redis's.
  Status Beat(std::unique_ptr<RedisConnection>& connection);
  void Withdraw(std::unique_ptr<RedisConnection>& connection);
  void Stand(Standing standing, const std::string& why);
  // Until the next beat or Touch; false when stopped.
  bool Wait(int64_t ms);

  const RedisConfig config_;
  const Deps deps_;
  const std::string instance_;
  std::string name_;         // as announced last
  std::string epoch_ = "0";  // given by Redis with the first announcement
  std::string told_;         // the JSON that Redis has
  Standing standing_ = Standing::kSilent;
  std::string why_;

  std::mutex mutex_;
  std::condition_variable woken_;
  bool touched_ = false;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace parley::registry
