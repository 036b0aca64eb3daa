#include "gateway/config.h"

#include <fmt/format.h>

namespace parley::gateway {

bool IsLoopbackHost(std::string_view host) {
  return host == "localhost" || host.starts_with("127.") || host == "::1" || host == "[::1]";
}

Status GatewayConfig::Validate() const {
  if (key.empty() && !IsLoopbackHost(host)) {
    return Fail(Code::kInvalidArgument,
                fmt::format("gateway.host is {}, which other machines can reach, but "
                            "gateway.key is not set: anybody could use it. Set gateway.key (in "
                            "PARLEY_GATEWAY_KEY, or gateway.key_file), or listen on 127.0.0.1",
                            host));
  }
  if (!key.empty() && key.Reveal().size() < 8) {
    return Fail(Code::kInvalidArgument,
                "gateway.key has fewer than 8 characters, which is soon guessed; make one with "
                "`openssl rand -hex 16`");
  }
  PARLEY_TRY_STATUS(worker_tls.Validate());
  return ToServerConfig().Validate();
}

net::ServerConfig GatewayConfig::ToServerConfig() const {
  net::ServerConfig server;
  server.address = host;
  server.port = static_cast<uint16_t>(port);
  server.tls = {
      .cert_file = tls_cert_file, .key_file = tls_key_file, .self_signed = tls_self_signed};
  server.connections_max = connections_max;
  server.web_socket_idle_timeout_ms = session_idle_s * 1000;
  return server;
}

namespace {

void BindWorkers(config::Binder& binder, GatewayConfig& config) {
  binder.Field("gateway.worker", &config.worker,
               "Address of a worker, host:port or unix:PATH; empty: those that announce themselves "
               "in redis.url, and without one unix:/tmp/parley-worker.sock.");
  binder.Secret("gateway.worker_key", &config.worker_key, "Key that workers ask for.");
  binder.Field("gateway.worker_key_in_clear", &config.worker_key_in_clear,
               "Send that key to other machines without TLS, on a network that is ours alone.");
  binder.Field("gateway.worker_ca_file", &config.worker_tls.ca_file,
               "Authorities of workers' certificates in PEM; set it to use TLS.");
  binder.Field("gateway.worker_certificate_file", &config.worker_tls.certificate_file,
               "Own certificate chain in PEM, where workers demand one.");
  binder.Field("gateway.worker_certificate_key_file", &config.worker_tls.key_file,
               "The certificate's key in PEM.");
  binder.Field("gateway.worker_server_name", &config.worker_tls.server_name,
               "Name that workers' certificates carry, when it is not their address.");
}

}  // namespace

void BindConfig(config::Binder& binder, GatewayConfig& config) {
  binder
      .Field("gateway.host", &config.host,
             "IP address to listen on; beyond 127.0.0.1 a key is needed.")
      .Alias("--host");
  binder.Field("gateway.port", &config.port, {0, 65535}, "Port to listen on; 0 takes a free one.")
      .Alias("--port");
  binder.Field("gateway.address_file", &config.address_file,
               "Where the base URL is written once clients can connect; empty: nowhere.");
  binder
      .Secret("gateway.key", &config.key,
              "Key that clients must show; without one any is accepted, from this machine only.")
      .Alias("--api-key");
  BindWorkers(binder, config);
  binder
      .Field("gateway.tls_cert_file", &config.tls_cert_file,
             "Certificate chain in PEM; with tls_key_file it turns TLS on.")
      .Alias("--tls-cert");
  binder.Field("gateway.tls_key_file", &config.tls_key_file, "The certificate's key in PEM.")
      .Alias("--tls-key");
  binder
      .Field("gateway.tls_self_signed", &config.tls_self_signed,
             "TLS with a certificate made at start, for development: clients must be told not "
             "to verify it.")
      .Alias("--tls-self-signed");
  binder.Field("gateway.allowed_origins", &config.allowed_origins,
               "Web origins besides our own that browsers may use us from; * is all.");
  binder.Field("gateway.io_threads", &config.io_threads, {1, 64},
               "Threads that sessions are spread over; more than cores do not help.");
  binder.Field("gateway.connections_max", &config.connections_max, {1, 100'000},
               "Connections at once; over it clients get status 503.");
  binder.Field("gateway.sessions_max", &config.sessions_max, {1, 100'000},
               "Conversations at once; over it clients get status 429.");
  binder.Field("gateway.requests_max", &config.requests_max, {1, 10'000},
               "Speech and transcription requests at once; over it clients get status 429.");
  binder.Field("gateway.session_max_s", &config.session_max_s, {10, 86'400},
               "How long a conversation may last.");
  binder.Field("gateway.session_idle_s", &config.session_idle_s, {0, 86'400},
               "How long a client may send nothing; 0: for ever.");
  binder.Field("gateway.session_hold_s", &config.session_hold_s, {0, 600},
               "How long a conversation outlives its line for a client that comes back to it; it "
               "keeps its place among sessions_max. 0: not at all.");
  binder.Field("gateway.body_mib_max", &config.body_mib_max, {1, 1024},
               "Largest upload; it is held in memory.");
  binder.Field("gateway.speech_chars_max", &config.speech_chars_max, {1, 100'000},
               "Longest input of a speech request, in characters.");
  binder.Field("gateway.audio_s_max", &config.audio_s_max, {1, 36'000},
               "Longest recording to transcribe; a second takes 64 kB of memory.");
  binder.Field("gateway.stop_grace_ms", &config.stop_grace_ms, {0, 60'000},
               "How long requests under way may go on when the gateway is told to stop.");
  binder.Field("names.models", &config.model_names,
               "What clients call models, and what they are here; empty: the default.");
  binder.Field("names.voices", &config.voice_names,
               "What clients call voices: model, or model#speaker; empty: the default.");
}

}  // namespace parley::gateway
