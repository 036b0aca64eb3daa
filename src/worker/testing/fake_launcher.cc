#include "worker/testing/fake_launcher.h"

#include <algorithm>
#include <utility>

namespace parley::worker::testing {

Result<std::unique_ptr<EngineInstance>> FakeLauncher::Launch(engine::EngineSpec,
                                                             engine::EngineProcess::Events events) {
  auto made = std::make_unique<Engine>(*this, engines_.size(), std::move(events));
  engines_.push_back(made.get());
  return made;
}

FakeLauncher::Engine* FakeLauncher::engine(size_t number) const {
  return number < engines_.size() ? engines_[number] : nullptr;
}

int FakeLauncher::living() const {
  return static_cast<int>(
      std::count_if(engines_.begin(), engines_.end(), [](auto* one) { return one != nullptr; }));
}

void FakeLauncher::Engine::Load(engine::Load load) {
  load_ = std::move(load);
  if (launcher_.load_at_once) FinishLoad(launcher_.loaded);
}

void FakeLauncher::Engine::FinishLoad(Result<engine::Loaded> loaded) {
  events_.loaded(std::move(loaded));
}

Result<uint32_t> FakeLauncher::Engine::Start(engine::Start start, engine::StreamSink sink) {
  if (exited_) return Fail(Code::kFailedPrecondition, "gone");
  if (open() >= launcher_.loaded.slots) return Fail(Code::kResourceExhausted, "no slot");
  const uint32_t id = next_stream_++;
  sinks_[id] = std::move(sink);
  const bool is_llm = std::holds_alternative<engine::LlmStart>(start.request);
  sent_[id].push_back(std::move(start));
  if (is_llm && launcher_.answer_at_once) EndStream(id);
  return id;
}

bool FakeLauncher::Engine::Send(uint32_t stream, const engine::Message& message) {
  if (!sinks_.contains(stream)) return false;
  sent_[stream].push_back(message);
  if (std::holds_alternative<engine::End>(message) && launcher_.answer_at_once) EndStream(stream);
  return true;
}

bool FakeLauncher::Engine::SendAudio(uint32_t stream, std::span<const float> samples) {
  if (!sinks_.contains(stream)) return false;
  audio_[stream] += static_cast<int64_t>(samples.size());
  return true;
}

void FakeLauncher::Engine::Cancel(uint32_t stream) {
  Give(stream, engine::Cancelled{});
  EndStream(stream);
}

void FakeLauncher::Engine::Stop() { Exit(true, ""); }
void FakeLauncher::Engine::Kill(std::string why) { Exit(true, why); }
void FakeLauncher::Engine::Crash(const std::string& why) { Exit(false, why); }

void FakeLauncher::Engine::Give(uint32_t stream, engine::StreamEvent event) {
  if (const auto at = sinks_.find(stream); at != sinks_.end()) at->second(std::move(event));
}

void FakeLauncher::Engine::EndStream(uint32_t stream) {
  Give(stream, engine::Done{});
  Give(stream, engine::Idle{});
  sinks_.erase(stream);
}

std::vector<engine::Message> FakeLauncher::Engine::sent(uint32_t stream) const {
  const auto at = sent_.find(stream);
  return at == sent_.end() ? std::vector<engine::Message>() : at->second;
}

int64_t FakeLauncher::Engine::audio_samples(uint32_t stream) const {
  const auto at = audio_.find(stream);
  return at == audio_.end() ? 0 : at->second;
}

void FakeLauncher::Engine::Exit(bool expected, const std::string& why) {
  if (std::exchange(exited_, true)) return;
  for (auto& [id, sink] : std::exchange(sinks_, {})) {
    sink(engine::ErrorMessage{.code = Code::kUnavailable, .message = "the engine died: " + why});
    sink(engine::Idle{});
  }
  engine::Exit exit{.expected = expected};
  if (!expected) exit.reason = {Code::kUnavailable, why};
  events_.exited(exit);
}

}  // namespace parley::worker::testing
