#include "worker/engine_launcher.h"

#include <utility>

namespace parley::worker {
namespace {

class ProcessInstance final : public EngineInstance {
 public:
  explicit ProcessInstance(std::unique_ptr<engine::EngineProcess> process)
      : process_(std::move(process)) {}

  void Load(engine::Load load) override { process_->Load(std::move(load)); }
  Result<uint32_t> Start(engine::Start start, engine::StreamSink sink) override {
    return process_->Start(std::move(start), std::move(sink));
  }
  bool Send(uint32_t stream, const engine::Message& message) override {
    return process_->Send(stream, message);
  }
  bool SendAudio(uint32_t stream, std::span<const float> samples) override {
    return process_->SendAudio(stream, samples);
  }
  void Cancel(uint32_t stream) override { process_->Cancel(stream); }
  void Stop() override { process_->Stop(); }
  void Kill(std::string why) override { process_->Kill(std::move(why)); }
  int64_t ResidentBytes() const override { return process_->ResidentBytes(); }
  pid_t pid() const override { return process_->pid(); }

 private:
  const std::unique_ptr<engine::EngineProcess> process_;
};

}  // namespace

Result<std::unique_ptr<EngineInstance>> ProcessLauncher::Launch(
    engine::EngineSpec spec, engine::EngineProcess::Events events) {
  PARLEY_TRY(auto process, engine::EngineProcess::Spawn(std::move(spec), std::move(events)));
  return std::make_unique<ProcessInstance>(std::move(process));
}

}  // namespace parley::worker
