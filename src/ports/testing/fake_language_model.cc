#include "ports/testing/fake_language_model.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "ports/testing/fake_lives.h"

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

struct FakeLanguageModel::Shared : FakeLives<Life> {
  explicit Shared(std::vector<Reply> s) : script(std::move(s)) {}
  const std::vector<Reply> script;
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

class FakeLanguageModel::FakeStream final
    : public FakeStreamOf<LanguageModel::Stream, Shared, Life> {
 public:
  using FakeStreamOf::FakeStreamOf;
};

FakeLanguageModel::FakeLanguageModel(std::vector<Reply> script)
    : shared_(std::make_shared<Shared>(std::move(script))) {
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
  shared_->Advance<Event>([&](Life& life, auto& events) { life.Step(by_us, events); });
}

std::vector<LanguageModel::Request> FakeLanguageModel::requests() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->requests;
}

int FakeLanguageModel::live() const { return shared_->Living(); }

}  // namespace parley::ports::testing
