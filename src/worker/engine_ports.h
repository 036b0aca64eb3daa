// The ports, implemented by engines on this machine: what a worker exposes over gRPC. Thin handles
// that hand every call over to the executor, where the streams (internal/*_stream.h) live.
//
// Thread-safe. Streams obey ports/stream.h. All must be gone before the executors' loops end.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "metrics/worker_metrics.h"
#include "net/executor.h"
#include "ports/language_model.h"
#include "ports/model_host.h"
#include "ports/recognizer.h"
#include "ports/voice.h"
#include "worker/internal/normalizers.h"
#include "worker/model_manager.h"
#include "worker/voice_config.h"

namespace parley::worker {

// What they share; all outlive the ports.
struct EngineDeps {
  const Clock& clock;
  metrics::WorkerMetrics& metrics;
  net::Executor& executor;
  ModelManager& models;  // on the executor
};

class EngineVoice final : public ports::Voice {
 public:
  // `texts` is where texts are spelled out (internal/normalizers.h); may be that of `deps`.
  EngineVoice(const VoiceConfig& config, const EngineDeps& deps, net::Executor& texts,
              TextGrammars grammars)
      : config_(config), deps_(deps), normalizers_(texts, deps.metrics, std::move(grammars)) {}
  std::unique_ptr<Stream> Start(Request request, Sink sink) override;

 private:
  const VoiceConfig config_;
  const EngineDeps deps_;
  Normalizers normalizers_;
};

class EngineRecognizer final : public ports::Recognizer {
 public:
  explicit EngineRecognizer(const EngineDeps& deps) : deps_(deps) {}
  std::unique_ptr<Stream> Start(Request request, Sink sink) override;

 private:
  const EngineDeps deps_;
};

class EngineLanguageModel final : public ports::LanguageModel {
 public:
  explicit EngineLanguageModel(const EngineDeps& deps) : deps_(deps) {}
  std::unique_ptr<Stream> Start(Request request, Sink sink) override;

 private:
  const EngineDeps deps_;
};

class EngineModelHost final : public ports::ModelHost {
 public:
  struct Identity {
    std::string worker_id;
    std::string version;
    std::string device;
  };
  EngineModelHost(Identity identity, const EngineDeps& deps)
      : identity_(std::move(identity)), deps_(deps) {}

  void List(Callback<std::vector<ports::ModelInfo>> done) override;
  void Load(std::string model, int64_t timeout_ms, LoadSink sink) override;
  void Unload(std::string model, bool force, Callback<void> done) override;
  void Reload(Callback<ReloadReport> done) override;
  void Capabilities(Callback<ports::WorkerCapabilities> done) override;
  void Drain(int64_t deadline_ms, Callback<void> done) override;

 private:
  const Identity identity_;
  const EngineDeps deps_;
};

}  // namespace parley::worker
