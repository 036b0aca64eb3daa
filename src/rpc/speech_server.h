// Exposes any implementation of the ports over gRPC: the Speech service of
// proto/parley/speech/v1/speech.proto, health checking and reflection. A pure transport: it
// converts messages, keeps the order of each stream, and decides nothing.
//
// Thread-safe. gRPC calls in on threads of its own; its reactors only convert and hand over. The
// ports must outlive the server, and answer every ModelHost call (also after their own end), since
// Shutdown waits for open calls.
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

class SpeechServer {
 public:
  struct Config {
    // A Unix socket is made with mode 0600; a stale one is replaced, a live one refused. Port 0
    // takes a free port.
    std::string address = "unix:/tmp/parley-worker.sock";
    // What calls must carry as bearer token. Needed for any address beyond this machine.
    Secret key;
    TlsConfig tls;
    // A silent peer is asked whether it lives after this long, and given up after as long again.
    int keepalive_ms = 10'000;

    Status Validate() const;
  };
  // Any may be null: its calls are then kUnimplemented.
  struct Deps {
    ports::Voice* voice = nullptr;
    ports::Recognizer* recognizer = nullptr;
    ports::LanguageModel* language_model = nullptr;
    ports::ModelHost* model_host = nullptr;
  };

  // Listens when it returns. kInvalidArgument for the config, kAlreadyExists when the address is
  // taken, kUnavailable when it cannot be bound.
  static Result<std::unique_ptr<SpeechServer>> Create(const Config& config, const Deps& deps);
  ~SpeechServer();

  // As clients reach it on this machine, with the port really taken.
  const std::string& address() const;

  // What grpc.health.v1 answers for a model's id, or "" for the whole.
  void SetServing(const std::string& service, bool serving);

  // Takes no new calls, lets streams end until `deadline_ms` from now, cancels the rest, and
  // returns when the last is gone. Idempotent; the destructor calls it with 0.
  void Shutdown(int64_t deadline_ms);

 private:
  struct Impl;
  explicit SpeechServer(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace parley::rpc
