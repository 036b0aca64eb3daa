#include "worker/worker_config.h"

namespace parley::worker {
namespace {

constexpr double kDayMs = 86'400'000;

void BindModels(config::Binder& binder, WorkerConfig& config) {
  ModelPolicyConfig& policy = config.policy;
  binder.Field("worker.default_voice", &config.default_voice,
               "Voice model loaded before the worker is ready; empty: none.");
  binder.Field("worker.default_recognizer", &config.default_recognizer,
               "Recognizer loaded before the worker is ready; empty: none.");
  binder.Field("worker.default_llm", &config.default_llm,
               "Language model loaded before the worker is ready; empty: none, as with llm.url.");
  binder.Field("worker.preload", &config.preload, "More models to load at start.");
  binder.Field("worker.resident_cap", &policy.resident_cap, {1, 64},
               "Voices kept in memory at once.");
  binder.Field("worker.memory_budget_bytes", &policy.memory_budget_bytes, {0, 1e15},
               "Memory of all models together; 0: not limited.");
  binder.Field("worker.ttl_ms", &policy.ttl_ms, {0, kDayMs},
               "How long an idle model is kept; 0: for ever.");
  binder.Field("worker.residency_ms", &policy.residency_ms, {0, kDayMs},
               "How long a voice stays at least before another may push it out.");
  binder.Field("worker.check_ms", &policy.check_ms, {100, 3'600'000},
               "How often idle models are looked at.");
  binder.Field("worker.parallel_loads", &policy.parallel_loads, {1, 16}, "Loads at the same time.");
  binder.Field("worker.backoff_min_ms", &policy.backoff_min_ms, {1, 60'000},
               "Wait before a failed model is loaded again; doubles each time.");
  binder.Field("worker.backoff_max_ms", &policy.backoff_max_ms, {1, kDayMs},
               "The longest such wait.");
}

void BindVoice(config::Binder& binder, VoiceConfig& voice) {
  binder.Field("worker.loudness_lufs", &voice.target_lufs, {-40, 0},
               "Loudness that voices are brought to, -40…-10; 0 leaves them as they are.");
  binder.Field("worker.trim_silence", &voice.trim_silence,
               "Cut the silence before an utterance's first sound.");
  binder.Field(
      "worker.lead_ms", &voice.lead_ms, {100, 30'000},
      "How far a voice may run ahead of what was taken; what is ahead is lost at a cancel.");
  binder.Field("worker.stall_ms", &voice.stall_ms, {1'000, 600'000},
               "A voice that gives nothing for so long has hung.");
}

}  // namespace

Status VoiceConfig::Validate() const {
  if (target_lufs != 0 && (target_lufs < -40 || target_lufs > -10)) {
    return Fail(Code::kInvalidArgument, "worker.loudness_lufs is " + std::to_string(target_lufs) +
                                            ", must be -40 to -10, or 0");
  }
  if (lead_ms < 100 || lead_ms > 30'000 || stall_ms < 1'000 || stall_ms > 600'000) {
    return Fail(Code::kInvalidArgument, "worker.lead_ms is " + std::to_string(lead_ms) +
                                            ", must be 100 to 30000; worker.stall_ms is " +
                                            std::to_string(stall_ms) + ", must be 1000 to 600000");
  }
  return {};
}

Status WorkerConfig::Validate() const {
  PARLEY_TRY_STATUS(policy.Validate());
  PARLEY_TRY_STATUS(voice.Validate());
  if (drain_ms < 0 || drain_ms > 600'000) {
    return Fail(Code::kInvalidArgument,
                "worker.drain_ms is " + std::to_string(drain_ms) + ", must be 0 to 600000");
  }
  return {};
}

void BindConfig(config::Binder& binder, WorkerConfig& config) {
  binder
      .Field("worker.listen", &config.listen,
             "Where to serve: unix:/path (this user alone) or host:port.")
      .Alias("--listen");
  binder.Secret("worker.key", &config.key, "Key that gateways must show.");
  binder.Field("worker.tls_certificate", &config.tls.certificate_file,
               "Certificate chain in PEM; set it to serve over TLS.");
  binder.Field("worker.tls_key", &config.tls.key_file, "The certificate's key in PEM.");
  binder.Field("worker.tls_client_ca", &config.tls.ca_file,
               "Authorities of client certificates in PEM; set it to demand one.");
  binder.Field("worker.address_file", &config.address_file,
               "File that gets the address once the worker listens.");
  binder.Field("worker.id", &config.id, "Name of this worker; empty: host name and process id.");
  binder.Field("worker.device", &config.device, "What engines run on: cpu, cuda:0.");
  binder.Field("worker.drain_ms", &config.drain_ms, {0, 600'000},
               "How long streams may go on after SIGTERM.");
  BindModels(binder, config);
  BindVoice(binder, config.voice);
  BindConfig(binder, config.engines);
}

void LeaveToOthers(config::Binder& binder) {
  for (const char* section : {"gateway", "llm", "names", "session", "up", "client"}) {
    binder.Elsewhere(section);
  }
}

}  // namespace parley::worker
