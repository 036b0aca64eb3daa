// What the checks of a worker work with: a client, and streams whose answers are collected. One
// sequence, but for what collects.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "parley/speech/v1/speech.grpc.pb.h"
#include "rpc/internal/heard.h"
#include "rpc/worker_check.h"

namespace parley::rpc {

namespace pb = ::parley::speech::v1;

// A check's verdict: kUnimplemented means that it does not apply here, any other error that the
// worker has failed it.
using Check = Status (*)(class CheckBench&);
using NamedCheck = std::pair<const char*, Check>;

std::vector<NamedCheck> GeneralChecks();
std::vector<NamedCheck> VoiceChecks();
std::vector<NamedCheck> VoiceCallChecks();  // of the call that a voice's stream is
std::vector<NamedCheck> RecognizerChecks();
std::vector<NamedCheck> LanguageModelChecks();

inline tl::unexpected<Error> Broken(std::string what) {
  return Fail(Code::kFailedPrecondition, std::move(what));
}

using HeardVoice = Heard<ports::Voice::Event>;

class CheckBench {
 public:
  CheckBench(const WorkerCheckConfig& config, std::unique_ptr<SpeechClient> client);

  const WorkerCheckConfig& config() const { return config_; }
  SpeechClient& client() { return *client_; }
  int64_t patience_ms() const { return config_.answer_ms; }

  Result<ports::WorkerCapabilities> Capabilities();
  Result<std::vector<ports::ModelInfo>> Models();
  // The model that is checked for the kind; kUnimplemented where there is none that is ready.
  Result<ports::ModelInfo> ModelFor(ports::ModelKind kind);
  // Waits until no stream holds a slot of the model.
  Status AwaitIdle(ports::ModelKind kind, int64_t ms);

  // A voice's request as plain as can be, with credit without end.
  Result<ports::Voice::Request> PlainVoice();
  // Speaks the texts as utterances 1, 2, … and waits for the end.
  Status Speak(const ports::Voice::Request& request, const std::vector<std::string>& texts,
               HeardVoice& heard);

  // The service itself, for what the client would not do.
  pb::Speech::Stub& stub() { return *stub_; }
  std::unique_ptr<grpc::ClientContext> NewContext() const;

 private:
  const WorkerCheckConfig config_;
  const std::unique_ptr<SpeechClient> client_;
  std::unique_ptr<pb::Speech::Stub> stub_;
};

// The samples of one utterance, whose pts must follow each other; what is wrong with them else.
Result<std::vector<int16_t>> SoundOf(const HeardVoice& heard, uint64_t utterance);

}  // namespace parley::rpc
