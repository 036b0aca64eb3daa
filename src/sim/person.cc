#include "sim/person.h"

#include <algorithm>

#include "sim/internal/vocabulary.h"

namespace parley::sim {

void Person::Begin(int64_t until_us) {
  until_us_ = until_us;
  WakeIn(dice_.Uniform(400, 3000), kNext, epoch_);
}

void Person::OnWake(uint64_t token, uint64_t what) {
  const bool ended = agenda_.now_us() >= until_us_;
  switch (static_cast<Wake>(what)) {
    case kNext:
    case kImpatient:
      if (token != epoch_ || ended) return;
      if (speaking()) return WakeIn(300, kNext, token);
      return Take(Manner::kPlain);
    case kOver: {
      if (token != epoch_) return;
      if (push_to_talk_) {
        agenda_.In(1000 * 30, Kind::kClient, static_cast<uint64_t>(ClientWish::kCommit), 1);
        agenda_.In(1000 * 31, Kind::kClient, static_cast<uint64_t>(ClientWish::kCreate), 1);
      }
      WakeIn(world_.people.patience_ms, kImpatient, epoch_);
      if (!ended && !push_to_talk_ && !acts_.back().probe &&
          dice_.Chance(world_.people.quick_succession)) {
        WakeIn(dice_.Ms(world_.people.succession), kQuick, epoch_);
      }
      return;
    }
    case kQuick:
      if (token != epoch_ || speaking() || ended) return;
      acts_.back().continued = true;
      return Take(Manner::kPlain);
    case kBackchannel:
      if (hearing_.value != token || speaking() || ended) return;
      return Murmur();
    case kCough:
      if (hearing_.value != token || speaking() || ended) return;
      return Cough();
    case kInterrupt:
      if (hearing_.value != token || speaking() || ended) return;
      return Take(Manner::kInterruption);
  }
}

void Person::OnAgentBegins(TurnId turn) {
  hearing_ = turn;
  if (speaking()) return;
  ++epoch_;
  const People& people = world_.people;
  if (push_to_talk_) return;
  if (dice_.Chance(people.backchannel)) {
    WakeIn(dice_.Uniform(700, 8000), kBackchannel, turn.value);
  }
  if (dice_.Chance(people.cough)) WakeIn(dice_.Uniform(200, 8000), kCough, turn.value);
  if (dice_.Chance(people.interruption)) WakeIn(dice_.Uniform(500, 6000), kInterrupt, turn.value);
  if (dice_.Chance(world_.faults.client_cancels)) {
    agenda_.In(static_cast<int64_t>(dice_.Uniform(0, 4e6)), Kind::kClient,
               static_cast<uint64_t>(ClientWish::kCancel));
  }
}

void Person::OnAgentGoesOn() {
  if (!speaking()) ++epoch_;
}

void Person::OnAgentSilent() {
  hearing_ = TurnId();
  if (speaking() && acts_.back().kind == Act::Kind::kTurn) return;
  const People& people = world_.people;
  const bool long_silence = dice_.Chance(people.long_silence);
  WakeIn(dice_.Ms(long_silence ? people.silence : people.reaction), kNext, ++epoch_);
}

void Person::Probe() { Take(Manner::kProbe); }

// What came before may still keep the microphone or the network.
bool Person::Disturbed(int64_t at_us) const {
  constexpr int64_t kAfterUs = 1'000'000;
  return at_us < mute_.second + kAfterUs || at_us < stall_.second + kAfterUs;
}

void Person::Disturb(Act& act, int64_t at_us) {
  const Faults& faults = world_.faults;
  const int64_t from_us = at_us + static_cast<int64_t>(dice_.Uniform(200, 1500) * 1000);
  if (dice_.Chance(faults.mute)) {
    mute_ = {from_us, from_us + dice_.Us(faults.mute_length)};
    act.disturbed = true;
  } else if (dice_.Chance(world_.wire.stall)) {
    stall_ = {from_us, from_us + dice_.Us(world_.wire.stall_length)};
    act.disturbed = true;
  }
  const auto wish = [this](double probability, ClientWish what) {
    if (!dice_.Chance(probability)) return false;
    agenda_.In(static_cast<int64_t>(dice_.Uniform(0, 4e6)), Kind::kClient,
               static_cast<uint64_t>(what));
    return true;
  };
  act.disturbed |= wish(faults.client_commits, ClientWish::kCommit);
  act.disturbed |= wish(faults.client_clears, ClientWish::kClear);
  act.disturbed |= wish(faults.client_asks, ClientWish::kCreate);
  act.disturbed |= wish(faults.client_updates, ClientWish::kUpdate);
}

int64_t Person::SayWord(int64_t at_us, std::string_view word, bool ends, const Act& act) {
  const int64_t length_us = dice_.Us(world_.people.word);
  const Sound sound{.from_us = at_us,
                    .upto_us = at_us + length_us,
                    .word = word,
                    .ends_turn = ends,
                    .question = act.from_us % 5 < 3};
  const bool muted = at_us < mute_.second && sound.upto_us > mute_.first;
  if (!muted) scene_.Say(sound);
  return sound.upto_us;
}

int64_t Person::SayPhrase(int64_t at_us, int words, bool last, Act& act) {
  const People& people = world_.people;
  for (int i = 0; i < words; ++i) {
    std::string_view word = Pick(kContentWords, dice_.Below(1000));
    if (dice_.Chance(people.borrowed_word)) word = Pick(kAgentWords, dice_.Below(1000));
    const bool ends = last && i == words - 1;
    if (ends && dice_.Chance(people.end_asks_more)) word = Pick(kAsksMore, dice_.Below(1000));
    if (!last && i == words - 1) {
      const double kind = dice_.Uniform(0, 1);
      if (kind < people.pause_asks_more)
        word = Pick(kAsksMore, dice_.Below(1000));
      else if (kind < people.pause_asks_more + people.pause_filler) {
        word = Pick(kFillers, dice_.Below(1000));
      }
    }
    at_us = SayWord(at_us, word, ends, act);
    if (i + 1 < words && dice_.Chance(0.3)) at_us += dice_.Us({0, 60});
  }
  return at_us;
}

// A turn: one to three phrases with pauses between them.
void Person::Take(Manner manner) {
  const People& people = world_.people;
  Act act{.from_us = agenda_.now_us(), .during = hearing_};
  act.interrupts = manner == Manner::kInterruption;
  act.probe = manner == Manner::kProbe;
  ++epoch_;
  act.disturbed = Disturbed(act.from_us);
  if (!act.probe) Disturb(act, act.from_us);
  int64_t at_us = act.from_us;
  const double kind = dice_.Uniform(0, 1);
  if (act.interrupts && kind < people.bare_stop) {
    act.bare_stop = true;
    at_us = SayWord(at_us, Pick(kStops, dice_.Below(1000)), true, act);
  } else {
    if (act.interrupts && kind < people.bare_stop + people.stop_first) {
      at_us = SayWord(at_us, Pick(kStops, dice_.Below(1000)), false, act);
    }
    const double how_many = act.probe ? 1 : dice_.Uniform(0, 1);
    int phrases = how_many < people.three_phrases                        ? 3
                  : how_many < people.three_phrases + people.two_phrases ? 2
                                                                         : 1;
    if (!act.probe && dice_.Chance(people.self_repair)) ++phrases;
    for (int i = 0; i < phrases; ++i) {
      const int words = people.phrase_words_min +
                        dice_.Below(people.phrase_words_max - people.phrase_words_min + 1);
      at_us = SayPhrase(at_us, words, i + 1 == phrases, act);
      if (i + 1 == phrases) break;
      const double pause_ms =
          std::clamp(dice_.LogNormal(people.pause_median_ms, people.pause_sigma),
                     people.pause_min_ms, people.pause_max_ms);
      act.pauses.emplace_back(at_us, at_us + static_cast<int64_t>(pause_ms * 1000));
      at_us = act.pauses.back().second;
    }
  }
  act.upto_us = speaking_until_us_ = at_us;
  agenda_.At(at_us, Kind::kPerson, epoch_, kOver);
  acts_.push_back(std::move(act));
}

void Person::Murmur() {
  const int64_t at_us = agenda_.now_us();
  Act act{.kind = Act::Kind::kBackchannel, .from_us = at_us, .during = hearing_};
  act.disturbed = Disturbed(at_us);
  int64_t upto_us = at_us;
  for (int words = dice_.Chance(0.15) ? 2 : 1; words > 0; --words) {
    const int64_t length_us = dice_.Us(world_.people.backchannel_word);
    scene_.Say({.from_us = upto_us,
                .upto_us = upto_us + length_us,
                .word = Pick(kBackchannels, dice_.Below(1000)),
                .ends_turn = words == 1 && dice_.Chance(0.5)});
    upto_us += length_us;
  }
  act.upto_us = speaking_until_us_ = upto_us;
  acts_.push_back(std::move(act));
}

void Person::Cough() {
  const int64_t at_us = agenda_.now_us();
  Act act{.kind = Act::Kind::kCough, .from_us = at_us, .during = hearing_};
  act.disturbed = Disturbed(at_us);
  act.upto_us = speaking_until_us_ = at_us + dice_.Us(world_.people.cough_length);
  scene_.Say({.from_us = at_us, .upto_us = act.upto_us});
  acts_.push_back(std::move(act));
}

}  // namespace parley::sim
