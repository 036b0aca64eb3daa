#include "engine/testing/engine_probe.h"

#include <chrono>
#include <utility>

namespace parley::engine {

using std::chrono::milliseconds;

std::vector<StreamEvent> ProbeStream::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

std::optional<std::vector<StreamEvent>> ProbeStream::WaitIdle(int64_t wait_ms) const {
  std::unique_lock lock(mutex_);
  const bool idle = changed_.wait_for(lock, milliseconds(wait_ms), [&] {
    return !events_.empty() && std::holds_alternative<Idle>(events_.back());
  });
  return idle ? std::optional(events_) : std::nullopt;
}

bool ProbeStream::WaitSamples(int64_t samples, int64_t wait_ms) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, milliseconds(wait_ms), [&] { return samples_ >= samples; });
}

void ProbeStream::Take(StreamEvent event) {
  const std::lock_guard lock(mutex_);
  if (const auto* audio = std::get_if<StreamAudio>(&event)) {
    samples_ += static_cast<int64_t>(audio->samples.size());
  }
  events_.push_back(std::move(event));
  changed_.notify_all();
}

Result<std::unique_ptr<EngineProbe>> EngineProbe::Spawn(EngineSpec spec) {
  std::unique_ptr<EngineProbe> probe(new EngineProbe);
  PARLEY_TRY(probe->process_, EngineProcess::Spawn(std::move(spec), probe->MakeEvents()));
  return probe;
}

EngineProcess::Events EngineProbe::MakeEvents() {
  return {.loading =
              [this](const Loading& loading) {
                const std::lock_guard lock(mutex_);
                loading_.push_back(loading);
              },
          .loaded =
              [this](Result<Loaded> loaded) {
                const std::lock_guard lock(mutex_);
                loaded_ = std::move(loaded);
                changed_.notify_all();
              },
          .stats = {},
          .exited =
              [this](const Exit& exit) {
                const std::lock_guard lock(mutex_);
                exit_ = exit;
                changed_.notify_all();
              }};
}

Result<Loaded> EngineProbe::Load(engine::Load load, int64_t wait_ms) {
  process_->Load(std::move(load));
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, milliseconds(wait_ms), [&] { return loaded_ || exit_; });
  if (loaded_) return *loaded_;
  if (exit_) return Fail(exit_->reason);
  return Fail(Code::kDeadlineExceeded, "the probe saw no outcome of the load");
}

std::vector<Loading> EngineProbe::loading() const {
  const std::lock_guard lock(mutex_);
  return loading_;
}

Result<std::shared_ptr<ProbeStream>> EngineProbe::Start(engine::Start start, bool grant_back) {
  auto stream = std::make_shared<ProbeStream>();
  auto sink = [this, stream, grant_back](StreamEvent event) {
    const auto* audio = std::get_if<StreamAudio>(&event);
    const int64_t samples = audio ? static_cast<int64_t>(audio->samples.size()) : 0;
    stream->Take(std::move(event));
    if (!grant_back || samples == 0) return;
    stream->id_.wait(0);
    process_->Send(stream->id(), Credit{samples});
  };
  PARLEY_TRY(const uint32_t id, process_->Start(std::move(start), std::move(sink)));
  stream->id_ = id;
  stream->id_.notify_all();
  return stream;
}

std::optional<Exit> EngineProbe::WaitExit(int64_t wait_ms) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, milliseconds(wait_ms), [&] { return exit_.has_value(); });
  return exit_;
}

std::vector<float> AudioOf(const std::vector<StreamEvent>& events) {
  std::vector<float> audio;
  for (const StreamAudio& piece : AllOf<StreamAudio>(events)) {
    audio.insert(audio.end(), piece.samples.begin(), piece.samples.end());
  }
  return audio;
}

}  // namespace parley::engine
