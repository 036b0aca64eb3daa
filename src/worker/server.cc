#include "worker/server.h"

#include <unistd.h>

#include <future>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "catalog/pack.h"
#include "metrics/worker_metrics.h"
#include "net/io_threads.h"
#include "net/server.h"
#include "registry/announcer.h"
#include "rpc/speech_server.h"
#include "worker/engine_ports.h"
#include "worker/internal/metrics_service.h"
#include "worker/model_manager.h"
#include "worker/recent_latency.h"

namespace parley::worker {
namespace {

std::string DefaultId() { return HostName() + "-" + std::to_string(::getpid()); }

ModelManager::Config ManagerConfig(const WorkerConfig& config) {
  ModelManager::Config manager{.policy = config.policy,
                               .engines = config.engines,
                               .device = config.device,
                               .preload = config.preload,
                               .watch = config.watch_models};
  if (config.voice.target_lufs < 0) manager.target_lufs = config.voice.target_lufs;
  const auto add = [&](ModelKind kind, const std::string& model) {
    if (!model.empty()) manager.defaults[kind] = model;
  };
  add(ModelKind::kTts, config.default_voice);
  add(ModelKind::kAsr, config.default_recognizer);
  add(ModelKind::kLlm, config.default_llm);
  return manager;
}

}  // namespace

struct Worker::Impl {
  Impl(const WorkerConfig& worker_config, const Deps& worker_deps)
      : config(worker_config), deps(worker_deps), metrics(worker_deps.registry) {}

  Status Open();
  Status ServeMetrics();
  Status Announce();
  std::optional<registry::Announcement> Describe();
  // Runs on the io thread and waits for it.
  template <class Act>
  auto OnExecutor(Act act) -> decltype(act()) {
    std::promise<decltype(act())> done;
    executor().Post([&] { done.set_value(act()); });
    return done.get_future().get();
  }
  net::Executor& executor() { return threads->at(0); }
  void Stop(int64_t drain_ms);

