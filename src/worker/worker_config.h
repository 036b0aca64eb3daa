// The settings of a worker process: [worker] of the configuration.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "catalog/models_config.h"
#include "config/binder.h"
#include "registry/redis_config.h"
#include "rpc/channel.h"
#include "worker/engines.h"
#include "worker/model_policy.h"
#include "worker/voice_config.h"

namespace parley::worker {

struct WorkerConfig {
  // "unix:/path" (mode 0600) or "host:port"; port 0 takes a free one.
  std::string listen = "unix:/tmp/parley-worker.sock";
  int port = 0;  // not 0: the port of `listen`, whatever stands there
  Secret key;    // needed beyond this machine
  rpc::TlsConfig tls;
  // Gets the address once it listens; for scripts that gave port 0. Empty: none.
  std::filesystem::path address_file;
  // Where workers announce themselves, if anywhere; bound by whoever binds [redis].
  registry::RedisConfig redis;
  // As gateways reach us, "host" or "host:port"; empty: host name and port of `listen`.
  std::string advertise;
  std::string zone;  // gateways prefer workers of their own; empty: none

  // /metrics, /healthz and /readyz over HTTP.
  bool serve_metrics = false;
  std::string metrics_host = "127.0.0.1";
  int metrics_port = 0;  // 0: a free one

  std::string id;              // empty: host name and process id
  std::string device = "cpu";  // what engines are told to run on
  std::string log_level = "info";
  int drain_ms = 2'000;  // how long streams may go on after a signal

  // The default models, loaded before the worker is ready, and pinned. Empty: none of that kind.
  std::string default_voice = "piper/en_US-joe-medium";
  std::string default_recognizer = "whisper/tiny.en";
  std::string default_llm = "llama/smollm2-135m-instruct";
  std::vector<std::string> preload;
  bool watch_models = true;  // look for packs that are new or changed, every policy.check_ms

  ModelPolicyConfig policy;
  VoiceConfig voice;
  EnginesConfig engines;

  // Where to serve: `listen`, or if `port` is set its host (this machine's own, without a key) and
  // that port.
  std::string ListenAddress() const;
  // What gateways are told to connect to, `listening` being the address in use.
  std::string AdvertisedAddress(const std::string& listening) const;

  // All but listen, key and tls, which the server that is made of them checks.
  Status Validate() const;
};

// [worker]; not [redis], which the gateway knows too.
void BindConfig(config::Binder& binder, WorkerConfig& config);

// Deployments of CosyVoice name a folder, and no model: it has the name of the default voice, and
// is that unless the configuration names another. After loading.
void AdoptCosyVoice(config::Binder& binder, catalog::CosyVoicePlaces& places, WorkerConfig& config);

// Of this machine.
std::string HostName();

// One file serves all programs: the sections that are none of a worker's are left alone.
void LeaveToOthers(config::Binder& binder);

}  // namespace parley::worker
