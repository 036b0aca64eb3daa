// Every field of the core's configuration (see fields.h).
#pragma once

#include "turn/core.h"

namespace parley::turn {

template <class V>
void VisitFields(V& visit, TurnDetection& x) {
  visit("mode", x.mode);
  visit("threshold", x.threshold);
  visit("prefix_padding_ms", x.prefix_padding_ms);
  visit("silence_duration_ms", x.silence_duration_ms);
  visit("eagerness", x.eagerness);
  visit("create_response", x.create_response);
  visit("interrupt_response", x.interrupt_response);
  visit("idle_timeout_ms", x.idle_timeout_ms);
}
template <class V>
void VisitFields(V& visit, ClientFacts& x) {
  visit("echo_free", x.echo_free);
  visit("audio_output", x.audio_output);
  visit("recognizer", x.recognizer);
  visit("end_of_turn", x.end_of_turn);
  visit("speculation", x.speculation);
}

template <class V>
void VisitFields(V& visit, Policy& x) {
  visit("semantic_threshold", x.semantic_threshold);
  visit("offset_hysteresis", x.offset_hysteresis);
  visit("offset_ms", x.offset_ms);
  visit("prefix_ms", x.prefix_ms);
  visit("ask_first_ms", x.ask_first_ms);
  visit("ask_again_ms", x.ask_again_ms);
  visit("ask_again_min_ms", x.ask_again_min_ms);
  visit("silence_min_ms", x.silence_min_ms);
  visit("silence_max_high_ms", x.silence_max_high_ms);
  visit("silence_max_medium_ms", x.silence_max_medium_ms);
  visit("silence_max_low_ms", x.silence_max_low_ms);
  visit("silence_floor_ms", x.silence_floor_ms);
  visit("limit_high_ms", x.limit_high_ms);
  visit("limit_medium_ms", x.limit_medium_ms);
  visit("limit_low_ms", x.limit_low_ms);
  visit("wants_more_ms", x.wants_more_ms);
  visit("habit_weight", x.habit_weight);
  visit("habit_start_ms", x.habit_start_ms);
  visit("flush_ms", x.flush_ms);
  visit("early_flushes_max", x.early_flushes_max);
  visit("flush_sure_ms", x.flush_sure_ms);
  visit("segment_max_ms", x.segment_max_ms);
  visit("draft_probability", x.draft_probability);
  visit("draft_silence_ms", x.draft_silence_ms);
  visit("draft_words_min", x.draft_words_min);
  visit("drafts_max", x.drafts_max);
  visit("draft_speech_max_ms", x.draft_speech_max_ms);
  visit("duck_db", x.duck_db);
  visit("duck_ramp_ms", x.duck_ramp_ms);
  visit("unduck_ramp_ms", x.unduck_ramp_ms);
  visit("evidence_words", x.evidence_words);
  visit("word_min_ms", x.word_min_ms);
  visit("evidence_flush_ms", x.evidence_flush_ms);
  visit("evidence_pause_ms", x.evidence_pause_ms);
  visit("evidence_words_due_ms", x.evidence_words_due_ms);
  visit("evidence_word_ms", x.evidence_word_ms);
  visit("evidence_voiced_ms", x.evidence_voiced_ms);
  visit("evidence_backchannel_ms", x.evidence_backchannel_ms);
  visit("evidence_deaf_ms", x.evidence_deaf_ms);
  visit("early_agent_ms", x.early_agent_ms);
  visit("echo_correlation", x.echo_correlation);
  visit("echo_word_share", x.echo_word_share);
  visit("echo_text_ms", x.echo_text_ms);
  visit("echo_lag_ms", x.echo_lag_ms);
  visit("final_wait_ms", x.final_wait_ms);
  visit("words_wait_ms", x.words_wait_ms);
  visit("held_max_ms", x.held_max_ms);
  visit("reply_silent_ms", x.reply_silent_ms);
  visit("speech_silent_ms", x.speech_silent_ms);
  visit("playout_stalled_ms", x.playout_stalled_ms);
  visit("voice_retries_max", x.voice_retries_max);
}
template <class V>
void VisitFields(V& visit, Core::Config& x) {
  VisitFields(visit, x.policy);
  VisitFields(visit, x.detection);
  VisitFields(visit, x.facts);
  visit("output_rate_hz", x.output_rate_hz);
  visit("language", x.language);
  visit("apology", x.apology);
}

}  // namespace parley::turn
