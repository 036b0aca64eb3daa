#include "dialogue/tool_language_model.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace parley::dialogue {
namespace {

constexpr const char* kBusy = R"({"error":"too many tools are being asked"})";

}  // namespace

// One reply over its rounds. Its streams live as long as it does: one of them may be the caller.
class ToolLanguageModel::Life : public std::enable_shared_from_this<Life> {
 public:
  Life(ToolLanguageModel& tools, Request request, Sink sink)
      : tools_(tools), request_(std::move(request)), gate_(std::move(sink)) {
    for (const HttpTool& tool : tools_.tools_) {
      const bool known =
          std::any_of(request_.tools.begin(), request_.tools.end(),
                      [&](const Tool& one) { return one.name == tool.declared.name; });
      // A client's tool of that name is the client's.
      if (!known) request_.tools.push_back(tool.declared);
      own_.push_back(known ? nullptr : &tool);
    }
  }

  // False when the reply was cancelled between two rounds.
  bool StartRound() {
    const std::lock_guard lock(mutex_);
    if (over_) return true;
    if (cancelled_) return false;
    streams_.push_back(tools_.model_.Start(request_, [weak = weak_from_this()](Event event) {
      if (const auto self = weak.lock()) self->On(std::move(event));
    }));
    return true;
  }

  void Cancel() {
    Stream* current = nullptr;
    {
      const std::lock_guard lock(mutex_);
      cancelled_ = true;
      AbortCalls();
      if (!streams_.empty()) current = streams_.back().get();
    }
    if (current) current->Cancel();
  }

  // Not under the lock: a stream's end waits for its sink.
  void Close() {
    gate_.Close();
    std::vector<std::unique_ptr<Stream>> streams;
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
      AbortCalls();
      streams.swap(streams_);
    }
  }

 private:
  struct Pending {
    const HttpTool* tool = nullptr;
    ToolCall call;
    std::string answer;
    HttpToolCaller::Abort abort;
  };

  const HttpTool* FindOwn(std::string_view name) const {
    for (const HttpTool* tool : own_) {
      if (tool && tool->declared.name == name) return tool;
    }
    return nullptr;
  }

  void AbortCalls() {
    for (const Pending& pending : pending_) {
      if (pending.abort) *pending.abort = true;
    }
  }

  // Of the round under way, one call at a time.
  void On(Event event) {
    if (const auto* call = std::get_if<ToolCall>(&event)) {
      if (const HttpTool* tool = FindOwn(call->name)) {
        const std::lock_guard lock(mutex_);
        pending_.push_back({.tool = tool, .call = *call});
        return;
      }
      passed_on_ = true;
    }
    if (const auto* delta = std::get_if<Delta>(&event)) said_ += delta->text;
    auto* done = std::get_if<Done>(&event);
    if (done) Sum(*done);
    const bool whole = done && done->reason != DoneReason::kCancelled && !passed_on_;
    if (whole && MakeCalls()) return;
    // Calls of ours are nobody else's business.
    if (done && !passed_on_ && done->reason == DoneReason::kToolCalls) {
      done->reason = DoneReason::kStop;
    }
    const bool last = ports::IsLast(event);
    gate_.Deliver(std::move(event), last);
  }

  void Sum(Done& done) {
    done.prompt_tokens += totals_.prompt_tokens;
    done.cached_tokens += totals_.cached_tokens;
    done.tokens += totals_.tokens;
    done.compute_us += totals_.compute_us;
    if (rounds_ > 0) done.first_us = totals_.first_us;
    totals_ = done;
  }

  // False when there are none to make.
  bool MakeCalls() {
    std::unique_lock lock(mutex_);
    if (over_ || pending_.empty() || rounds_ == kRoundsMax) return over_;
    waiting_ = pending_.size();
    for (size_t i = 0; i < pending_.size(); ++i) {
      Pending& pending = pending_[i];
      pending.abort = tools_.caller_.Call(*pending.tool, pending.call.arguments,
                                          [weak = weak_from_this(), i](std::string answer) {
                                            if (const auto self = weak.lock()) {
                                              self->OnAnswer(i, std::move(answer));
                                            }
                                          });
      if (pending.abort) continue;
      pending.answer = kBusy;
      --waiting_;
    }
    if (cancelled_) AbortCalls();
    const bool answered = waiting_ == 0;
    lock.unlock();
    if (answered) GoOn();
    return true;
  }

  void OnAnswer(size_t index, std::string answer) {
    {
      const std::lock_guard lock(mutex_);
      pending_[index].answer = std::move(answer);
      if (--waiting_ > 0) return;
    }
    GoOn();
  }

  // All answers are there, and no stream is under way.
  void GoOn() {
    {
      const std::lock_guard lock(mutex_);
      Message asked{.role = Role::kAssistant, .text = std::exchange(said_, {})};
      for (const Pending& pending : pending_) asked.tool_calls.push_back(pending.call);
      request_.messages.push_back(std::move(asked));
      for (Pending& pending : pending_) {
        request_.messages.push_back({.role = Role::kTool,
                                     .text = std::move(pending.answer),
                                     .tool_call_id = pending.call.id});
      }
      pending_.clear();
      // What was demanded has been done.
      request_.sampling.tool_choice = ++rounds_ < kRoundsMax ? "auto" : "none";
    }
    if (StartRound()) return;
    totals_.reason = DoneReason::kCancelled;
    gate_.Deliver(totals_, /*is_last=*/true);
  }

  ToolLanguageModel& tools_;
  Request request_;
  std::vector<const HttpTool*> own_;
  ports::SinkGate<Event> gate_;
  // Of whoever goes on: a round's sink, then the last answer, then the next round's sink.
  std::string said_;
  bool passed_on_ = false;
  int rounds_ = 0;
  Done totals_;
  std::mutex mutex_;
  std::vector<Pending> pending_;  // guarded by mutex_, as all below
  size_t waiting_ = 0;
  bool over_ = false;
  bool cancelled_ = false;
  std::vector<std::unique_ptr<Stream>> streams_;
};

class ToolLanguageModel::ToolStream final : public ports::LanguageModel::Stream {
 public:
  explicit ToolStream(std::shared_ptr<Life> life) : life_(std::move(life)) {}
  ~ToolStream() override { life_->Close(); }
  void Cancel() override { life_->Cancel(); }

 private:
  const std::shared_ptr<Life> life_;
};

ToolLanguageModel::ToolLanguageModel(ports::LanguageModel& model, std::vector<HttpTool> tools)
    : model_(model), tools_(std::move(tools)) {}
ToolLanguageModel::~ToolLanguageModel() = default;

std::unique_ptr<ports::LanguageModel::Stream> ToolLanguageModel::Start(Request request, Sink sink) {
  auto life = std::make_shared<Life>(*this, std::move(request), std::move(sink));
  life->StartRound();
  return std::make_unique<ToolStream>(std::move(life));
}

}  // namespace parley::dialogue
