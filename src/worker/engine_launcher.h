// Engine processes, behind an interface that a fake can stand in for. The real ones are
// engine::EngineProcess (engine/process.h), whose contract of threads and events holds here too.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "engine/process.h"

namespace parley::worker {

// One running engine with at most one loaded model. Thread-safe; the destructor ends the process.
class EngineInstance {
 public:
  virtual ~EngineInstance() = default;
  virtual void Load(engine::Load load) = 0;
  virtual Result<uint32_t> Start(engine::Start start, engine::StreamSink sink) = 0;
  virtual bool Send(uint32_t stream, const engine::Message& message) = 0;
  virtual bool SendAudio(uint32_t stream, std::span<const float> samples) = 0;
  virtual void Cancel(uint32_t stream) = 0;
  virtual void Stop() = 0;
  virtual void Kill(std::string why) = 0;
  virtual int64_t ResidentBytes() const = 0;
  virtual pid_t pid() const = 0;
};

class EngineLauncher {
 public:
  virtual ~EngineLauncher() = default;
  virtual Result<std::unique_ptr<EngineInstance>> Launch(engine::EngineSpec spec,
                                                         engine::EngineProcess::Events events) = 0;
};

class ProcessLauncher final : public EngineLauncher {
 public:
  Result<std::unique_ptr<EngineInstance>> Launch(engine::EngineSpec spec,
                                                 engine::EngineProcess::Events events) override;
};

}  // namespace parley::worker
