#include "sim/agent.h"

#include <algorithm>
#include <utility>

#include "sim/internal/vocabulary.h"

namespace parley::sim {
namespace {

constexpr size_t kRepliesKept = 12;
constexpr int kWordLowMs = 200;
constexpr int kWordHighMs = 380;
constexpr int64_t kPauseSamples = kOutputRateHz / 8;  // behind an utterance

int64_t SamplesOfMs(double ms) { return static_cast<int64_t>(ms * kOutputRateHz / 1000); }

bool SameLetters(std::string_view written, std::string_view spoken) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  size_t i = 0;
  size_t j = 0;
  while (true) {
    while (i < written.size() && !letter(written[i])) ++i;
    while (j < spoken.size() && !letter(spoken[j])) ++j;
    if (i == written.size() || j == spoken.size()) return i == written.size() && j == spoken.size();
    if ((written[i++] | 32) != (spoken[j++] | 32)) return false;
  }
}

}  // namespace

Agent::Agent(Agenda& agenda, Loudspeaker& loudspeaker, const World& world, Dice dice, Emit emit)
    : agenda_(agenda),
      loudspeaker_(loudspeaker),
      world_(world),
      dice_(dice),
      emit_(std::move(emit)),
      marks_(dice_.Chance(0.8)),
      speed_(dice_.Uniform(world.engines.voice_speed_low, world.engines.voice_speed_high)) {}

const Agent::Reply* Agent::Find(TurnId turn) const {
  for (auto at = replies_.rbegin(); at != replies_.rend(); ++at) {
    if (at->turn == turn) return &*at;
  }
  return nullptr;
}

// Sentences of words that come once each.
void Agent::Write(Reply& reply) {
  const int count = static_cast<int>(dice_.Ms({5, 45, true}));
  const int start = dice_.Below(64);
  const int stride = 2 * dice_.Below(32) + 1;
  int left_in_sentence = 4 + dice_.Below(9);
  bool opens = true;
  for (int i = 0; i < count; ++i) {
    std::string word(Pick(kAgentWords, (start + i * stride) % 64));
    if (opens) word[0] = static_cast<char>(word[0] - 32);
    opens = --left_in_sentence <= 0 || i == count - 1;
    if (opens) {
      word += dice_.Chance(0.15) ? '?' : '.';
      left_in_sentence = 4 + dice_.Below(9);
    } else if (dice_.Chance(0.15)) {
      word += ',';
    }
    reply.words.push_back(std::move(word));
  }
}

void Agent::DrawFates(Reply& reply) {
  const Faults faults = healed_ ? Faults::None() : world_.faults;
  const auto words = static_cast<int>(reply.words.size());
  reply.model_breaks_at = static_cast<size_t>(1 + dice_.Below(words));
  reply.voice_breaks_at = dice_.Below(words);
  if (dice_.Chance(faults.model_fails)) reply.model = Fate::kFails;
  if (dice_.Chance(faults.model_cut)) reply.model = Fate::kCut;
  if (dice_.Chance(faults.model_stalls)) reply.model = Fate::kStalls;
  if (dice_.Chance(faults.model_empty)) reply.model = Fate::kEmpty;
  if (dice_.Chance(faults.voice_crashes)) reply.voice = Fate::kCut;
  if (dice_.Chance(faults.voice_fails)) reply.voice = Fate::kFails;
  if (dice_.Chance(faults.voice_stalls)) reply.voice = Fate::kStalls;
  if (dice_.Chance(faults.voice_mute)) reply.voice = Fate::kEmpty;
  reply.calls_tool = dice_.Chance(faults.model_calls_tool);
  reply.faulty = reply.model != Fate::kWell || reply.voice != Fate::kWell;
}

void Agent::StartModel(TurnId turn, bool draft) {
  if (replies_.size() >= kRepliesKept) replies_.pop_front();
  Reply& reply = replies_.emplace_back();
  reply.turn = turn;
  reply.draft = draft;
  reply.model_on = true;
  Write(reply);
  DrawFates(reply);
  agenda_.InOrder(reply.model_us, agenda_.now_us() + dice_.Us(world_.engines.model_first),
                  Kind::kModel, turn.value);
}

void Agent::Promote(TurnId turn) {
  if (Reply* reply = FindMine(turn)) reply->draft = false;
}

void Agent::OnModel(TurnId turn) {
  Reply* reply = FindMine(turn);
  if (!reply || !reply->model_on) return;
  const bool breaks = reply->next >= reply->model_breaks_at;
  if (reply->model == Fate::kFails || (reply->model == Fate::kCut && breaks)) {
    reply->model_on = false;
    return emit_(turn::ReplyFailed{turn, "the model's stream broke"});
  }
  if (reply->model == Fate::kStalls && breaks) return;
  const bool empty = reply->model == Fate::kEmpty;
  if (reply->next == reply->words.size() || empty) {
    reply->model_on = false;
    if (empty) reply->words.clear();
    if (reply->calls_tool) emit_(turn::ToolCall{turn, "call_1", "look_up", "{}"});
    return emit_(turn::ReplyTextDone{turn, dice_.Chance(0.02)});
  }
  ++words_made_;
  const std::string& word = reply->words[reply->next];
  emit_(turn::ReplyText{turn, reply->next == 0 ? word : " " + word});
  ++reply->next;
  agenda_.InOrder(reply->model_us, agenda_.now_us() + dice_.Us(world_.engines.model_word),
                  Kind::kModel, turn.value);
}

