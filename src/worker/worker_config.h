// The settings of a worker process: [worker] of the configuration.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "config/binder.h"
#include "rpc/channel.h"
#include "worker/engines.h"
#include "worker/model_policy.h"
#include "worker/voice_config.h"

namespace parley::worker {

struct WorkerConfig {
  // "unix:/path" (mode 0600) or "host:port"; port 0 takes a free one.
  std::string listen = "unix:/tmp/parley-worker.sock";
  Secret key;  // needed beyond this machine
  rpc::TlsConfig tls;
  // Gets the address once it listens; for scripts that gave port 0. Empty: none.
  std::filesystem::path address_file;
  std::string id;              // empty: host name and process id
  std::string device = "cpu";  // what engines are told to run on
  int drain_ms = 2'000;        // how long streams may go on after a signal

  // The default models, loaded before the worker is ready, and pinned. Empty: none of that kind.
  std::string default_voice = "piper/en_US-joe-medium";
  std::string default_recognizer = "whisper/tiny.en";
  std::string default_llm = "llama/smollm2-135m-instruct";
  std::vector<std::string> preload;

  ModelPolicyConfig policy;
  VoiceConfig voice;
  EnginesConfig engines;

  // All but listen, key and tls, which the server that is made of them checks.
  Status Validate() const;
};

void BindConfig(config::Binder& binder, WorkerConfig& config);

// One file serves all programs: the sections that are none of a worker's are left alone.
void LeaveToOthers(config::Binder& binder);

}  // namespace parley::worker
