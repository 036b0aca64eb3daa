#include "net/io_threads.h"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <system_error>

#include "base/log.h"
#include "net/internal/io_thread.h"

namespace parley::net {
namespace {

constexpr int kThreadsMax = 64;

class AsioTimer final : public Timer {
 public:
  explicit AsioTimer(boost::asio::io_context& io) : timer_(io) {}

  void Start(int64_t at_us, Task task) override {
    timer_.expires_at(std::chrono::steady_clock::time_point(
        std::chrono::microseconds(std::max<int64_t>(at_us, 0))));
    // A wait that has expired but not run yet cannot be cancelled any more; its number tells it.
    *current_ += 1;
    timer_.async_wait([current = current_, own = *current_,
                       task = std::move(task)](const boost::system::error_code& error) mutable {
      if (!error && *current == own) task();
    });
  }

  void Cancel() override {
    *current_ += 1;
    timer_.cancel();
  }

  ~AsioTimer() override { *current_ += 1; }

 private:
  boost::asio::steady_timer timer_;
  std::shared_ptr<uint64_t> current_ = std::make_shared<uint64_t>(0);
};

}  // namespace

IoThread::IoThread(const std::string& name)
    : work_(io_.get_executor()), thread_([this] { Run(); }) {
  // The kernel keeps 15 characters.
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
}

IoThread::~IoThread() { Stop(); }

void IoThread::Run() {
  while (true) {
    try {
      io_.run();
      return;
    } catch (const std::exception& error) {
      // One connection's bug must not end every other conversation of the process.
      log::Error("io_task_threw what=\"{}\"", error.what());
    }
  }
}

void IoThread::Stop() {
  work_.reset();
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

void IoThread::Post(Task task) { boost::asio::post(io_, std::move(task)); }

bool IoThread::IsCurrent() const { return thread_.get_id() == std::this_thread::get_id(); }

std::unique_ptr<Timer> IoThread::MakeTimer() { return std::make_unique<AsioTimer>(io_); }

Result<std::unique_ptr<IoThreads>> IoThreads::Start(int count, const std::string& name) {
  if (count < 1 || count > kThreadsMax) {
    return Fail(Code::kInvalidArgument,
                fmt::format("io threads: {} asked for, must be 1 to {}", count, kThreadsMax));
  }
  std::vector<std::unique_ptr<IoThread>> threads;
  try {
    for (int i = 0; i < count; ++i) {
      threads.push_back(std::make_unique<IoThread>(fmt::format("{}-{}", name, i)));
    }
  } catch (const std::system_error& error) {
    return Fail(Code::kResourceExhausted,
                fmt::format("cannot start io thread {} of {}: {}; raise the limit of processes "
                            "(ulimit -u) or ask for fewer",
                            threads.size() + 1, count, error.what()));
  }
  return std::unique_ptr<IoThreads>(new IoThreads(std::move(threads)));
}

IoThreads::IoThreads(std::vector<std::unique_ptr<IoThread>> threads)
    : threads_(std::move(threads)) {}

IoThreads::~IoThreads() { Stop(); }

Executor& IoThreads::at(size_t index) { return *threads_[index]; }

void IoThreads::Stop() {
  for (auto& thread : threads_) thread->Stop();
}

}  // namespace parley::net
