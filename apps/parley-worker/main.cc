// The worker process: engines behind a gRPC service. `parley up` starts one; deployments start it
// by themselves.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "base/clock.h"
#include "base/log.h"
#include "cli/settings.h"
#include "metrics/registry.h"
#include "worker/server.h"

namespace {

// The supervisor does not start a child again that ends with this: it was configured wrongly.
constexpr int kDoNotRestart = 2;

constexpr const char* kFooter = R"(Examples:
  parley-worker --listen unix:/run/parley/worker.sock
  parley-worker --listen 0.0.0.0:50051 --set worker.key_file=/run/secrets/worker-key
  parley-worker --models-dir /srv/models --set worker.default_llm= --set worker.resident_cap=4

Settings come from a TOML file (--config, PARLEY_CONFIG, ./parley.toml), then PARLEY_… variables,
then these flags; docs/configuration.md lists them all. An environment file (--env-file) goes
before the environment. Models are fetched by 'parley models pull'.
Exit status: 0 ended by a signal, 1 failed, 2 the configuration is wrong or the address taken.)";

int Complain(const parley::Error& error) {
  std::fprintf(stderr, "parley-worker: %s\n", error.message.c_str());
  return kDoNotRestart;
}

// Waits for SIGINT or SIGTERM, which every thread has blocked.
void WaitForSignal(const sigset_t& signals) {
  int received = 0;
  sigwait(&signals, &received);
  parley::log::Info("worker_stopping signal={}", received);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Serves voices, recognizers and language models to Parley gateways."};
  app.footer(kFooter);
  parley::cli::ConfigOptions options;
  std::vector<std::string> set;
  app.add_option("--config", options.file, "Configuration file");
  app.add_option("--env-file", options.env_file,
                 "File of NAME=value lines; an unknown name is an error");
  app.add_option("--set", set, "KEY=VALUE of any setting");
  const auto add = [&](const char* names, const char* key, const char* doc) {
    app.add_option_function<std::string>(
        names, [&options, key](const std::string& to) { options.flags.emplace_back(key, to); },
        doc);
  };
  add("--listen", "worker.listen", "unix:/path (mode 0600) or host:port; port 0 takes a free one");
  add("--port", "worker.port", "TCP port to listen on, in place of the one of --listen");
  add("--models-dir", "models.dir", "Folder of voice packs");
  add("--default-model,--default_model", "worker.default_voice",
      "Voice that is loaded before the worker is ready");
  add("--log-level", "worker.log_level", "trace, debug, info, warn, error, off");
  CLI11_PARSE(app, argc, argv);
  for (const std::string& pair : set) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos) return Complain({{}, "--set " + pair + " must be KEY=VALUE"});
    options.flags.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  parley::worker::WorkerConfig config;
  parley::catalog::ModelsConfig models;
  parley::config::Binder binder;
  parley::worker::BindConfig(binder, config);
  parley::registry::BindConfig(binder, config.redis);
  parley::catalog::BindConfig(binder, models);
  parley::worker::LeaveToOthers(binder);
  if (auto loaded = parley::cli::LoadSettings(binder, options); !loaded) {
    return Complain(loaded.error());
  }
  parley::worker::AdoptCosyVoice(binder, models.cosyvoice, config);
  if (auto logging = parley::log::Init("worker", config.log_level); !logging) {
    return Complain(logging.error());
  }

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  parley::metrics::Registry registry;
  const parley::SteadyClock clock;
  parley::worker::ProcessLauncher launcher;
  auto worker = parley::worker::Worker::Create(config, {.registry = registry,
                                                        .clock = clock,
                                                        .launcher = launcher,
                                                        .models = models,
                                                        .version = PARLEY_VERSION});
  if (!worker) return Complain(worker.error());
  WaitForSignal(signals);
  (*worker)->Stop(config.drain_ms);
  return 0;
}
