// Threads for what would hold up an io thread: decoding an uploaded recording. Thread-safe.
#pragma once

#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "net/task.h"

namespace parley::gateway {

class WorkPool {
 public:
  WorkPool(int threads, size_t waiting_max);
  // What waits is dropped; what runs is waited for.
  ~WorkPool();

  // False when `waiting_max` tasks wait already. Tasks must not throw.
  bool Submit(net::Task task) { return queue_.TryPush(std::move(task)); }

 private:
  BoundedQueue<net::Task> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace parley::gateway
