// What is still to happen in a simulated call, by time. Things of one time come in an order that
// the seed decides; what must keep its order is given rising times (Later).
//
// One sequence.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/dice.h"

namespace parley::sim {

enum class Kind : uint8_t {
  kWindow,     // 32 ms of microphone reach the server
  kFill,       // the microphone is silent for long
  kPartial,    // a = segment, b = generation
  kFinal,      // a = segment, b = index of the pass
  kScore,      // a = pause
  kModel,      // a = turn: its next word, or its fate
  kVoice,      // a = turn: its next word, or its fate
  kPace,       // the server looks whether sound is due
  kSound,      // a = turn, b = index: sound reaches the client
  kDrop,       // a = turn (0: whatever plays): the client throws sound away
  kPause,      // a = turn, b = on: the client falls silent, or goes on
  kReport,     // a = turn, c = samples: a client's report reaches the server
  kAskReport,  // a client's clock for reports
  kQuiet,      // the loudspeaker may have fallen silent
  kDeadline,   // a = id
  kPerson,     // a = token, b = what
  kClient,     // a = what the client wants, b = turn, c = samples
};

struct Item {
  int64_t at_us = 0;
  uint64_t tie = 0;
  Kind kind = Kind::kWindow;
  uint64_t a = 0;
  uint64_t b = 0;
  int64_t c = 0;
};

class Agenda {
 public:
  // Times are rounded up to a grain, so that many things fall together; 1: none.
  Agenda(Dice dice, int64_t grain_us) : dice_(dice), grain_us_(std::max<int64_t>(grain_us, 1)) {
    heap_.reserve(256);
  }

  int64_t now_us() const { return now_us_; }

  void At(int64_t at_us, Kind kind, uint64_t a = 0, uint64_t b = 0, int64_t c = 0) {
    const int64_t grains = (std::max(at_us, now_us_) + grain_us_ - 1) / grain_us_;
    Push({grains * grain_us_, dice_.Next(), kind, a, b, c});
  }
  void In(int64_t delay_us, Kind kind, uint64_t a = 0, uint64_t b = 0, int64_t c = 0) {
    At(now_us_ + delay_us, kind, a, b, c);
  }
  // Behind whatever was put here before with the same `last_us`.
  void InOrder(int64_t& last_us, int64_t at_us, Kind kind, uint64_t a = 0, uint64_t b = 0,
               int64_t c = 0) {
    last_us = std::max({last_us + 1, at_us, now_us_});
    Push({last_us, dice_.Next(), kind, a, b, c});
  }

  // False when there is nothing more.
  bool Next(Item& item) {
    if (heap_.empty()) return false;
    std::pop_heap(heap_.begin(), heap_.end(), IsLater);
    item = heap_.back();
    heap_.pop_back();
    now_us_ = std::max(now_us_, item.at_us);
    return true;
  }

 private:
  static bool IsLater(const Item& x, const Item& y) {
    return x.at_us != y.at_us ? x.at_us > y.at_us : x.tie > y.tie;
  }
  void Push(const Item& item) {
    heap_.push_back(item);
    std::push_heap(heap_.begin(), heap_.end(), IsLater);
  }

  Dice dice_;
  int64_t grain_us_;
  int64_t now_us_ = 0;
  std::vector<Item> heap_;
};

}  // namespace parley::sim
