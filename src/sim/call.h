// One simulated call: a person, a client, a network, a core with its driver, engines that are
// fakes. The seed decides all of it. Held to the core's invariants at every step, and judged by
// what the person said and heard.
//
// One sequence.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/agent.h"
#include "sim/ears.h"
#include "sim/judge.h"
#include "sim/loudspeaker.h"
#include "sim/person.h"
#include "sim/scene.h"
#include "sim/scores.h"
#include "sim/uplink.h"
#include "turn/core.h"
#include "turn/invariants.h"

namespace parley::sim {

// The call's turn of mind, drawn from the seed: what the core is configured with, and what is true
// of the client.
struct CallSetup {
  turn::Core::Config core;
  SinkKind sink = SinkKind::kRemote;
  Span delay;
  double jitter_ms = 0;
  int64_t length_us = 0;
  int64_t grain_us = 1;  // of times: the coarser, the more falls together
  double echo_db = -100;
  int64_t echo_delay_us = 0;
};
CallSetup DrawSetup(const World& world, uint64_t seed);

class Call {
 public:
  // Sees every event that the core is given, and what it answered.
  using Watch = std::function<void(const turn::Event&, std::span<const turn::Action>)>;

  Call(const World& world, uint64_t seed, Watch watch = {});
  ~Call();
  // Lives the call through.
  Scores Run();
  const CallSetup& setup() const { return setup_; }
  const std::vector<Act>& acts() const { return person_.acts(); }

 private:
  void Dispatch(const Item& item);
  void Queue(turn::EventBody body) { pending_.push_back(std::move(body)); }
  void RunPending();
  void Step(turn::EventBody body);

  // call.cc: sound on its way up and down.
  void OnWindow();
  void ScheduleWindow();
  void OnFill();
  void GiveWindow(int64_t mic_us, bool filled);
  void WatchEcho();
  void OnSound(TurnId turn, int64_t upto);
  void OnQuiet();
  void OnDrop(TurnId turn);
  void OnAskReport();
  void OnWish(const Item& item);
  void MayEnd();
  int64_t NetworkUs();

  // carry_out.cc
  void Do(const turn::Action& action);
  void DoUser(const turn::Action& action);
  void DoReply(const turn::Action& action);
  void DoPlayout(const turn::Action& action);
  void DoNotify(const turn::Notify& action);

  // The driver's clock does not begin at nothing, where 0 means "never".
  static constexpr int64_t kClockFromUs = 1'000'000;

  const World& world_;
  const CallSetup setup_;
  const Watch watch_;
  Dice dice_;
  Agenda agenda_;
  Scene scene_;
  Uplink uplink_;
  Loudspeaker loudspeaker_;
  Person person_;
  Ears ears_;
  Agent agent_;
  std::unique_ptr<turn::Core> core_;
  turn::InvariantChecker checker_;
  Judge judge_;
  std::deque<turn::EventBody> pending_;
  std::array<int64_t, turn::kDeadlineCount> deadlines_us_{};

  int64_t window_mic_us_ = 0;  // where the next window begins at the microphone
  int64_t window_up_us_ = 0;   // when the newest sound reaches the server
  int64_t up_us_ = 0;          // the newest other message on its way there
  int64_t heard_us_ = 0;       // when sound last came
  int64_t fill_left_ = 0;      // samples of silence less than a window
  bool fill_armed_ = false;
  bool report_armed_ = false;
  size_t echoed_ = 0;  // heard words that have come back to the microphone
  int64_t next_echo_us_ = 0;
  bool client_detects_ = true;
  bool healed_ = false;
  int64_t calm_since_us_ = -1;
  int64_t probe_us_ = -1;
  bool over_ = false;
  uint64_t steps_ = 0;
  std::deque<std::string> echo_words_;
};

}  // namespace parley::sim