void Agent::Speak(TurnId turn, UtteranceId utterance, std::string_view text) {
  Reply* reply = FindMine(turn);
  if (!reply) return;
  Reply::Utterance& spoken = reply->utterances.emplace_back();
  spoken.id = utterance;
  reply->voice_on = true;
  // Which of the reply's words these are.
  size_t from = 0;
  while ((from = text.find_first_not_of(' ', from)) != std::string_view::npos) {
    const size_t end = std::min(text.find(' ', from), text.size());
    const std::string_view word = text.substr(from, end - from);
    int place = -2;
    for (size_t i = 0; i < reply->words.size() && place == -2; ++i) {
      if (SameLetters(reply->words[i], word)) place = static_cast<int>(i);
    }
    spoken.words.push_back(place);
    spoken.ends.push_back(static_cast<uint32_t>(end));
    from = end;
  }
  if (!reply->voice_busy) BeginUtterance(*reply);
}

void Agent::BeginUtterance(Reply& reply) {
  reply.voice_busy = true;
  const double share = reply.voice_warm ? 0.6 : 1;
  const double delay_ms = dice_.Ms(world_.engines.voice_first) * share;
  reply.voice_warm = true;
  agenda_.In(static_cast<int64_t>(delay_ms * 1000), Kind::kVoice, reply.turn.value,
             reply.utterances.front().id.value);
}

void Agent::BreakVoice(Reply& reply, bool retryable) {
  const Reply::Utterance& broken = reply.utterances.front();
  turn::SpeechFailed failed{.turn = reply.turn,
                            .utterance = broken.id,
                            .samples = broken.samples,
                            .retryable = retryable,
                            .stream = true,
                            .message = "the voice's engine died"};
  reply.utterances.clear();
  reply.voice_busy = reply.voice_on = reply.voice_warm = false;
  reply.voice = dice_.Chance(0.2) ? reply.voice : Fate::kWell;
  reply.voice_breaks_at += 1 + dice_.Below(5);
  emit_(std::move(failed));
}

void Agent::OnVoice(TurnId turn, UtteranceId utterance) {
  Reply* reply = FindMine(turn);
  if (!reply || !reply->voice_on || reply->utterances.empty()) return;
  Reply::Utterance& spoken = reply->utterances.front();
  if (spoken.id != utterance) return;
  const bool breaks = reply->words_spoken >= reply->voice_breaks_at;
  if (reply->voice == Fate::kFails) return BreakVoice(*reply, /*retryable=*/false);
  if (reply->voice == Fate::kCut && breaks) return BreakVoice(*reply, /*retryable=*/true);
  if (reply->voice == Fate::kStalls && breaks) return;
  if (reply->voice == Fate::kEmpty) spoken.next = spoken.words.size();
  if (spoken.next == spoken.words.size()) {
    if (spoken.samples > 0) {
      spoken.samples += kPauseSamples;
      loudspeaker_.Make(turn, spoken.id, kPauseSamples, -3);
    }
    emit_(turn::SpeechDone{turn, spoken.id, spoken.samples});
    reply->utterances.pop_front();
    reply->voice_busy = false;
    if (!reply->utterances.empty()) BeginUtterance(*reply);
    return;
  }
  const double word_ms = dice_.Uniform(kWordLowMs, kWordHighMs);
  const int64_t samples = SamplesOfMs(word_ms);
  spoken.samples += samples;
  loudspeaker_.Make(turn, spoken.id, samples, spoken.words[spoken.next]);
  if (spoken.next == 0) emit_(turn::SpeechReady{turn, spoken.id});
  if (marks_) emit_(turn::SpeechMark{turn, spoken.id, spoken.ends[spoken.next], spoken.samples});
  ++spoken.next;
  ++reply->words_spoken;
  agenda_.In(static_cast<int64_t>(word_ms * 1000 / speed_), Kind::kVoice, turn.value,
             spoken.id.value);
}

void Agent::Apologize(TurnId turn, UtteranceId utterance, std::string_view text) {
  Reply* reply = FindMine(turn);
  if (!reply) return;
  reply->utterances.clear();
  reply->voice_on = reply->voice_busy = reply->model_on = false;
  int64_t samples = 0;
  for (int64_t left = std::count(text.begin(), text.end(), ' ') + 1; left > 0; --left) {
    loudspeaker_.Make(turn, utterance, SamplesOfMs(250), -1);
    samples += SamplesOfMs(250);
  }
  emit_(turn::SpeechReady{turn, utterance});
  emit_(turn::SpeechDone{turn, utterance, samples});
}

void Agent::StopModel(TurnId turn) {
  if (Reply* reply = FindMine(turn)) reply->model_on = false;
}

void Agent::Cancel(TurnId turn) {
  Reply* reply = FindMine(turn);
  if (!reply) return;
  reply->model_on = reply->voice_on = reply->voice_busy = false;
  reply->utterances.clear();
}

}  // namespace parley::sim
