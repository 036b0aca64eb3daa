// What the checks of a worker work with: a client, and streams whose answers are collected. One
// sequence, but for what collects.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "parley/speech/v1/speech.grpc.pb.h"
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

// Keeps what a sink gets, and waits for it.
template <class Event>
class Heard {
 public:
  std::function<void(Event)> Sink() {
    return [this](Event event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(event));
      changed_.notify_all();
    };
  }
  bool WaitFor(int64_t ms, const std::function<bool(const std::vector<Event>&)>& holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(ms), [&] { return holds(events_); });
  }
  bool WaitForEnd(int64_t ms) {
    return WaitFor(ms, [](const auto& events) { return !events.empty() && IsLast(events.back()); });
  }
  std::vector<Event> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  template <class T>
  std::vector<T> Of() const {
    std::vector<T> found;
    for (const Event& event : events()) {
      if (const auto* one = std::get_if<T>(&event)) found.push_back(*one);
    }
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> events_;
};

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