  const WorkerConfig config;
  const Deps deps;
  metrics::WorkerMetrics metrics;
  std::unique_ptr<net::IoThreads> threads;
  std::unique_ptr<net::IoThreads> text_threads;  // of their own: a text takes long
  std::unique_ptr<ModelManager> models;
  std::unique_ptr<EngineVoice> voice;
  std::unique_ptr<EngineRecognizer> recognizer;
  std::unique_ptr<EngineLanguageModel> language_model;
  std::unique_ptr<EngineModelHost> model_host;
  std::unique_ptr<rpc::SpeechServer> server;
  std::unique_ptr<MetricsService> metrics_service;
  std::unique_ptr<net::Server> metrics_server;
  RecentLatency first_audio{metrics.first_audio_ms};  // on the executor
  std::unique_ptr<registry::Announcer> announcer;
  bool stopped = false;
};

Status Worker::Impl::ServeMetrics() {
  if (!config.serve_metrics) return {};
  metrics_service = std::make_unique<MetricsService>(deps.registry, [this] {
    // On the executor already: it serves HTTP too.
    return models->not_ready_why();
  });
  net::ServerConfig http{.address = config.metrics_host,
                         .port = static_cast<uint16_t>(config.metrics_port)};
  PARLEY_TRY(metrics_server, net::Server::Start(http, *metrics_service, *threads));
  log::Info("metrics_served url={}/metrics", metrics_server->base_url());
  return {};
}

Status Worker::Impl::Announce() {
  if (!config.redis.enabled()) return {};
  const auto on_standing = [this](registry::Standing standing, const std::string&) {
    metrics.announced.Set(standing == registry::Standing::kAnnounced ? 1 : 0);
  };
  PARLEY_TRY(announcer,
             registry::Announcer::Start(config.redis, {.source = [this] { return Describe(); },
                                                       .on_standing = on_standing}));
  return {};
}

// On the announcer's thread, which ends before the executor does.
std::optional<registry::Announcement> Worker::Impl::Describe() {
  std::promise<registry::Announcement> described;
  model_host->Capabilities([&](Result<ports::WorkerCapabilities> capabilities) {
    registry::Announcement now{.host = HostName(),
                               .address = config.AdvertisedAddress(server->address()),
                               .zone = config.zone,
                               .metrics_port = metrics_server ? metrics_server->port() : 0,
                               .waiting = models->waiting(),
                               .capabilities = std::move(*capabilities)};
    first_audio.Note(deps.clock.NowUs());
    now.first_audio_p50_ms = first_audio.Quantile(0.5);
    now.first_audio_p95_ms = first_audio.Quantile(0.95);
    described.set_value(std::move(now));
  });
  return described.get_future().get();
}

Status Worker::Impl::Open() {
  PARLEY_TRY(TextGrammars grammars, TextGrammars::Load(config.voice, deps.models.dir));
  PARLEY_TRY(threads, net::IoThreads::Start(1, "worker"));
  PARLEY_TRY(text_threads, net::IoThreads::Start(1, "texts"));
  ModelManager::Deps manager{
      .clock = deps.clock,
      .metrics = metrics,
      .executor = executor(),
      .launcher = deps.launcher,
      .packs = [config = deps.models](
                   std::vector<Error>* problems) { return catalog::ListPacks(config, problems); },
      // The server is there before the manager is started.
      .serving =
          [this](const std::string& model, bool ready) {
            if (model.empty())
              log::Info("worker_ready ready={} why=\"{}\"", ready, models->not_ready_why());
            server->SetServing(model, ready);
            if (announcer) announcer->Touch();
          }};
  PARLEY_TRY(models, ModelManager::Create(ManagerConfig(config), std::move(manager)));
  const EngineDeps engines{deps.clock, metrics, executor(), *models};
  voice = std::make_unique<EngineVoice>(config.voice, engines, text_threads->at(0),
                                        std::move(grammars));
  recognizer = std::make_unique<EngineRecognizer>(engines);
  language_model = std::make_unique<EngineLanguageModel>(engines);
  EngineModelHost::Identity identity{.worker_id = config.id.empty() ? DefaultId() : config.id,
                                     .version = deps.version,
                                     .device = config.device};
  model_host = std::make_unique<EngineModelHost>(std::move(identity), engines);
  const rpc::SpeechServer::Config listen{
      .address = config.ListenAddress(), .key = config.key, .tls = config.tls};
  PARLEY_TRY(server, rpc::SpeechServer::Create(listen, {.voice = voice.get(),
                                                        .recognizer = recognizer.get(),
                                                        .language_model = language_model.get(),
                                                        .model_host = model_host.get()}));
  if (!config.address_file.empty()) {
    PARLEY_TRY_STATUS(WriteFileAtomically(config.address_file, server->address() + "\n"));
  }
  log::Info("worker_listening address={} models_dir={}", server->address(),
            deps.models.dir.string());
  PARLEY_TRY_STATUS(ServeMetrics());
  PARLEY_TRY_STATUS(Announce());
  executor().Post([this] { models->Start(); });
  return {};
}

void Worker::Impl::Stop(int64_t drain_ms) {
  if (std::exchange(stopped, true)) return;
  if (server && drain_ms > 0) {
    std::promise<void> drained;
    model_host->Drain(drain_ms, [&](Status) { drained.set_value(); });
    drained.get_future().wait();
  }
  // It asks the executor, and no gateway shall find us any more.
  if (announcer) announcer->Stop();
  if (metrics_server) metrics_server->Stop(0);
  // Calls that come in from here on are answered by a manager that is stopped.
  if (models) {
    std::promise<void> gone;
    executor().Post([&] { models->Stop([&] { gone.set_value(); }); });
    gone.get_future().wait();
  }
  if (server) server->Shutdown(0);
  if (models) {
    OnExecutor([this] {
      // What streams have still posted runs before this.
      models.reset();
      return true;
    });
  }
  if (threads) threads->Stop();
  if (text_threads) text_threads->Stop();
}

Worker::Worker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Worker::~Worker() { Stop(0); }

Result<std::unique_ptr<Worker>> Worker::Create(const WorkerConfig& config, const Deps& deps) {
  PARLEY_TRY_STATUS(config.Validate());
  auto worker = std::unique_ptr<Worker>(new Worker(std::make_unique<Impl>(config, deps)));
  PARLEY_TRY_STATUS(worker->impl_->Open());
  return worker;
}

const std::string& Worker::address() const { return impl_->server->address(); }

std::string Worker::metrics_url() const {
  return impl_->metrics_server ? impl_->metrics_server->base_url() : "";
}

std::string Worker::NotReadyWhy() const {
  return impl_->OnExecutor([this] { return impl_->models->not_ready_why(); });
}

void Worker::Stop(int64_t drain_ms) { impl_->Stop(drain_ms); }

}  // namespace parley::worker
