// The fakes that listen: a recognizer that writes down segments of the uplink, an end-of-turn
// model, an estimator of echo. What they make of the scene at the microphone becomes events of the
// core.
//
// One sequence.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/ids.h"
#include "sim/agenda.h"
#include "sim/scene.h"
#include "sim/uplink.h"
#include "sim/world.h"
#include "turn/action.h"
#include "turn/event.h"

namespace parley::sim {

class Ears {
 public:
  using Emit = std::function<void(turn::EventBody)>;

  Ears(Agenda& agenda, const Scene& scene, const Uplink& uplink, const World& world, Dice dice,
       Emit emit)
      : agenda_(agenda),
        scene_(scene),
        uplink_(uplink),
        world_(world),
        dice_(dice),
        emit_(std::move(emit)) {}

  void Open(SegmentId segment, int64_t from_sample);
  void Close(SegmentId segment, int64_t upto_sample, bool discard);
  void SetPartials(SegmentId segment, bool on);
  void Flush(SegmentId segment, FlushId flush, int64_t upto_sample);
  void Ask(PauseId pause, SegmentId segment, int64_t upto_sample);
  // More of the uplink has come.
  void OnUplink();
  // How much the uplink resembled the agent's sound, asked about now and then while it plays.
  void JudgeEcho(SegmentId segment, bool echo_only, bool both);
  void Heal() { healed_ = true; }

  void OnPartial(SegmentId segment, uint64_t generation);
  void OnFinal(uint64_t pass);
  void OnScore(PauseId pause);

 private:
  struct Segment {
    SegmentId id;
    int64_t from = 0;
    int64_t upto = -1;  // −1: open
    bool partials = false;
    bool gone = false;
    uint64_t generation = 0;  // of partial passes
    bool passing = false;
    int64_t partial_upto = 0;
    int64_t heard_upto = 0;
  };
  struct Pass {
    SegmentId segment;
    FlushId flush;
    int64_t from = 0;
    int64_t upto = 0;
    bool dies = false;
  };
  Segment* Find(SegmentId segment);
  int64_t PassUs(int64_t samples);
  Faults faults() const { return healed_ ? Faults::None() : world_.faults; }

  Agenda& agenda_;
  const Scene& scene_;
  const Uplink& uplink_;
  const World& world_;
  Dice dice_;
  const Emit emit_;
  bool healed_ = false;
  std::vector<Segment> segments_;
  std::vector<Pass> passes_;
  int64_t busy_until_us_ = 0;
  uint64_t drawn_ = 0;
  // The end-of-turn model works on one question, and keeps the newest other.
  struct Question {
    PauseId pause;
    bool over = false;  // the truth
  };
  void Work(const Question& question);
  Question running_;
  Question waiting_;
  PauseId judged_;  // the pause whose verdict is kept
  float answer_ = 0;
};

}  // namespace parley::sim
