// The workers that have announced themselves, as a gateway sees them: a copy that is always at hand
// and costs no round trip. Redis pushes news; without any it is read once a beat.
//
// Thread-safe. One thread of its own, on which `on_change` is called.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "registry/announcement.h"
#include "registry/redis_config.h"

namespace parley::registry {

class RedisConnection;
class ViewKeeper;

class WorkerDirectory {
 public:
  struct View {
    // One for each name, in the order of names.
    std::vector<std::shared_ptr<const Announcement>> workers;
    // Redis cannot be read: this is how it was when it last could.
    bool stale = true;
    std::string stale_why;
  };
  // Called with every new view.
  using OnChange = std::function<void(std::shared_ptr<const View>)>;

  // kInvalidArgument for the config. Redis need not be there.
  static Result<std::unique_ptr<WorkerDirectory>> Start(const RedisConfig& config,
                                                        OnChange on_change);
  ~WorkerDirectory();

  std::shared_ptr<const View> view() const;

 private:
  struct Connections;

  WorkerDirectory(const RedisConfig& config, OnChange on_change, UniqueFd wake);
  void Run();
  Status Read(Connections& connections);
  // Until there is news to read, or the next beat; the error is Redis's.
  Status AwaitNews(Connections& connections);
  void Publish(bool changed);
  // Waits unless stopped.
  void Pause(int64_t ms);
  bool stopped() const;

  const RedisConfig config_;
  const OnChange on_change_;
  const UniqueFd wake_;                       // readable once we are to stop
  const std::unique_ptr<ViewKeeper> keeper_;  // on the thread

  mutable std::mutex mutex_;
  std::shared_ptr<const View> view_;
  std::thread thread_;
};

}  // namespace parley::registry
