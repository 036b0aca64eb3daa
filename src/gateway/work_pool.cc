#include "gateway/work_pool.h"

namespace parley::gateway {

WorkPool::WorkPool(int threads, size_t waiting_max) : queue_(waiting_max) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      while (auto task = queue_.Pop()) (*task)();
    });
  }
}

WorkPool::~WorkPool() {
  queue_.Close();
  while (queue_.TryPop()) {
  }
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace parley::gateway
