// Every field of what goes into the core and comes out of it, by name: one list for writing,
// reading, digests and lines for people. A visitor is called as visit("name", field).
#pragma once

#include "turn/action.h"
#include "turn/core.h"
#include "turn/event.h"

namespace parley::turn {

// The configuration.

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
  visit("evidence_voiced_ms", x.evidence_voiced_ms);
  visit("early_agent_ms", x.early_agent_ms);
  visit("evidence_words", x.evidence_words);
  visit("echo_correlation", x.echo_correlation);
  visit("echo_word_share", x.echo_word_share);
  visit("echo_text_ms", x.echo_text_ms);
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

// Events.

template <class V>
void VisitFields(V& visit, VoiceActivity& x) {
  visit("probability", x.probability);
  visit("level_dbfs", x.level_dbfs);
}
template <class V>
void VisitFields(V& visit, EchoEvidence& x) {
  visit("segment", x.segment);
  visit("correlation", x.correlation);
  visit("lag_ms", x.lag_ms);
}
template <class V>
void VisitFields(V& visit, EndOfTurnScore& x) {
  visit("pause", x.pause);
  visit("probability", x.probability);
}
template <class V>
void VisitFields(V& visit, PartialTranscript& x) {
  visit("segment", x.segment);
  visit("upto_sample", x.upto_sample);
  visit("text", x.text);
  visit("stable_words", x.stable_words);
}
template <class V>
void VisitFields(V& visit, FinalTranscript& x) {
  visit("segment", x.segment);
  visit("flush", x.flush);
  visit("from_sample", x.from_sample);
  visit("upto_sample", x.upto_sample);
  visit("text", x.text);
  visit("no_speech", x.no_speech);
}
template <class V>
void VisitFields(V& visit, TranscriptFailed& x) {
  visit("segment", x.segment);
  visit("message", x.message);
}
template <class V>
void VisitFields(V& visit, ReplyText& x) {
  visit("turn", x.turn);
  visit("delta", x.delta);
}
template <class V>
void VisitFields(V& visit, ReplyTextDone& x) {
  visit("turn", x.turn);
  visit("cut_short", x.cut_short);
}
template <class V>
void VisitFields(V& visit, ReplyFailed& x) {
  visit("turn", x.turn);
  visit("message", x.message);
}
template <class V>
void VisitFields(V& visit, ToolCall& x) {
  visit("turn", x.turn);
  visit("call_id", x.call_id);
  visit("name", x.name);
  visit("arguments", x.arguments);
}
template <class V>
void VisitFields(V& visit, SpeechReady& x) {
  visit("turn", x.turn);
  visit("utterance", x.utterance);
}
template <class V>
void VisitFields(V& visit, SpeechMark& x) {
  visit("turn", x.turn);
  visit("utterance", x.utterance);
  visit("text_end", x.text_end);
  visit("sample", x.sample);
}
template <class V>
void VisitFields(V& visit, SpeechDone& x) {
  visit("turn", x.turn);
  visit("utterance", x.utterance);
  visit("samples", x.samples);
}
template <class V>
void VisitFields(V& visit, SpeechFailed& x) {
  visit("turn", x.turn);
  visit("utterance", x.utterance);
  visit("samples", x.samples);
  visit("retryable", x.retryable);
  visit("stream", x.stream);
  visit("message", x.message);
}
template <class V>
void VisitFields(V& visit, Played& x) {
  visit("turn", x.turn);
  visit("sent_samples", x.sent_samples);
  visit("played_samples", x.played_samples);
}
template <class V>
void VisitFields(V&, ClientCommit&) {}
template <class V>
void VisitFields(V&, ClientClear&) {}
template <class V>
void VisitFields(V& visit, ClientCancel& x) {
  visit("turn", x.turn);
}
template <class V>
void VisitFields(V& visit, ClientTruncate& x) {
  visit("turn", x.turn);
  visit("played_samples", x.played_samples);
}
template <class V>
void VisitFields(V& visit, ClientCreateResponse& x) {
  visit("audio", x.audio);
  visit("interruptible", x.interruptible);
}
template <class V>
void VisitFields(V& visit, SessionUpdate& x) {
  VisitFields(visit, x.detection);
  VisitFields(visit, x.facts);
  visit("language", x.language);
}
template <class V>
void VisitFields(V& visit, Deadline& x) {
  visit("id", x.id);
}

}  // namespace parley::turn
