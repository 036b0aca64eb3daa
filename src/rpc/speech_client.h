// The ports, implemented by a worker at the other end of a channel.
//
// Streams obey ports/stream.h. A worker that cannot be reached or dies gives Failed with a
// `retryable` kUnavailable on each of its streams: at once when the connection is refused or
// breaks, after `connect_timeout_ms` when nothing answers, after `keepalive_ms` twice when a peer
// falls silent. The channel reconnects by itself (0.1 → 2 s back-off).
//
// Thread-safe. The destructor cancels what is under way and waits until gRPC has let go of it: all
// streams must be gone, and it must not run inside a sink or callback.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "ports/language_model.h"
#include "ports/model_host.h"
#include "ports/recognizer.h"
#include "ports/voice.h"
#include "rpc/channel.h"

namespace parley::rpc {

class SpeechClient {
 public:
  struct Config {
    std::string address;
    Secret key;                 // sent as bearer token; over TLS, a Unix socket or loopback
    bool key_in_clear = false;  // …or without TLS, on a network that is ours alone
    TlsConfig tls;              // `ca_file` turns TLS on
    int connect_timeout_ms = 2'000;
    int keepalive_ms = 10'000;

    Status Validate() const;
  };

  // How the connection stands; kReady only while there is one.
  enum class Connection { kIdle, kConnecting, kReady, kFailing };

  // Does not connect: the first call does. kInvalidArgument for the config, kNotFound for TLS
  // files.
  static Result<std::unique_ptr<SpeechClient>> Create(const Config& config);
  ~SpeechClient();

  ports::Voice& voice();
  ports::Recognizer& recognizer();
  ports::LanguageModel& language_model();
  ports::ModelHost& model_host();

  const std::string& address() const;
  // `connect` asks an idle channel to connect.
  Connection connection(bool connect);

 private:
  struct Impl;
  explicit SpeechClient(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace parley::rpc
