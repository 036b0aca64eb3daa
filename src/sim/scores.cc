#include "sim/scores.h"

#include <algorithm>

namespace parley::sim {
namespace {

constexpr size_t kFailuresKept = 20;
constexpr size_t kLapsesKept = 400;

template <class T>
void Append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void Append(Share& to, const Share& from) {
  to.hits += from.hits;
  to.of += from.of;
}

}  // namespace

void Scores::Add(const Scores& other) {
  minutes += other.minutes;
  calls += other.calls;
  user_turns += other.user_turns;
  agent_turns += other.agent_turns;
  steps += other.steps;
  Append(gap_ms, other.gap_ms);
  Append(stages, other.stages);
  Append(stops, other.stops);
  Append(breath_ms, other.breath_ms);
  Append(history_error_words, other.history_error_words);
  Append(pause_takeover, other.pause_takeover);
  Append(pause_false_start, other.pause_false_start);
  Append(end_takeover, other.end_takeover);
  Append(interruption, other.interruption);
  Append(backchannel, other.backchannel);
  Append(cough, other.cough);
  resumes += other.resumes;
  resume_words_lost += other.resume_words_lost;
  resume_words_repeated += other.resume_words_repeated;
  voice_retries += other.voice_retries;
  retry_words_lost += other.retry_words_lost;
  retry_words_repeated += other.retry_words_repeated;
  drafts += other.drafts;
  drafts_used += other.drafts_used;
  draft_words_wasted += other.draft_words_wasted;
  stuck += other.stuck;
  violations += other.violations;
  for (const auto& [what, count] : other.violations_by_kind) violations_by_kind[what] += count;
  for (const Failure& failure : other.failures) {
    if (failures.size() < kFailuresKept) failures.push_back(failure);
  }
  for (const Failure& lapse : other.lapses) {
    if (lapses.size() < kLapsesKept) lapses.push_back(lapse);
  }
}

}  // namespace parley::sim
