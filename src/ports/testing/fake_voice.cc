#include "ports/testing/fake_voice.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "ports/testing/fake_lives.h"

namespace parley::ports::testing {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

struct Utterance {
  UtteranceId id;
  std::string text;
  int64_t waited_us = 0;  // since it is first in line
  int64_t made = 0;       // samples the "engine" has made
  int64_t sent = 0;
  uint32_t seq = 0;
  size_t marked = 0;  // bytes of text behind the last mark
};

}  // namespace

// One stream's state, kept alive by whichever of fake and stream lives longer.
struct FakeVoice::Life {
  Life(Request asked, Sink to) : request(std::move(asked)), gate(std::move(to)) {
    credit = request.credit_samples;
  }

  int64_t TotalSamples(const Utterance& utterance, const Config& config) const {
    return static_cast<int64_t>(utterance.text.size()) * config.ms_per_byte *
           request.sample_rate_hz / 1000;
  }
  void Step(int64_t by_us, const Config& config, std::vector<Event>& out);
  void Emit(Utterance& front, const Config& config, std::vector<Event>& out);
  void EmitMarks(Utterance& front, const Config& config, std::vector<Event>& out);

  const Request request;
  SinkGate<Event> gate;
  std::deque<Utterance> queue;
  int64_t credit = 0;
  bool paused = false, owes_paused = false;
  bool end_of_text = false, cancelled = false, ended = false;
};

struct FakeVoice::Shared : FakeLives<Life> {
  explicit Shared(Config c) : config(c) {}
  const Config config;
  std::vector<Request> requests;
  std::vector<std::string> spoken;
};

void FakeVoice::Life::EmitMarks(Utterance& front, const Config& config, std::vector<Event>& out) {
  const int64_t total = TotalSamples(front, config);
  while (front.marked < front.text.size()) {
    size_t end = front.text.find(' ', front.marked + 1);
    end = std::min(end, front.text.size());
    const int64_t at = total * static_cast<int64_t>(end) / static_cast<int64_t>(front.text.size());
    if (at > front.sent) return;
    front.marked = end;
    if (config.marks) out.push_back(Mark{front.id, static_cast<uint32_t>(end), at});
  }
}

void FakeVoice::Life::Emit(Utterance& front, const Config& config, std::vector<Event>& out) {
  const int64_t total = TotalSamples(front, config);
  const int64_t frame = int64_t{request.sample_rate_hz} * request.frame_ms / 1000;
  while (!paused && front.sent < front.made) {
    const int64_t size = std::min(frame, total - front.sent);
    if (front.made - front.sent < size || credit < frame) return;
    Audio audio{front.id, front.seq++, front.sent, {}};
    for (int64_t i = 0; i < size; ++i) audio.pcm.push_back(SampleAt(front.sent + i));
    audio.pcm.resize(static_cast<size_t>(frame));
    audio.last = front.sent + size == total;
    audio.padding_samples = static_cast<uint32_t>(frame - size);
    front.sent += frame;
    credit -= frame;
    out.push_back(std::move(audio));
    EmitMarks(front, config, out);
  }
}

void FakeVoice::Life::Step(int64_t by_us, const Config& config, std::vector<Event>& out) {
  if (cancelled) {
    for (const Utterance& utterance : queue) {
      out.push_back(Done{utterance.id, DoneReason::kCancelled, {.samples = utterance.sent}});
    }
    queue.clear();
    out.push_back(Finished{});
    return;
  }
  if (std::exchange(owes_paused, false) && paused) {
    out.push_back(queue.empty() ? Paused{} : Paused{queue.front().id, queue.front().sent});
  }
  while (!queue.empty()) {
    Utterance& front = queue.front();
    const int64_t total = TotalSamples(front, config);
    front.waited_us += std::exchange(by_us, 0);
    const int64_t working_us = front.waited_us - config.first_audio_us;
    if (working_us >= 0) {
      const double made = static_cast<double>(working_us) / kSecondUs * request.sample_rate_hz /
                          config.real_time_factor;
      const int64_t frame = int64_t{request.sample_rate_hz} * request.frame_ms / 1000;
      front.made = std::min(total, static_cast<int64_t>(made) + frame);
    }
    Emit(front, config, out);
    if (front.sent < total || working_us < 0 || paused) return;
    out.push_back(Done{front.id, DoneReason::kCompleted, {.samples = front.sent}});
    queue.pop_front();
  }
  if (end_of_text) out.push_back(Finished{});
}

class FakeVoice::FakeStream final : public FakeStreamOf<Voice::Stream, Shared, Life> {
 public:
  using FakeStreamOf::FakeStreamOf;

  void Speak(UtteranceId utterance, std::string text, std::string) override {
    const std::lock_guard lock(shared_->mutex);
    shared_->spoken.push_back(std::to_string(utterance.value) + ":" + text);
    if (!life_->cancelled) life_->queue.push_back({.id = utterance, .text = std::move(text)});
  }
  void EndOfText() override {
    const std::lock_guard lock(shared_->mutex);
    life_->end_of_text = true;
  }
  void Pause() override {
    const std::lock_guard lock(shared_->mutex);
    life_->owes_paused = !std::exchange(life_->paused, true);
  }
  void Resume() override {
    const std::lock_guard lock(shared_->mutex);
    life_->paused = false;
  }
  void Grant(int64_t samples) override {
    const std::lock_guard lock(shared_->mutex);
    life_->credit += samples;
  }
};

FakeVoice::FakeVoice(Config config) : shared_(std::make_shared<Shared>(config)) {}
FakeVoice::~FakeVoice() = default;

std::unique_ptr<Voice::Stream> FakeVoice::Start(Request request, Sink sink) {
  const std::lock_guard lock(shared_->mutex);
  shared_->requests.push_back(request);
  if (request.sample_rate_hz == 0) request.sample_rate_hz = 48'000;
  if (request.frame_ms == 0) request.frame_ms = 20;
  auto life = std::make_shared<Life>(std::move(request), std::move(sink));
  shared_->lives.push_back(life);
  return std::make_unique<FakeStream>(shared_, std::move(life));
}

void FakeVoice::AdvanceUs(int64_t by_us) {
  shared_->Advance<Event>(
      [&](Life& life, auto& events) { life.Step(by_us, shared_->config, events); });
}

void FakeVoice::FailStreams(Error error, bool retryable) {
  shared_->FailAll(Failed{std::move(error), retryable, std::nullopt});
}

void FakeVoice::FailUtterances(Error error, bool retryable) {
  std::vector<std::pair<std::shared_ptr<Life>, UtteranceId>> hit;
  {
    const std::lock_guard lock(shared_->mutex);
    for (const auto& life : shared_->lives) {
      if (life->queue.empty()) continue;
      hit.emplace_back(life, life->queue.front().id);
      life->queue.pop_front();
    }
  }
  for (const auto& [life, id] : hit) {
    Failed failed{error, retryable, id};
    life->gate.Deliver(std::move(failed));
  }
}

std::vector<Voice::Request> FakeVoice::requests() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->requests;
}

std::vector<std::string> FakeVoice::spoken() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->spoken;
}

int FakeVoice::live() const { return shared_->Living(); }

}  // namespace parley::ports::testing
