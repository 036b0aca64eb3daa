#include "engine/process.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <utility>

#include "engine/internal/engine_keeper.h"

namespace parley::engine {

class EngineProcess::Impl : public internal::EngineKeeper {
 public:
  using internal::EngineKeeper::EngineKeeper;
};

Status EngineSpec::Validate() const {
  if (name.empty()) return Fail(Code::kInvalidArgument, "engine: name is empty");
  if (command.empty() && socket_path.empty()) {
    return Fail(Code::kInvalidArgument,
                fmt::format("engine {}: neither command nor socket_path is given", name));
  }
  if (!command.empty() && command[0].empty()) {
    return Fail(Code::kInvalidArgument,
                fmt::format("engine {}: the program's name is empty", name));
  }
  constexpr size_t kPathMax = sizeof(sockaddr_un::sun_path) - 1;
  if (socket_path.size() > kPathMax) {
    return Fail(Code::kInvalidArgument,
                fmt::format("engine {}: socket_path \"{}\" has {} bytes, at most {} are possible",
                            name, socket_path, socket_path.size(), kPathMax));
  }
  if (limits.open_files_max < 16) {
    return Fail(Code::kInvalidArgument, fmt::format("engine {}: open_files_max is {}, at least 16",
                                                    name, limits.open_files_max));
  }
  if (limits.memory_bytes_max < 0) {
    return Fail(Code::kInvalidArgument, fmt::format("engine {}: memory_bytes_max is {}, at least 0",
                                                    name, limits.memory_bytes_max));
  }
  const std::pair<const char*, int64_t> times[] = {
      {"hello_ms", deadlines.hello_ms},   {"load_ms", deadlines.load_ms},
      {"pong_ms", deadlines.pong_ms},     {"ping_interval_ms", deadlines.ping_interval_ms},
      {"cancel_ms", deadlines.cancel_ms}, {"bye_ms", deadlines.bye_ms},
      {"term_ms", deadlines.term_ms}};
  for (const auto& [field, ms] : times) {
    if (ms >= 1 && ms <= 86'400'000) continue;
    return Fail(Code::kInvalidArgument,
                fmt::format("engine {}: {} is {}, from 1 to 86400000 is allowed", name, field, ms));
  }
  return {};
}

Result<std::unique_ptr<EngineProcess>> EngineProcess::Spawn(EngineSpec spec, Events events) {
  auto impl = std::make_unique<Impl>(std::move(spec), std::move(events));
  PARLEY_TRY_STATUS(impl->Begin());
  return std::unique_ptr<EngineProcess>(new EngineProcess(std::move(impl)));
}

EngineProcess::EngineProcess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EngineProcess::~EngineProcess() = default;

void EngineProcess::Load(engine::Load load) { impl_->Load(std::move(load)); }
Result<uint32_t> EngineProcess::Start(engine::Start start, StreamSink sink) {
  return impl_->Start(std::move(start), std::move(sink));
}
bool EngineProcess::Send(uint32_t stream, const Message& message) {
  return impl_->Send(stream, message);
}
bool EngineProcess::SendAudio(uint32_t stream, std::span<const float> samples) {
  return impl_->SendAudio(stream, samples);
}
void EngineProcess::Cancel(uint32_t stream) { impl_->Cancel(stream); }
void EngineProcess::Stop() { impl_->Stop(); }
void EngineProcess::Kill(std::string why) { impl_->Kill(std::move(why), false); }
EngineProcess::State EngineProcess::state() const { return impl_->state(); }
pid_t EngineProcess::pid() const { return impl_->pid(); }
std::optional<Hello> EngineProcess::hello() const { return impl_->hello(); }
std::optional<Loaded> EngineProcess::loaded() const { return impl_->loaded(); }
int64_t EngineProcess::ResidentBytes() const { return impl_->ResidentBytes(); }
std::vector<std::string> EngineProcess::LastLines() const { return impl_->LastLines(); }

}  // namespace parley::engine
