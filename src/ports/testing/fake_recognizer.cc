#include "ports/testing/fake_recognizer.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "ports/testing/fake_lives.h"

namespace parley::ports::testing {

struct FakeRecognizer::Life {
  struct Asked {
    std::optional<FlushId> flush;
    int64_t upto = 0;
    int64_t left_us = 0;
  };

  Life(Request asked_for, Sink to) : request(std::move(asked_for)), gate(std::move(to)) {}

  int64_t upto() const { return first + static_cast<int64_t>(pcm.size()); }
  Final Answer(const Asked& what, const Config& config) const;
  void Step(int64_t by_us, const Config& config, std::vector<Event>& out);

  const Request request;
  SinkGate<Event> gate;
  bool begun = false, partials = true, end = false, cancelled = false, ended = false;
  int64_t first = -1;  // the caller's number of pcm[0]
  std::vector<int16_t> pcm;
  size_t words_told = 0;
  int64_t credited = 0;
  std::deque<Asked> asked;
};

struct FakeRecognizer::Shared : FakeLives<Life> {
  explicit Shared(Config c) : config(std::move(c)) {}
  const Config config;
  std::vector<Request> requests;
  std::shared_ptr<Life> newest;
};

Recognizer::Final FakeRecognizer::Life::Answer(const Asked& what, const Config& config) const {
  Final answer{.flush = what.flush, .from_sample = std::max<int64_t>(first, 0)};
  answer.upto_sample = what.upto;
  for (Word word : config.script) {
    word.from_sample += answer.from_sample;
    word.upto_sample += answer.from_sample;
    if (word.upto_sample > what.upto) break;
    answer.text += (answer.text.empty() ? "" : " ") + word.text;
    answer.words.push_back(std::move(word));
  }
  answer.no_speech = answer.words.empty();
  answer.confidence = 1;
  answer.language = request.language.empty() ? "en" : request.language;
  return answer;
}

void FakeRecognizer::Life::Step(int64_t by_us, const Config& config, std::vector<Event>& out) {
  if (!std::exchange(begun, true)) out.push_back(Credit{config.credit_samples});
  if (cancelled) {
    out.push_back(Finished{});
    return;
  }
  const auto taken = static_cast<int64_t>(pcm.size());
  if (taken > credited) out.push_back(Credit{taken - std::exchange(credited, taken)});
  const Final now = Answer({.upto = upto()}, config);
  if (partials && now.words.size() > words_told) {
    words_told = now.words.size();
    out.push_back(Partial{now.text, static_cast<int>(words_told) - 1, upto()});
  }
  for (Asked& one : asked) one.left_us -= by_us;
  while (!asked.empty() && asked.front().left_us <= 0) {
    out.push_back(Answer(asked.front(), config));
    asked.pop_front();
  }
  if (end && asked.empty()) out.push_back(Finished{});
}

class FakeRecognizer::FakeStream final : public FakeStreamOf<Recognizer::Stream, Shared, Life> {
 public:
  using FakeStreamOf::FakeStreamOf;

  void Audio(int64_t first_sample, std::span<const int16_t> pcm) override {
    const std::lock_guard lock(shared_->mutex);
    if (life_->first < 0) life_->first = first_sample;
    if (first_sample > life_->upto()) {
      life_->pcm.resize(static_cast<size_t>(first_sample - life_->first), 0);
    }
    life_->pcm.insert(life_->pcm.end(), pcm.begin(), pcm.end());
  }
  void SetPartials(bool on) override {
    const std::lock_guard lock(shared_->mutex);
    life_->partials = on;
  }
  void Flush(FlushId flush, int64_t upto_sample) override {
    const std::lock_guard lock(shared_->mutex);
    life_->asked.push_back({flush, upto_sample, shared_->config.final_after_us});
  }
  void End() override {
    const std::lock_guard lock(shared_->mutex);
    if (std::exchange(life_->end, true)) return;
    life_->asked.push_back({std::nullopt, life_->upto(), shared_->config.final_after_us});
  }
};

FakeRecognizer::FakeRecognizer(Config config)
    : shared_(std::make_shared<Shared>(std::move(config))) {}
FakeRecognizer::~FakeRecognizer() = default;

std::unique_ptr<Recognizer::Stream> FakeRecognizer::Start(Request request, Sink sink) {
  const std::lock_guard lock(shared_->mutex);
  shared_->requests.push_back(request);
  auto life = std::make_shared<Life>(std::move(request), std::move(sink));
  life->partials = life->request.partials;
  shared_->lives.push_back(life);
  shared_->newest = life;
  return std::make_unique<FakeStream>(shared_, std::move(life));
}

void FakeRecognizer::AdvanceUs(int64_t by_us) {
  shared_->Advance<Event>(
      [&](Life& life, auto& events) { life.Step(by_us, shared_->config, events); });
}

void FakeRecognizer::FailStreams(Error error, bool retryable) {
  shared_->FailAll(Failed{std::move(error), retryable});
}

std::vector<Recognizer::Request> FakeRecognizer::requests() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->requests;
}

std::vector<int16_t> FakeRecognizer::heard() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->newest ? shared_->newest->pcm : std::vector<int16_t>();
}

int FakeRecognizer::live() const { return shared_->Living(); }

}  // namespace parley::ports::testing
