#include "ports/testing/fake_language_model.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/check.h"

namespace parley::ports::testing {

struct FakeLanguageModel::Life {
  Life(Reply to_give, Sink to) : reply(std::move(to_give)), gate(std::move(to)) {}
  void Step(int64_t by_us, std::vector<Event>& out);

  const Reply reply;
  SinkGate<Event> gate;
  int64_t passed_us = 0;
  size_t given = 0;
  bool cancelled = false, ended = false;
};

struct FakeLanguageModel::Shared {
  const std::vector<Reply> script;
  mutable std::mutex mutex;
  std::vector<std::shared_ptr<Life>> lives;
  std::vector<Request> requests;
};

void FakeLanguageModel::Life::Step(int64_t by_us, std::vector<Event>& out) {
  passed_us += by_us;
  Done done{.tokens = static_cast<int64_t>(given), .first_us = reply.first_us};
  if (cancelled) {
    done.reason = DoneReason::kCancelled;
    out.push_back(done);
    return;
  }
  while (given < reply.deltas.size() &&
         passed_us >= reply.first_us + static_cast<int64_t>(given) * reply.per_delta_us) {
    out.push_back(Delta{reply.deltas[given++]});
  }
  if (given < reply.deltas.size() || reply.stalls || passed_us < reply.first_us) return;
  for (const ToolCall& call : reply.tool_calls) out.push_back(call);
  done.tokens = static_cast<int64_t>(given);
  if (!reply.tool_calls.empty()) done.reason = DoneReason::kToolCalls;
  if (reply.failed) {
    out.push_back(*reply.failed);
  } else {
    out.push_back(done);
  }
}

class FakeLanguageModel::FakeStream final : public LanguageModel::Stream {
 public:
  FakeStream(std::shared_ptr<Shared> shared, std::shared_ptr<Life> life)
      : shared_(std::move(shared)), life_(std::move(life)) {}
  ~FakeStream() override {
    {
      const std::lock_guard lock(shared_->mutex);
      life_->ended = true;
    }
    life_->gate.Close();
  }
  void Cancel() override {
    const std::lock_guard lock(shared_->mutex);
    life_->cancelled = true;
  }

 private:
  const std::shared_ptr<Shared> shared_;
  const std::shared_ptr<Life> life_;
};

FakeLanguageModel::FakeLanguageModel(std::vector<Reply> script)
    : shared_(new Shared{.script = std::move(script), .mutex = {}}) {
  PARLEY_CHECK(!shared_->script.empty());
}
FakeLanguageModel::~FakeLanguageModel() = default;

std::unique_ptr<LanguageModel::Stream> FakeLanguageModel::Start(Request request, Sink sink) {
  const std::lock_guard lock(shared_->mutex);
  const size_t turn = std::min(shared_->requests.size(), shared_->script.size() - 1);
  auto life = std::make_shared<Life>(shared_->script[turn], std::move(sink));
  shared_->requests.push_back(std::move(request));
  shared_->lives.push_back(life);
  return std::make_unique<FakeStream>(shared_, std::move(life));
}

void FakeLanguageModel::AdvanceUs(int64_t by_us) {
  std::vector<std::pair<std::shared_ptr<Life>, std::vector<Event>>> due;
  {
    const std::lock_guard lock(shared_->mutex);
    for (const auto& life : shared_->lives) {
      if (life->ended) continue;
      due.emplace_back(life, std::vector<Event>());
      life->Step(by_us, due.back().second);
      if (!due.back().second.empty()) life->ended = IsLast(due.back().second.back());
    }
    std::erase_if(shared_->lives, [](const auto& life) { return life->ended; });
  }
  for (auto& [life, events] : due) {
    for (Event& event : events) {
      const bool last = IsLast(event);
      life->gate.Deliver(std::move(event), last);
    }
  }
}

std::vector<LanguageModel::Request> FakeLanguageModel::requests() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->requests;
}

int FakeLanguageModel::live() const {
  const std::lock_guard lock(shared_->mutex);
  return static_cast<int>(std::count_if(shared_->lives.begin(), shared_->lives.end(),
                                        [](const auto& life) { return !life->ended; }));
}

}  // namespace parley::ports::testing
