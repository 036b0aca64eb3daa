// Engines for tests of the worker, in virtual time and without processes. Loads are answered when
// the test says so; streams give what it tells them. Keeps the contract of engine/process.h: slots,
// Idle as each stream's last event, and on a crash an error and Idle for each stream, then
// `exited`.
//
// One sequence.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "worker/engine_launcher.h"

namespace parley::worker::testing {

class FakeLauncher final : public EngineLauncher {
 public:
  class Engine;

  Result<std::unique_ptr<EngineInstance>> Launch(engine::EngineSpec spec,
                                                 engine::EngineProcess::Events events) override;

  // Engines that live, by their number from 0 in order of launch.
  Engine* engine(size_t number) const;
  size_t launched() const { return engines_.size(); }
  int living() const;

  // What Loaded says, but for the kind's own.
  engine::Loaded loaded{.sample_rate_hz = 16'000, .slots = 2, .credit_samples = 16'000};
  bool load_at_once = true;
  // Streams answer by themselves what a warm-up needs: each `end` (and each llm start) is followed
  // by the end of the stream.
  bool answer_at_once = true;

 private:
  friend class Engine;
  std::vector<Engine*> engines_;  // null: gone
};

class FakeLauncher::Engine final : public EngineInstance {
 public:
  Engine(FakeLauncher& launcher, size_t number, engine::EngineProcess::Events events)
      : launcher_(launcher), number_(number), events_(std::move(events)) {}
  ~Engine() override { launcher_.engines_[number_] = nullptr; }

  void Load(engine::Load load) override;
  Result<uint32_t> Start(engine::Start start, engine::StreamSink sink) override;
  bool Send(uint32_t stream, const engine::Message& message) override;
  bool SendAudio(uint32_t stream, std::span<const float> samples) override;
  void Cancel(uint32_t stream) override;
  void Stop() override;
  void Kill(std::string why) override;
  int64_t ResidentBytes() const override { return 0; }
  pid_t pid() const override { return -1; }

  // What the test makes happen.
  void FinishLoad(Result<engine::Loaded> loaded);
  void Crash(const std::string& why);
  void Give(uint32_t stream, engine::StreamEvent event);
  void EndStream(uint32_t stream);

  // What was sent to a stream, oldest first; audio as its length.
  std::vector<engine::Message> sent(uint32_t stream) const;
  int64_t audio_samples(uint32_t stream) const;
  // The newest stream, 0: none.
  uint32_t newest() const { return next_stream_ - 1; }
  int open() const { return static_cast<int>(sinks_.size()); }
  const engine::Load& load() const { return load_; }

 private:
  void Exit(bool expected, const std::string& why);

  FakeLauncher& launcher_;
  const size_t number_;
  const engine::EngineProcess::Events events_;
  engine::Load load_;
  std::map<uint32_t, engine::StreamSink> sinks_;
  std::map<uint32_t, std::vector<engine::Message>> sent_;
  std::map<uint32_t, int64_t> audio_;
  uint32_t next_stream_ = 1;
  bool exited_ = false;
};

}  // namespace parley::worker::testing
