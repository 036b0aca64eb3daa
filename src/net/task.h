// A piece of work that is done once: std::function that need not be copyable, so that it can own
// what it carries to another thread.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace parley::net {

class Task {
 public:
  Task() = default;
  template <class F, class = std::enable_if_t<!std::is_same_v<std::decay_t<F>, Task>>>
  Task(F&& f)  // NOLINT(google-explicit-constructor): a lambda is a task
      : work_(std::make_unique<Holder<std::decay_t<F>>>(std::forward<F>(f))) {}

  explicit operator bool() const { return work_ != nullptr; }
  void operator()() { work_->Run(); }

 private:
  struct Work {
    virtual ~Work() = default;
    virtual void Run() = 0;
  };
  template <class F>
  struct Holder final : Work {
    explicit Holder(F&& f) : function(std::move(f)) {}
    explicit Holder(const F& f) : function(f) {}
    void Run() override { function(); }
    F function;
  };

  std::unique_ptr<Work> work_;
};

}  // namespace parley::net
