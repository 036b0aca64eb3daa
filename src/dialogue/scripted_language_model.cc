#include "dialogue/scripted_language_model.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "ports/stream.h"

namespace parley::dialogue {
namespace {

using Model = ports::LanguageModel;
using TimePoint = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

// "one two" → "one", " two".
std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' ', 1), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

// One answer being given.
struct Recital {
  explicit Recital(Model::Sink sink) : gate(std::move(sink)) {}

  ports::SinkGate<Model::Event> gate;
  std::atomic<bool> cancelled{false};
  std::vector<std::string> words;
  size_t next = 0;
  TimePoint started;
  TimePoint due;
  int64_t first_us = 0;
};

int64_t MicrosSince(TimePoint start) {
  using std::chrono::microseconds;
  return std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - start).count();
}

// Delivers one word; false after the last event.
bool Step(Recital& recital, int word_ms) {
  const bool ends = recital.cancelled || recital.next == recital.words.size();
  if (ends) {
    Model::Done done{.reason = recital.cancelled ? Model::DoneReason::kCancelled
                                                 : Model::DoneReason::kStop};
    done.tokens = static_cast<int64_t>(recital.next);
    done.first_us = recital.first_us;
    done.compute_us = MicrosSince(recital.started);
    recital.gate.Deliver(done, /*is_last=*/true);
    return false;
  }
  if (recital.next == 0) recital.first_us = MicrosSince(recital.started);
  recital.gate.Deliver(Model::Delta{recital.words[recital.next]});
  // The end follows the last word without a pause.
  if (++recital.next < recital.words.size()) recital.due += milliseconds(word_ms);
  return true;
}

}  // namespace

// Calls each recital when its next word is due.
class ScriptedLanguageModel::Pacer {
 public:
  explicit Pacer(int word_ms) : word_ms_(word_ms), thread_([this] { Run(); }) {}
  ~Pacer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void Add(std::shared_ptr<Recital> recital) {
    {
      const std::lock_guard lock(mutex_);
      recitals_.push_back(std::move(recital));
    }
    changed_.notify_all();
  }

  void Cancel(Recital& recital) {
    {
      const std::lock_guard lock(mutex_);
      recital.cancelled = true;
    }
    changed_.notify_all();
  }

 private:
  static bool IsDue(const Recital& recital, TimePoint now) {
    return recital.cancelled || recital.due <= now;
  }

  // Out of the list while it is called, without the lock: a sink may cancel or destroy a stream.
  std::shared_ptr<Recital> TakeDue() {
    const TimePoint now = std::chrono::steady_clock::now();
    const auto found = std::find_if(recitals_.begin(), recitals_.end(),
                                    [&](const auto& recital) { return IsDue(*recital, now); });
    if (found == recitals_.end()) return nullptr;
    std::shared_ptr<Recital> recital = std::move(*found);
    recitals_.erase(found);
    return recital;
  }

  void WaitForNext(std::unique_lock<std::mutex>& lock) {
    if (recitals_.empty()) return changed_.wait(lock);
    const auto next =
        std::min_element(recitals_.begin(), recitals_.end(),
                         [](const auto& a, const auto& b) { return a->due < b->due; });
    const TimePoint due = (*next)->due;
    changed_.wait_until(lock, due);
  }

  void Run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      std::shared_ptr<Recital> recital = TakeDue();
      if (recital == nullptr) {
        WaitForNext(lock);
        continue;
      }
      lock.unlock();
      const bool goes_on = Step(*recital, word_ms_);
      lock.lock();
      if (goes_on) recitals_.push_back(std::move(recital));
    }
    const auto left = std::exchange(recitals_, {});
    lock.unlock();
    for (const auto& recital : left) {
      recital->gate.Deliver(
          Model::Failed{{Code::kUnavailable, "the gateway is shutting down"}, true}, true);
    }
  }

  const int word_ms_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;                           // guarded by mutex_
  std::vector<std::shared_ptr<Recital>> recitals_;  // guarded by mutex_
  std::thread thread_;
};

namespace {

class ScriptedStream final : public Model::Stream {
 public:
  ScriptedStream(std::shared_ptr<Recital> recital, std::function<void()> cancel)
      : recital_(std::move(recital)), cancel_(std::move(cancel)) {}
  ~ScriptedStream() override {
    cancel_();
    recital_->gate.Close();
  }
  void Cancel() override { cancel_(); }

 private:
  const std::shared_ptr<Recital> recital_;
  const std::function<void()> cancel_;
};

}  // namespace

ScriptedLanguageModel::ScriptedLanguageModel(Answer answer, int first_ms, int word_ms)
    : answer_(std::move(answer)),
      first_ms_(first_ms),
      word_ms_(word_ms),
      pacer_(std::make_unique<Pacer>(word_ms)) {}
ScriptedLanguageModel::~ScriptedLanguageModel() = default;

std::unique_ptr<Model::Stream> ScriptedLanguageModel::Start(Request request, Sink sink) {
  auto recital = std::make_shared<Recital>(std::move(sink));
  recital->words = Words(answer_(request));
  recital->started = std::chrono::steady_clock::now();
  recital->due = recital->started + milliseconds(first_ms_);
  pacer_->Add(recital);
  Pacer* pacer = pacer_.get();
  return std::make_unique<ScriptedStream>(recital,
                                          [pacer, held = recital.get()] { pacer->Cancel(*held); });
}

std::unique_ptr<Model> MakeEcho(const LlmConfig& config) {
  const auto answer = [](const Model::Request& request) {
    for (auto message = request.messages.rbegin(); message != request.messages.rend(); ++message) {
      if (message->role == Model::Role::kUser) return "You said: " + message->text;
    }
    return std::string("You said nothing.");
  };
  return std::make_unique<ScriptedLanguageModel>(answer, config.script_first_ms,
                                                 config.script_word_ms);
}

std::unique_ptr<Model> MakeScript(const LlmConfig& config) {
  const auto answer = [lines = config.script](const Model::Request& request) {
    const auto said = std::count_if(
        request.messages.begin(), request.messages.end(),
        [](const Model::Message& message) { return message.role == Model::Role::kUser; });
    const size_t turn = said > 0 ? static_cast<size_t>(said) - 1 : 0;
    return lines.empty() ? std::string() : lines[turn % lines.size()];
  };
  return std::make_unique<ScriptedLanguageModel>(answer, config.script_first_ms,
                                                 config.script_word_ms);
}

}  // namespace parley::dialogue
