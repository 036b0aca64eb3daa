#include "sim/ears.h"

#include <algorithm>
#include <string>
#include <utility>

namespace parley::sim {
namespace {

constexpr int64_t kSamplesPerSecond = turn::kUplinkRateHz;
// Beyond this a recognizer hears the end of a segment only, and says so.
constexpr int64_t kWindowSamplesMax = 12 * kSamplesPerSecond;
constexpr size_t kSegmentsKept = 16;

}  // namespace

Ears::Segment* Ears::Find(SegmentId segment) {
  for (auto at = segments_.rbegin(); at != segments_.rend(); ++at) {
    if (at->id == segment) return &*at;
  }
  return nullptr;
}

void Ears::Open(SegmentId segment, int64_t from_sample) {
  if (segments_.size() >= kSegmentsKept) segments_.erase(segments_.begin());
  segments_.push_back({.id = segment, .from = from_sample});
}

void Ears::Close(SegmentId segment, int64_t upto_sample, bool discard) {
  Segment* found = Find(segment);
  if (!found) return;
  found->upto = upto_sample;
  found->partials = false;
  ++found->generation;
  found->passing = false;
  if (discard) found->gone = true;
}

void Ears::SetPartials(SegmentId segment, bool on) {
  Segment* found = Find(segment);
  if (!found) return;
  found->partials = on;
}

int64_t Ears::PassUs(int64_t samples) {
  const Engines& engines = world_.engines;
  const double seconds = static_cast<double>(samples) / static_cast<double>(kSamplesPerSecond);
  const double length = engines.recognizer_fixed + (1 - engines.recognizer_fixed) * seconds / 3;
  return static_cast<int64_t>(dice_.Ms(engines.recognizer_final_3s) * 1000 * length);
}

void Ears::OnUplink() {
  if (segments_.empty()) return;
  Segment& open = segments_.back();
  if (!open.partials || open.gone || open.passing || open.upto >= 0) return;
  const int64_t now = uplink_.received();
  const int64_t every = int64_t{world_.engines.partial_every_ms} * kSamplesPerSecond / 1000;
  if (now - std::max(open.partial_upto, open.from) < every) return;
  open.passing = true;
  open.partial_upto = now;
  const int64_t pass_us = static_cast<int64_t>(
      static_cast<double>(PassUs(std::min(now - open.from, kWindowSamplesMax))) *
      world_.engines.partial_share);
  busy_until_us_ = std::max(busy_until_us_, agenda_.now_us()) + pass_us;
  agenda_.At(busy_until_us_, Kind::kPartial, open.id.value, open.generation);
}

void Ears::OnPartial(SegmentId segment, uint64_t generation) {
  Segment* found = Find(segment);
  if (!found || found->gone || found->generation != generation) return;
  found->passing = false;
  // A driver drops what comes after partials were switched off.
  if (!found->partials) return;
  const Scene::Hearing how{.word_wrong = world_.accuracy.partial_word_wrong, .pass = ++drawn_};
  std::string text = scene_.Write(uplink_.MicUs(found->from), uplink_.MicUs(found->partial_upto),
                                  how, /*judged=*/false);
  if (text.empty()) return;
  emit_(turn::PartialTranscript{segment, found->partial_upto, std::move(text), 0});
}

void Ears::Flush(SegmentId segment, FlushId flush, int64_t upto_sample) {
  Segment* found = Find(segment);
  if (!found || found->gone) return;
  const Faults broken = faults();
  if (found->passing) {
    // A final ends the partial that is under way.
    ++found->generation;
    found->passing = false;
    busy_until_us_ = agenda_.now_us();
  }
  Pass pass{segment, flush, found->from, upto_sample};
  const bool dies = dice_.Chance(broken.recognizer_dies);
  // A driver hears the sound again on another engine, once.
  pass.dies = dies && dice_.Chance(0.1);
  if (upto_sample - pass.from > kWindowSamplesMax) {
    pass.from = upto_sample - kWindowSamplesMax * 3 / 4;
  }
  found->partial_upto = std::max(found->partial_upto, upto_sample);
  busy_until_us_ = std::max(busy_until_us_, agenda_.now_us()) + PassUs(upto_sample - pass.from);
  if (dies) busy_until_us_ += PassUs(upto_sample - pass.from) + dice_.Us({50, 500});
  int64_t at_us = busy_until_us_;
  if (dice_.Chance(broken.final_late)) at_us += dice_.Us({1000, 4000});
  passes_.push_back(pass);
  if (dice_.Chance(broken.final_lost)) return;
  agenda_.At(at_us, Kind::kFinal, segment.value, passes_.size() - 1);
  if (dice_.Chance(broken.final_twice)) {
    agenda_.At(at_us + dice_.Us({0, 2000}), Kind::kFinal, segment.value, passes_.size() - 1);
  }
}

void Ears::OnFinal(uint64_t index) {
  const Pass& pass = passes_[index];
  Segment* found = Find(pass.segment);
  if (!found || found->gone) return;
  if (pass.dies) {
    found->gone = true;
    return emit_(turn::TranscriptFailed{pass.segment, "the recognizer's engine died"});
  }
  const int64_t from_us = uplink_.MicUs(pass.from);
  const int64_t upto_us = uplink_.MicUs(pass.upto);
  const Scene::Hearing how{
      .final = true, .word_wrong = world_.accuracy.final_word_wrong, .pass = Mixed(index, 77)};
  std::string text = scene_.Write(from_us, upto_us, how, /*judged=*/true);
  const bool nothing = text.empty();
  emit_(turn::FinalTranscript{pass.segment, pass.flush, pass.from, pass.upto, std::move(text),
                              nothing});
}

void Ears::Ask(PauseId pause, SegmentId, int64_t upto_sample) {
  const Question question{pause, scene_.TurnIsOver(uplink_.MicUs(upto_sample))};
  if (running_.pause) {
    waiting_ = question;
    return;
  }
  Work(question);
}

void Ears::Work(const Question& question) {
  const Faults broken = faults();
  if (dice_.Chance(broken.end_of_turn_lost)) return;
  running_ = question;
  int64_t delay_us = dice_.Us(world_.engines.end_of_turn);
  if (dice_.Chance(broken.end_of_turn_late)) delay_us += dice_.Us({300, 1500});
  agenda_.In(delay_us, Kind::kScore, question.pause.value);
}

void Ears::OnScore(PauseId pause) {
  const Question answered = std::exchange(running_, Question());
  // The verdict on one pause seldom changes with its length.
  if (judged_ != pause || dice_.Chance(0.2)) {
    const double right =
        answered.over ? world_.accuracy.end_of_turn_end : world_.accuracy.end_of_turn_pause;
    const bool says_over = dice_.Chance(right) == answered.over;
    const double u = dice_.Uniform(0, 1);
    answer_ = static_cast<float>(says_over ? 0.99 - 0.45 * u * u : 0.01 + 0.45 * u * u);
    judged_ = pause;
  }
  emit_(turn::EndOfTurnScore{pause, answer_});
  if (const Question next = std::exchange(waiting_, Question()); next.pause) Work(next);
}

void Ears::JudgeEcho(SegmentId segment, bool echo_only, bool both) {
  const double mean = echo_only ? 0.78 : both ? 0.45 : 0.2;
  const double correlation = std::clamp(dice_.Normal(mean, 0.1), 0.0, 1.0);
  emit_(turn::EchoEvidence{segment, static_cast<float>(correlation), 120});
}

}  // namespace parley::sim
