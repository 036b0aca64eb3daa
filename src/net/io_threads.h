// The io threads of a process: N event loops of one thread each. Whoever needs a home asks for one
// and stays there.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/executor.h"

namespace parley::net {

class IoThread;

// Thread-safe, but for Stop, which is called once, from a thread that is none of them.
class IoThreads {
 public:
  // `count` from 1 to 64. Threads are called `<name>-0`, … in the system's lists.
  static Result<std::unique_ptr<IoThreads>> Start(int count, const std::string& name);
  ~IoThreads();

  size_t size() const { return threads_.size(); }
  Executor& at(size_t index);
  IoThread& thread(size_t index) { return *threads_[index]; }

  // Ends the loops and joins the threads. What is posted but has not run is destroyed, at the
  // latest with this object.
  void Stop();

 private:
  explicit IoThreads(std::vector<std::unique_ptr<IoThread>> threads);

  std::vector<std::unique_ptr<IoThread>> threads_;
};

}  // namespace parley::net
