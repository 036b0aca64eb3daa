#include "gateway/gateway.h"

#include <future>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "base/idle_heap.h"
#include "base/log.h"
#include "gateway/apology.h"
#include "gateway/components.h"
#include "gateway/gateway_service.h"
#include "gateway/names.h"
#include "gateway/readiness.h"
#include "gateway/realtime_sessions.h"
#include "gateway/work_pool.h"
#include "metrics/gateway_metrics.h"
#include "metrics/registry.h"
#include "net/io_threads.h"
#include "net/server.h"
#include "registry/directory.h"
#include "session/floor_board.h"
#include "session/turn_log.h"

namespace parley::gateway {
namespace {

// Decoding is short; one thread keeps it from the cores that conversations need.
constexpr int kPoolThreads = 1;
constexpr size_t kPoolWaitingMax = 64;

}  // namespace

// In the order of dependence: each part uses only those above it, and they are destroyed from
// below.
struct Gateway::Parts {
  Parts(const Settings& own_settings, const Clock& own_clock,
        std::unique_ptr<net::IoThreads> own_threads, Components made)
      : settings(own_settings),
        clock(own_clock),
        threads(std::move(own_threads)),
        components(std::move(made)) {}

  const Settings settings;
  const Clock& clock;
  // Before what answers on threads of its own, which posts to these to its end.
  const std::unique_ptr<net::IoThreads> threads;
  metrics::Registry registry;
  metrics::GatewayMetrics metrics{registry};
  session::TurnLog turns;
  session::FloorBoard floors;
  const Names names{settings.gateway.model_names, settings.gateway.voice_names};
  Components components;
  std::unique_ptr<registry::WorkerDirectory> directory;  // tells the router
  std::unique_ptr<Apology> apology =
      std::make_unique<Apology>(components.router->voice(), settings.session.apology);
  Readiness readiness{components.own_model == nullptr, [this] {
                        if (apology) apology->Make();
                      }};
  const session::Session::Services services{
      .clock = clock,
      .metrics = metrics,
      .recognizer = components.router->recognizer(),
      .model = components.conversing(),
      .voice = components.router->voice(),
      .voice_activity = *components.voice_activity,
      .end_of_turn = components.end_of_turn.get(),
      .turns = turns,
      .floors = &floors,
      .choose_voice = [this](std::string_view name) { return ChooseVoice(name); },
      .choose_recognizer = [this](std::string_view name) { return names.Model(name); },
      .apology = [this] { return apology->pcm(); }};
  ClientSecrets secrets{settings.SessionConfig().defaults};
  RealtimeSessions sessions{settings.gateway, settings.SessionConfig(), services, metrics};
  std::unique_ptr<WorkPool> pool;
  std::unique_ptr<GatewayService> service;
  std::unique_ptr<net::Server> server;
  IdleHeap heap;

  Result<session::VoiceChoice> ChooseVoice(std::string_view name) const {
    PARLEY_TRY(const VoiceName found, names.Voice("", name));
    return session::VoiceChoice{found.model, found.voice};
  }

  Status Open();
  void JudgeReadiness();
  void Close(int64_t grace_ms);
};

// What the router has heard of its workers last.
void Gateway::Parts::JudgeReadiness() {
  auto models = components.router->models();
  if (models.empty()) {
    readiness.Update(Fail(Code::kUnavailable, components.router->not_ready_why()));
  } else {
    readiness.Update(std::move(models));
  }
}

Status Gateway::Parts::Open() {
  pool = std::make_unique<WorkPool>(kPoolThreads, kPoolWaitingMax);
  components.router->OnChange([this] { JudgeReadiness(); });
  if (settings.redis.enabled()) {
    PARLEY_TRY(directory, registry::WorkerDirectory::Start(
                              settings.redis, [router = components.router.get()](auto view) {
                                router->Update(std::move(view));
                              }));
  }
  service = std::make_unique<GatewayService>(
      settings.gateway,
      GatewayService::Deps{
          .names = names,
          .voice = components.router->voice(),
          .recognizer = components.router->recognizer(),
          .language_model = components.model(),
          .any_model_name = components.own_model != nullptr,
          .pool = *pool,
          .metrics = metrics,
          .readiness = [this] { return readiness.state(); },
          .clock = clock,
          .floors = floors,
          .turns = [this](size_t count) { return turns.Newest(count); },
          .workers =
              [this] {
                const router::Router& all = *components.router;
                return WorkersJson(all.workers(), all.stale());
              },
          .drain =
              [this](const DrainRequest& request, auto done) {
                components.router->Drain(request.worker, request.deadline_ms, std::move(done));
              },
          .secrets = secrets,
          .realtime =
              [this](const net::HttpRequest& request, net::Executor& executor, std::string patch) {
                return sessions.Open(request, executor, std::move(patch));
              }});
  PARLEY_TRY(server, net::Server::Start(settings.gateway.ToServerConfig(), *service, *threads));
  if (settings.gateway.address_file.empty()) return {};
  return WriteFileAtomically(settings.gateway.address_file, server->base_url() + "\n");
}

void Gateway::Parts::Close(int64_t grace_ms) {
  floors.Close();
  if (server) server->Stop(grace_ms);
  sessions.Stop();
  directory.reset();
  pool.reset();
  // The router needs the loops to end, and its streams must be gone by then.
  if (components.router) {
    components.router->OnChange(nullptr);
    // On the router's executor, since news under way may still make an apology.
    std::promise<void> gone;
    threads->at(0).Post([this, &gone] {
      apology.reset();
      gone.set_value();
    });
    gone.get_future().wait();
    components.router.reset();
  }
  threads->Stop();
}

// Here and not in settings.cc, so that who only binds the settings does not link a whole session.
Status Settings::Validate() const {
  PARLEY_TRY_STATUS(gateway.Validate());
  PARLEY_TRY_STATUS(router.Validate());
  PARLEY_TRY_STATUS(redis.Validate());
  PARLEY_TRY_STATUS(session.Validate());
  return llm.Validate();
}

Result<std::unique_ptr<Gateway>> Gateway::Start(const Settings& settings) {
  PARLEY_TRY_STATUS(settings.Validate());
  static const SteadyClock clock;
  PARLEY_TRY(auto threads, net::IoThreads::Start(settings.gateway.io_threads, "gateway"));
  PARLEY_TRY(Components components, MakeComponents(settings, clock, threads->at(0)));
  auto gateway = std::unique_ptr<Gateway>(new Gateway(
      std::make_unique<Parts>(settings, clock, std::move(threads), std::move(components))));
  PARLEY_TRY_STATUS(gateway->parts_->Open());
  log::Info("gateway_listening url={} key={} worker={}", gateway->url(),
            settings.gateway.key.empty() ? "none" : "set", settings.gateway.worker);
  return gateway;
}

Gateway::Gateway(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Gateway::~Gateway() { parts_->Close(0); }

std::string Gateway::url() const { return parts_->server->base_url(); }

void Gateway::Rest() {
  const int sessions = parts_->sessions.count();
  parts_->heap.Look(sessions > 0, parts_->sessions.opened() + parts_->service->jobs_begun());
}

void Gateway::Stop() { parts_->Close(parts_->settings.gateway.stop_grace_ms); }

}  // namespace parley::gateway
