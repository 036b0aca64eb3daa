// One caller's life: the driver of a conversation core. What the client, the recognizer, the
// language model, the voice and the clock bring becomes events of the core, and its actions are
// carried out. Speaks the Realtime protocol: messages in by OnMessage, out by `send`.
//
// Knows nothing of sockets; the transport owns it and its executor. One sequence: created, used and
// destroyed on the executor. Streams answer on other threads and are posted; after destruction
// nothing is sent and no stream lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "metrics/gateway_metrics.h"
#include "net/executor.h"
#include "perception/end_of_turn.h"
#include "perception/voice_activity.h"
#include "ports/language_model.h"
#include "ports/recognizer.h"
#include "ports/voice.h"
#include "realtime/session_object.h"
#include "session/floor_board.h"
#include "session/turn_log.h"
#include "turn/config.h"

namespace parley::session {

// A client's voice name as the voices here understand it.
struct VoiceChoice {
  std::string model;  // empty: the default
  std::string voice;  // empty: the model's own
};

class Session {
 public:
  struct Config {
    turn::Policy policy;
    realtime::SessionDefaults defaults;
    int lead_ms = 400;             // sound sent ahead of its time
    int prompt_tokens_max = 1500;  // of instructions and history
    int reply_tokens_max = 256;    // where the client sets no limit
    std::string language = "en";   // where the client names none
    std::string apology = "Sorry, I could not answer that. Please try again.";
    bool speculation = true;
    // Where each session's events are recorded for `parley replay`, without sound; empty: nowhere.
    std::string trace_dir;
    size_t trace_bytes_max = size_t{64} << 20;  // of one session; what comes later is left out
    // How long the session outlives its line if the client asks for it (x_parley.resume), and by
    // what name it is found then. 0: it does not.
    int hold_ms = 0;
    std::string resume_token;
    // Audio that was received and has not been looked at: more is refused.
    size_t backlog_bytes_max = size_t{64} << 20;

    Status Validate() const;
  };

  // What all sessions of a process share; outlives them.
  struct Services {
    const Clock& clock;
    metrics::GatewayMetrics& metrics;
    ports::Recognizer& recognizer;
    ports::LanguageModel& model;
    ports::Voice& voice;
    const perception::VoiceActivityModel& voice_activity;
    perception::EndOfTurnScorer* end_of_turn = nullptr;  // null: rules alone decide
    TurnLog& turns;
    FloorBoard* floors = nullptr;  // null: nobody looks
    // A client's names as voices and recognizers here understand them; an error that says what
    // would do for one that is neither known nor ours.
    std::function<Result<VoiceChoice>(std::string_view name)> choose_voice;
    std::function<Result<std::string>(std::string_view name)> choose_recognizer;
    // The apology as sound, mono at 24 kHz, made at warm-up; empty: a failed reply stays silent.
    std::function<std::vector<int16_t>()> apology;
  };

  // One protocol message, whole, as JSON text.
  using Send = std::function<void(std::string message)>;

  // Sends session.created and conversation.created.
  static Result<std::unique_ptr<Session>> Create(SessionId id, const Config& config,
                                                 const Services& services, net::Executor& executor,
                                                 Send send);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Messages are handled in order; what follows a long piece of audio waits until that was heard.
  void OnMessage(std::string_view message);
  // The protocol has no binary messages: answered by an error event.
  void OnBinary();

  // Whether it is to be kept when its line drops. Kept, it is told so: what it said and what it
  // was about to say ends, what the client should know waits. Once `send` reaches a client again,
  // that is told all of it, and what was still to be answered is.
  bool resumable() const;
  void OnLineLost();
  void OnLineBack();

  struct Stats {
    size_t recognizer_streams = 0;
    size_t replies = 0;
    size_t out_of_band = 0;
    size_t messages_waiting = 0;
  };
  Stats stats() const;

 private:
  class Impl;
  explicit Session(std::shared_ptr<Impl> impl);
  const std::shared_ptr<Impl> impl_;
};

}  // namespace parley::session
