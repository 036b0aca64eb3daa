// A sink for tests that keeps what a language model says and waits for its end. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/check.h"
#include "ports/language_model.h"

namespace parley::dialogue::testing {

class Collected {
 public:
  using Model = ports::LanguageModel;

  Model::Sink sink() {
    return [this](Model::Event event) { Take(std::move(event)); };
  }
  // False if the last event does not come within ten seconds.
  bool Wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return done_ || failed_; });
  }
  bool WaitForText() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return deltas_ > 0; });
  }
  std::string text() const { return Locked(text_); }
  int deltas() const { return Locked(deltas_); }
  int events() const { return Locked(events_); }
  std::vector<Model::ToolCall> calls() const { return Locked(calls_); }
  std::optional<Model::Done> done() const { return Locked(done_); }
  std::optional<Model::Failed> failed() const { return Locked(failed_); }

 private:
  template <class T>
  T Locked(const T& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }

  void Take(Model::Event event) {
    const std::lock_guard lock(mutex_);
    ++events_;
    PARLEY_CHECK(!done_ && !failed_);  // nothing follows the last event
    if (auto* delta = std::get_if<Model::Delta>(&event)) {
      ++deltas_;
      text_ += delta->text;
    } else if (auto* call = std::get_if<Model::ToolCall>(&event)) {
      calls_.push_back(std::move(*call));
    } else if (auto* done = std::get_if<Model::Done>(&event)) {
      done_ = *done;
    } else {
      failed_ = std::get<Model::Failed>(event);
    }
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  int deltas_ = 0;
  int events_ = 0;
  std::vector<Model::ToolCall> calls_;
  std::optional<Model::Done> done_;
  std::optional<Model::Failed> failed_;
};

}  // namespace parley::dialogue::testing
