#include "sim/loudspeaker.h"

#include <algorithm>

namespace parley::sim {
namespace {

int64_t UsOf(int64_t samples) { return samples * 1'000'000 / kOutputRateHz; }
int64_t SamplesOf(int64_t us) { return us * kOutputRateHz / 1'000'000; }

constexpr int64_t kOwnLeadUs = 60'000;
constexpr int64_t kReportPatienceUs = 1'000'000;

}  // namespace

Loudspeaker::Turn* Loudspeaker::Find(TurnId turn) {
  for (auto at = turns_.rbegin(); at != turns_.rend(); ++at) {
    if (at->id == turn) return &*at;
  }
  return nullptr;
}

void Loudspeaker::Hold(TurnId turn) {
  if (!Find(turn)) turns_.push_back({.id = turn});
}

void Loudspeaker::Release(TurnId turn) {
  Turn* found = Find(turn);
  if (!found) return;
  found->released = true;
  found->start_us = found->reported_us = agenda_.now_us();
  released_ = turn;
  ArmPace(agenda_.now_us());
}

void Loudspeaker::Pause(TurnId turn) {
  Turn* found = Find(turn);
  if (found && found->paused_us < 0) found->paused_us = agenda_.now_us();
}

// The schedule waited too, unless the client played on: then only if it has run dry.
void Loudspeaker::Resume(TurnId turn) {
  Turn* found = Find(turn);
  if (!found || found->paused_us < 0) return;
  const int64_t now_us = agenda_.now_us();
  if (sink_ != SinkKind::kRemote) found->start_us += now_us - found->paused_us;
  found->paused_us = -1;
  ArmPace(now_us);
}

void Loudspeaker::Drop(TurnId turn) {
  Turn* found = Find(turn);
  if (!found || found->dropped) return;
  found->dropped = true;
  found->drop_wanted = found->released;
  found->made = found->sent;
}

void Loudspeaker::Trim(TurnId turn, UtteranceId utterance, int64_t samples) {
  Turn* found = Find(turn);
  if (!found) return;
  for (Utterance& spoken : found->utterances) {
    if (spoken.id != utterance) continue;
    spoken.cut = true;
    // Only the newest utterance of a turn is ever trimmed to less than was made of it.
    if (spoken.upto != found->made) return;
    found->made = std::max(found->sent, std::min(spoken.upto, spoken.from + samples));
    spoken.upto = found->made;
    while (!found->words.empty() && found->words.back().end > found->made) found->words.pop_back();
  }
}

void Loudspeaker::Make(TurnId turn, UtteranceId utterance, int64_t samples, int word_index) {
  Turn* found = Find(turn);
  if (!found || found->dropped) return;
  if (found->utterances.empty() || found->utterances.back().id != utterance) {
    found->utterances.push_back({utterance, found->made, found->made});
  }
  if (found->utterances.back().cut) return;
  found->made += samples;
  found->utterances.back().upto = found->made;
  if (word_index >= -1) found->words.push_back({word_index, found->made});
  if (turn == released_) ArmPace(agenda_.now_us());
}

int64_t Loudspeaker::LeadUs() const {
  return sink_ == SinkKind::kOwnPacer ? kOwnLeadUs : int64_t{wire_.lead_ms} * 1000;
}

void Loudspeaker::ArmPace(int64_t at_us) {
  if (pace_us_ >= 0 && pace_us_ <= at_us) return;
  pace_us_ = at_us;
  agenda_.At(at_us, Kind::kPace, 0, 0, at_us);
}

std::optional<turn::Played> Loudspeaker::Pace(int64_t due_us, int64_t network_us) {
  if (due_us != pace_us_) return std::nullopt;
  pace_us_ = -1;
  Turn* turn = Find(released_);
  if (!turn || turn->dropped) return std::nullopt;
  const bool paused = turn->paused_us >= 0;
  const int64_t now_us = paused && sink_ != SinkKind::kRemote ? turn->paused_us : agenda_.now_us();
  const int64_t sent_before = turn->sent;
  const int64_t estimate_before = turn->estimate;
  if (!paused && SamplesOf(now_us - turn->start_us) > turn->sent) {
    // It ran dry: the schedule waited with it.
    turn->start_us = now_us - UsOf(turn->sent);
  }
  const int64_t elapsed_us = now_us - turn->start_us;
  if (!paused) {
    turn->sent = std::max(turn->sent, std::min(turn->made, SamplesOf(elapsed_us + LeadUs())));
  }
  int64_t estimate = std::min(turn->sent, SamplesOf(elapsed_us));
  if (sink_ == SinkKind::kReporting && agenda_.now_us() - turn->reported_us < kReportPatienceUs) {
    estimate = std::min(turn->sent, turn->reported);
  }
  turn->estimate = std::max(turn->estimate, estimate);
  if (turn->sent > sent_before) {
    agenda_.InOrder(down_us_, agenda_.now_us() + network_us, Kind::kSound, turn->id.value, 0,
                    turn->sent);
  }
  if (turn->estimate < turn->made) ArmPace(agenda_.now_us() + int64_t{wire_.pace_ms} * 1000);
  if (turn->sent == sent_before && turn->estimate == estimate_before) return std::nullopt;
  return turn::Played{turn->id, turn->sent, turn->estimate};
}

void Loudspeaker::Reported(TurnId turn, int64_t samples) {
  Turn* found = Find(turn);
  if (!found) return;
  found->reported = std::max(found->reported, samples);
  found->reported_us = agenda_.now_us();
}

bool Loudspeaker::busy() const {
  for (auto at = turns_.rbegin(); at != turns_.rend(); ++at) {
    if (at->id == released_) return !at->dropped && at->estimate < at->made;
  }
  return false;
}

TurnId Loudspeaker::playing_turn() const {
  return spell_open_ && playing_ < queue_.size() ? queue_[playing_] : TurnId();
}

void Loudspeaker::Hear(Turn& turn, int64_t samples, int64_t from_us) {
  const int64_t heard_before = turn.heard;
  turn.heard += samples;
  turn.last_heard_us = from_us + UsOf(samples);
  while (turn.next_word < turn.words.size() && turn.words[turn.next_word].end <= turn.heard) {
    const Word& word = turn.words[turn.next_word];
    const int64_t begin = turn.next_word == 0 ? 0 : turn.words[turn.next_word - 1].end;
    const int64_t end_us = from_us + UsOf(word.end - heard_before);
    heard_words_.push_back({turn.id, word.index, end_us - UsOf(word.end - begin), end_us});
    ++turn.next_word;
    ++turn.words_heard;
  }
}

void Loudspeaker::Advance() {
  const int64_t now_us = agenda_.now_us();
  while (cursor_us_ < now_us) {
    Turn* turn = playing_ < queue_.size() ? Find(queue_[playing_]) : nullptr;
    const int64_t left = turn && !turn->client_dropped ? turn->received - turn->heard : 0;
    if (left > 0 && turn->client_paused) {
      cursor_us_ = now_us;
      continue;
    }
    if (left > 0) {
      spell_open_ = true;
      if (turn->first_heard_us < 0) turn->first_heard_us = cursor_us_;
      const int64_t most = SamplesOf(now_us - cursor_us_);
      const int64_t samples = std::min(left, most);
      if (samples > 0) Hear(*turn, samples, cursor_us_);
      cursor_us_ = samples == most ? now_us : cursor_us_ + UsOf(samples) + 1;
      continue;
    }
    if (playing_ + 1 < queue_.size()) {
      ++playing_;
      continue;
    }
    spell_open_ = false;
    cursor_us_ = now_us;
  }
}

Loudspeaker::Notice Loudspeaker::SoundArrives(TurnId turn, int64_t upto) {
  Advance();
  Turn* found = Find(turn);
  if (!found || found->client_dropped) return Notice::kNothing;
  if (queue_.empty() || queue_.back() != turn) queue_.push_back(turn);
  found->received = std::max(found->received, upto);
  if (spell_open_) return Notice::kNothing;
  while (playing_ + 1 < queue_.size()) ++playing_;
  if (found->received <= found->heard) return Notice::kNothing;
  spell_open_ = true;
  if (found->first_heard_us >= 0) return Notice::kGoesOn;
  found->first_heard_us = agenda_.now_us();
  return Notice::kBegins;
}

TurnId Loudspeaker::ClientDrops(TurnId turn) {
  Advance();
  const TurnId playing = playing_turn();
  for (size_t i = playing_; i < queue_.size(); ++i) {
    Turn* queued = Find(queue_[i]);
    if (queued && (!turn || queued->id == turn)) queued->client_dropped = true;
  }
  if (Turn* named = Find(turn)) named->client_dropped = true;
  if (playing && (!turn || playing == turn)) spell_open_ = false;
  return playing;
}

void Loudspeaker::ClientPauses(TurnId turn, bool on) {
  Advance();
  if (Turn* found = Find(turn)) found->client_paused = on;
}

int64_t Loudspeaker::RemainingUs() const {
  int64_t samples = 0;
  for (size_t i = playing_; i < queue_.size(); ++i) {
    for (auto at = turns_.rbegin(); at != turns_.rend(); ++at) {
      if (at->id != queue_[i]) continue;
      if (!at->client_dropped) samples += at->received - at->heard;
      break;
    }
  }
  return UsOf(samples);
}

}  // namespace parley::sim
