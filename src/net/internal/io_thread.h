// The event loop behind an Executor.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <thread>

#include "net/executor.h"

namespace parley::net {

class IoThread final : public Executor {
 public:
  explicit IoThread(const std::string& name);
  ~IoThread() override;

  void Post(Task task) override;
  bool IsCurrent() const override;
  std::unique_ptr<Timer> MakeTimer() override;

  boost::asio::io_context& io() { return io_; }
  void Stop();

 private:
  void Run();

  // One thread runs it, others post: hint 1.
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace parley::net
