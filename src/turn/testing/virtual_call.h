// A whole call in virtual time around the core: a person who says scripted words, a recognizer, an
// end-of-turn model, a language model, a voice and a playout with stated latencies, all fakes that
// obey the ports' order. Every Step is held to the invariants. The clock jumps from event to event;
// nothing is random.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "turn/core.h"
#include "turn/invariants.h"

namespace parley::turn::testing {

class VirtualCall {
 public:
  struct Config {
    Core::Config core;
    int partial_every_ms = 300;
    int partial_latency_ms = 150;
    int final_latency_ms = 300;
    bool recognizer_answers = true;
    int score_latency_ms = 200;
    float score = 0.9f;  // of the end-of-turn model; −1: it never answers
    int reply_first_ms = 50;
    int reply_word_ms = 20;
    bool reply_answers = true;
    int speech_first_ms = 150;
    int ms_per_word = 300;    // of the voice's speech
    double speech_speed = 5;  // times real time that it is made
    bool marks = true;
    int lead_ms = 400;
    int client_delay_ms = 0;           // sent → heard
    std::vector<std::string> replies;  // in turn; the last one again and again
    Config();
  };

  struct HistoryEntry {
    std::string who;  // "user" or "agent"
    std::string text;
    bool cut = false;
    bool operator==(const HistoryEntry&) const = default;
  };

  explicit VirtualCall(Config config);
  ~VirtualCall();

  // Words spoken one after the other from this time on, each with a voice activity of 1.
  void Say(int64_t at_ms, const std::string& words, int word_ms = 250);
  // Voice activity without words.
  void Noise(int64_t at_ms, int duration_ms);
  // No sound reaches the core until it is taken back; then it does all at once.
  void Mute(bool muted) { muted_ = muted; }
  // Calls something at a time, e.g. a client's event through Send.
  void At(int64_t at_ms, std::function<void()> what);
  void Send(EventBody body);
  void RunUntil(int64_t ms);

  int64_t now_ms() const;
  // What was done, each line "<ms> <what>", e.g. "1250 response_created 1".
  const std::vector<std::string>& log() const { return log_; }
  // Time of the n-th line that contains this, −1 if there is none.
  int64_t TimeOf(const std::string& what, int n = 0) const;
  int CountOf(const std::string& what) const;
  // What the language model was shown at its n-th start.
  const std::vector<std::string>& prompts() const { return prompts_; }
  std::vector<HistoryEntry> history() const;
  const std::vector<TurnRecord>& records() const { return records_; }
  const std::vector<std::string>& violations() const { return violations_; }
  Core& core() { return *core_; }
  // Client's view: samples of the item heard.
  int64_t played_samples(TurnId turn) const;

 private:
  struct Segment;
  struct Speech;
  struct Word {
    int64_t from_ms;
    int64_t upto_ms;
    std::string text;  // empty: noise
  };

  void Later(int64_t delay_ms, std::function<void()> what);
  void Step(EventBody body);
  void Do(const Action& action);
  void DoUser(const Action& action);
  void DoReply(const Action& action);
  void DoPlayout(const Action& action);
  void DoNotify(const DomainEvent& event);
  void Log(const std::string& what);
  void Tick();
  void SendPartials();
  std::string Heard(int64_t from_ms, int64_t upto_ms) const;
  bool Voiced(int64_t from_ms, int64_t upto_ms) const;
  void StartModel(TurnId turn, const std::string& newest);
  void MakeSpeech(TurnId turn, UtteranceId utterance, std::string text);
  void Pace();
  std::string Prompt() const;

  Config config_;
  std::unique_ptr<Core> core_;
  InvariantChecker checker_;
  int64_t now_us_ = 0;
  int64_t uplink_ = 0;
  bool muted_ = false;
  uint64_t order_ = 0;
  std::map<std::pair<int64_t, uint64_t>, std::function<void()>> queue_;
  std::vector<Word> words_;
  std::map<SegmentId, Segment> segments_;
  std::map<TurnId, Speech> speech_;
  std::map<DeadlineId, int64_t> deadlines_;
  std::vector<std::pair<uint64_t, HistoryEntry>> history_;  // by id of turn or segment
  std::vector<std::string> prompts_;
  std::vector<TurnRecord> records_;
  std::vector<std::string> log_;
  std::vector<std::string> violations_;
  size_t replies_ = 0;
};

}  // namespace parley::turn::testing
