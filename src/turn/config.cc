#include "turn/config.h"

#include <string>

namespace parley::turn {
namespace {

Status InRange(const char* field, double value, double low, double high) {
  if (value >= low && value <= high) return {};
  return Fail(Code::kInvalidArgument, std::string("turn policy: ") + field + " is " +
                                          std::to_string(value) + ", must lie between " +
                                          std::to_string(low) + " and " + std::to_string(high));
}

}  // namespace

Status Policy::Validate() const {
  PARLEY_TRY_STATUS(InRange("semantic_threshold", semantic_threshold, 0.05, 0.95));
  PARLEY_TRY_STATUS(InRange("offset_hysteresis", offset_hysteresis, 0, semantic_threshold));
  PARLEY_TRY_STATUS(InRange("offset_ms", offset_ms, 32, 1000));
  PARLEY_TRY_STATUS(InRange("prefix_ms", prefix_ms, 0, 2000));
  PARLEY_TRY_STATUS(InRange("ask_first_ms", ask_first_ms, 32, 5000));
  PARLEY_TRY_STATUS(InRange("ask_again_ms", ask_again_ms, 32, 5000));
  PARLEY_TRY_STATUS(InRange("ask_again_min_ms", ask_again_min_ms, 32, ask_again_ms));
  PARLEY_TRY_STATUS(InRange("silence_floor_ms", silence_floor_ms, 32, silence_min_ms));
  PARLEY_TRY_STATUS(InRange("silence_max_high_ms", silence_max_high_ms, silence_min_ms, 20'000));
  PARLEY_TRY_STATUS(
      InRange("silence_max_medium_ms", silence_max_medium_ms, silence_min_ms, 20'000));
  PARLEY_TRY_STATUS(InRange("silence_max_low_ms", silence_max_low_ms, silence_min_ms, 20'000));
  PARLEY_TRY_STATUS(InRange("habit_weight", habit_weight, 0, 1));
  PARLEY_TRY_STATUS(InRange("habit_start_ms", habit_start_ms, 50, 5000));
  PARLEY_TRY_STATUS(InRange("flush_ms", flush_ms, 32, 1000));
  PARLEY_TRY_STATUS(InRange("evidence_words", evidence_words, 1, 100));
  PARLEY_TRY_STATUS(InRange("word_min_ms", word_min_ms, 1, 1000));
  PARLEY_TRY_STATUS(InRange("evidence_pause_ms", evidence_pause_ms, 32, 60'000));
  PARLEY_TRY_STATUS(InRange("evidence_words_due_ms", evidence_words_due_ms, 0, 60'000));
  PARLEY_TRY_STATUS(InRange("evidence_word_ms", evidence_word_ms, 32, 60'000));
  PARLEY_TRY_STATUS(InRange("evidence_voiced_ms", evidence_voiced_ms, evidence_word_ms, 60'000));
  PARLEY_TRY_STATUS(
      InRange("evidence_backchannel_ms", evidence_backchannel_ms, evidence_voiced_ms, 60'000));
  PARLEY_TRY_STATUS(InRange("evidence_deaf_ms", evidence_deaf_ms, 32, 60'000));
  PARLEY_TRY_STATUS(InRange("evidence_flush_ms", evidence_flush_ms, 32, 60'000));
  PARLEY_TRY_STATUS(InRange("echo_lag_ms", echo_lag_ms, 0, 5000));
  PARLEY_TRY_STATUS(InRange("early_flushes_max", early_flushes_max, 0, 100));
  PARLEY_TRY_STATUS(InRange("flush_sure_ms", flush_sure_ms, 32, 5000));
  PARLEY_TRY_STATUS(InRange("segment_max_ms", segment_max_ms, 1000, 600'000));
  PARLEY_TRY_STATUS(InRange("draft_probability", draft_probability, 0, 1));
  PARLEY_TRY_STATUS(InRange("duck_db", duck_db, -60, 0));
  PARLEY_TRY_STATUS(InRange("final_wait_ms", final_wait_ms, 50, 60'000));
  PARLEY_TRY_STATUS(InRange("words_wait_ms", words_wait_ms, final_wait_ms, 60'000));
  PARLEY_TRY_STATUS(InRange("held_max_ms", held_max_ms, 50, 60'000));
  PARLEY_TRY_STATUS(InRange("reply_silent_ms", reply_silent_ms, 100, 120'000));
  PARLEY_TRY_STATUS(InRange("speech_silent_ms", speech_silent_ms, 100, 120'000));
  PARLEY_TRY_STATUS(InRange("playout_stalled_ms", playout_stalled_ms, 100, 120'000));
  return {};
}

}  // namespace parley::turn
