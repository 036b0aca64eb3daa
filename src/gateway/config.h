// [gateway] and [names] of the configuration: where clients reach the gateway, who may, how much,
// and what the names that they use mean.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "config/binder.h"
#include "net/server.h"
#include "rpc/channel.h"

namespace parley::gateway {

struct GatewayConfig {
  std::string host = "127.0.0.1";  // an IP address, or localhost
  int port = 8080;                 // 0: a free one
  std::filesystem::path address_file;
  Secret key;  // empty: any key is accepted, and only this machine is listened to
  // Address of a worker that is known; empty: those of the registry, or where there is none the one
  // on this machine.
  std::string worker;
  Secret worker_key;
  bool worker_key_in_clear = false;
  rpc::TlsConfig worker_tls;  // `ca_file` turns TLS to workers on

  std::string tls_cert_file;
  std::string tls_key_file;
  bool tls_self_signed = false;

  // Web origins besides the gateway's own that may use it from a browser; "*": all.
  std::vector<std::string> allowed_origins;

  int io_threads = 2;
  int connections_max = 1024;
  int sessions_max = 256;    // conversations at once
  int requests_max = 32;     // speech and transcription requests at once
  int session_max_s = 3600;  // then a conversation ends with session_expired
  int session_idle_s = 900;  // without a message of the client
  int session_hold_s = 30;   // without a line, if the client asks for it (x_parley.resume)
  int body_mib_max = 26;     // of an upload
  int speech_chars_max = 4096;
  int audio_s_max = 3600;  // of a recording to transcribe
  int stop_grace_ms = 3000;

  // What clients call things → what they are here. A name that ends in '*' stands for all that
  // begin so. The empty value is the default model or voice; "model#voice" a speaker of a model.
  std::map<std::string, std::string> model_names = {
      {"gpt-*", ""}, {"tts-*", ""},   {"whisper-*", ""}, {"chatgpt-*", ""},
      {"o1*", ""},   {"default", ""}, {"parley", ""},
  };
  std::map<std::string, std::string> voice_names = {
      {"alloy", ""}, {"ash", ""},     {"ballad", ""}, {"cedar", ""},   {"coral", ""},
      {"echo", ""},  {"fable", ""},   {"marin", ""},  {"nova", ""},    {"onyx", ""},
      {"sage", ""},  {"shimmer", ""}, {"verse", ""},  {"default", ""},
  };

  // Also refuses to listen beyond this machine without a key.
  Status Validate() const;
  net::ServerConfig ToServerConfig() const;
};

// True for localhost, 127.0.0.0/8 and ::1.
bool IsLoopbackHost(std::string_view host);

void BindConfig(config::Binder& binder, GatewayConfig& config);

}  // namespace parley::gateway
