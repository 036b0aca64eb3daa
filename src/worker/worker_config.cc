#include "worker/worker_config.h"

#include <unistd.h>

#include <array>

namespace parley::worker {
namespace {

constexpr double kDayMs = 86'400'000;

void BindModels(config::Binder& binder, WorkerConfig& config) {
  ModelPolicyConfig& policy = config.policy;
  binder
      .Field("worker.default_voice", &config.default_voice,
             "Voice model loaded before the worker is ready; empty: none.")
      .Also("DEFAULT_MODEL_ID");
  binder.Field("worker.default_recognizer", &config.default_recognizer,
               "Recognizer loaded before the worker is ready; empty: none.");
  binder.Field("worker.default_llm", &config.default_llm,
               "Language model loaded before the worker is ready; empty: none, as with llm.url.");
  binder.Field("worker.preload", &config.preload, "More models to load at start.")
      .Also("PRELOAD_MODEL_IDS");
  binder.Field("worker.watch_models", &config.watch_models,
               "Look for models that are new or changed, every check_ms; changed ones are loaded "
               "anew, and what they say is said to its end.");
  binder
      .Field("worker.resident_cap", &policy.resident_cap, {1, 64}, "Voices kept in memory at once.")
      .Also("RESIDENT_CAP");
  binder.Field("worker.memory_budget_bytes", &policy.memory_budget_bytes, {0, 1e15},
               "Memory of all models together; 0: not limited.");
  binder
      .Field("worker.ttl_ms", &policy.ttl_ms, {0, kDayMs},
             "How long an idle model is kept; 0: for ever.")
      .Also("TTL_MS");
  binder
      .Field("worker.residency_ms", &policy.residency_ms, {0, kDayMs},
             "How long a voice stays at least before another may push it out.")
      .Also("MIN_RESIDENCY_MS");
  binder
      .Field("worker.check_ms", &policy.check_ms, {100, 3'600'000},
             "How often idle models are looked at.")
      .Also("EVICT_CHECK_INTERVAL_MS");
  binder.Field("worker.parallel_loads", &policy.parallel_loads, {1, 16}, "Loads at the same time.")
      .Also("MAX_PARALLEL_LOADS");
  binder.Field("worker.backoff_min_ms", &policy.backoff_min_ms, {1, 60'000},
               "Wait before a failed model is loaded again; doubles each time.");
  binder.Field("worker.backoff_max_ms", &policy.backoff_max_ms, {1, kDayMs},
               "The longest such wait.");
}

void BindVoice(config::Binder& binder, VoiceConfig& voice) {
  binder
      .Field("worker.sample_rate_hz", &voice.sample_rate_hz, {8'000, 48'000},
             "Rate of speech for callers that name none.")
      .Also("SAMPLE_RATE");
  binder
      .Field("worker.frame_ms", &voice.frame_ms, {10, 60},
             "Length of its frames for callers that name none: 10, 20, 40 or 60.")
      .Also("FRAME_MS");
  binder.Field("worker.loudness_lufs", &voice.target_lufs, {-40, 0},
               "Loudness that voices are brought to, -40…-10; 0 leaves them as they are.");
  binder.Field("worker.trim_silence", &voice.trim_silence,
               "Cut the silence before an utterance's first sound.");
  binder
      .Field("worker.text_normalization", &voice.normalize_text,
             "Spell out numbers, dates, money and the like before the voice gets them.")
      .Also("ENABLE_TEXT_NORMALIZATION");
  binder.Choice("worker.text_normalizer", &voice.normalize_by,
                {{"auto", NormalizeBy::kAuto},
                 {"wetext", NormalizeBy::kWetext},
                 {"rules", NormalizeBy::kRules}},
                "What does it: auto takes the grammars of model text/wetext (en, zh, ja) where "
                "they were pulled, else rules; wetext needs them; rules never takes them.");
  binder
      .Field("worker.text_language", &voice.text_language,
             "Language of texts whose caller names none; empty: the voice's own.")
      .Also("TEXT_NORMALIZATION_LANG");
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
  if (sample_rate_hz < 8'000 || sample_rate_hz > 48'000) {
    return Fail(
        Code::kInvalidArgument,
        "worker.sample_rate_hz is " + std::to_string(sample_rate_hz) + ", must be 8000 to 48000");
  }
  if (frame_ms != 10 && frame_ms != 20 && frame_ms != 40 && frame_ms != 60) {
    return Fail(Code::kInvalidArgument,
                "worker.frame_ms is " + std::to_string(frame_ms) + ", must be 10, 20, 40 or 60");
  }
  if (lead_ms < 100 || lead_ms > 30'000 || stall_ms < 1'000 || stall_ms > 600'000) {
    return Fail(Code::kInvalidArgument, "worker.lead_ms is " + std::to_string(lead_ms) +
                                            ", must be 100 to 30000; worker.stall_ms is " +
                                            std::to_string(stall_ms) + ", must be 1000 to 600000");
  }
  return {};
}

std::string HostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

std::string WorkerConfig::ListenAddress() const {
  if (port == 0) return listen;
  const std::string everywhere = key.empty() && tls.ca_file.empty() ? "127.0.0.1" : "0.0.0.0";
  const std::string host =
      rpc::IsUnixAddress(listen) ? everywhere : listen.substr(0, listen.rfind(':'));
  return host + ":" + std::to_string(port);
}

std::string WorkerConfig::AdvertisedAddress(const std::string& listening) const {
  if (rpc::IsUnixAddress(listening) && advertise.empty()) return listening;
  const std::string port =
      rpc::IsUnixAddress(listening) ? "" : listening.substr(listening.rfind(':'));
  if (!advertise.empty()) {
    const bool has_port = advertise.rfind(':') != std::string::npos && !advertise.ends_with(']');
    return has_port ? advertise : advertise + port;
  }
  const std::string host = listening.substr(0, listening.rfind(':'));
  // An address that means all of this machine's means nothing on another.
  return (host == "0.0.0.0" || host == "[::]" ? HostName() : host) + port;
}

Status WorkerConfig::Validate() const {
  PARLEY_TRY_STATUS(policy.Validate());
  PARLEY_TRY_STATUS(voice.Validate());
  PARLEY_TRY_STATUS(redis.Validate());
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
  binder
      .Field("worker.port", &config.port, {0, 65'535},
             "TCP port to serve on, in place of the one of listen; 0: as listen says.")
      .Also("WORKER_PORT");
  binder.Secret("worker.key", &config.key, "Key that gateways must show.");
  binder.Field("worker.tls_certificate", &config.tls.certificate_file,
               "Certificate chain in PEM; set it to serve over TLS.");
  binder.Field("worker.tls_key", &config.tls.key_file, "The certificate's key in PEM.");
  binder.Field("worker.tls_client_ca", &config.tls.ca_file,
               "Authorities of client certificates in PEM; set it to demand one.");
  binder.Field("worker.address_file", &config.address_file,
               "File that gets the address once the worker listens.");
  binder.Field("worker.id", &config.id, "Name of this worker; empty: host name and process id.")
      .Also("WORKER_NAME");
  binder.Field("worker.advertise", &config.advertise,
               "Address that gateways are told in the registry, host or host:port; empty: the "
               "host name, and the port of listen.");
  binder.Field("worker.zone", &config.zone,
               "Zone of this worker: gateways of the same one prefer it.");
  binder
      .Field("worker.metrics", &config.serve_metrics,
             "Serve /metrics, /healthz and /readyz over HTTP.")
      .Also("ENABLE_METRICS");
  binder.Field("worker.metrics_host", &config.metrics_host, "IP address to serve them on.");
  binder.Field("worker.metrics_port", &config.metrics_port, {0, 65'535},
               "Port to serve them on; 0 takes a free one.");
  binder.Field("worker.device", &config.device, "What engines run on: cpu, cuda:0.").Also("DEVICE");
  binder
      .Choice("worker.log_level", &config.log_level,
              {"trace", "debug", "info", "warn", "error", "off"}, "How much is logged.")
      .Also("LOG_LEVEL");
  binder.Field("worker.drain_ms", &config.drain_ms, {0, 600'000},
               "How long streams may go on after SIGTERM.");
  BindModels(binder, config);
  BindVoice(binder, config.voice);
  BindConfig(binder, config.engines);
}

void AdoptCosyVoice(config::Binder& binder, catalog::CosyVoicePlaces& places,
                    WorkerConfig& config) {
  if (places.model.empty() && places.hf_cache.empty()) return;
  const bool is_named = binder.Find("worker.default_voice")->origin != "default";
  if (!is_named) config.default_voice = catalog::kCosyVoiceId;
  const bool is_its = config.default_voice.starts_with("cosyvoice2");
  places.model_id = is_its ? config.default_voice : catalog::kCosyVoiceId;
}

void LeaveToOthers(config::Binder& binder) {
  for (const char* section : {"gateway", "router", "llm", "names", "session", "up", "client"}) {
    binder.Elsewhere(section);
  }
}

}  // namespace parley::worker
