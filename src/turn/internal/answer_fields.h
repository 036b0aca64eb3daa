// Every field of the core's actions (see fields.h).
#pragma once

#include "turn/internal/domain_fields.h"

namespace parley::turn {

template <class V>
void VisitFields(V& visit, OpenSegment& x) {
  visit("segment", x.segment);
  visit("from_sample", x.from_sample);
}
template <class V>
void VisitFields(V& visit, CloseSegment& x) {
  visit("segment", x.segment);
  visit("upto_sample", x.upto_sample);
  visit("discard", x.discard);
}
template <class V>
void VisitFields(V& visit, AskEndOfTurn& x) {
  visit("pause", x.pause);
  visit("segment", x.segment);
  visit("upto_sample", x.upto_sample);
}
template <class V>
void VisitFields(V& visit, SetPartials& x) {
  visit("segment", x.segment);
  visit("on", x.on);
}
template <class V>
void VisitFields(V& visit, FlushRecognizer& x) {
  visit("segment", x.segment);
  visit("flush", x.flush);
  visit("upto_sample", x.upto_sample);
}
template <class V>
void VisitFields(V& visit, StartDraft& x) {
  visit("turn", x.turn);
  visit("transcript", x.transcript);
}
template <class V>
void VisitFields(V& visit, PromoteDraft& x) {
  visit("turn", x.turn);
}
template <class V>
void VisitFields(V& visit, DropDraft& x) {
  visit("turn", x.turn);
}
template <class V>
void VisitFields(V& visit, StartReply& x) {
  visit("turn", x.turn);
  visit("speaking", x.speaking);
  visit("speaking_text", x.speaking_text);
}
template <class V>
void VisitFields(V& visit, Speak& x) {
  visit("turn", x.turn);
  visit("utterance", x.utterance);
  visit("text", x.text);
  visit("context_before", x.context_before);
}
template <class V>
void VisitFields(V& visit, EndSpeech& x) {
  visit("turn", x.turn);
}
template <class V>
void VisitFields(V& visit, SpeakApology& x) {
  visit("turn", x.turn);
  visit("utterance", x.utterance);
}
template <class V>
void VisitFields(V& visit, StopReply& x) {
  visit("turn", x.turn);
}
template <class V>
void VisitFields(V& visit, CancelTurn& x) {
  visit("turn", x.turn);
}
template <class V>
void VisitFields(V& visit, SetGain& x) {
  visit("db", x.db);
  visit("ramp_ms", x.ramp_ms);
}
template <class V>
void VisitFields(V& visit, HoldPlayout& x) {
  visit("turn", x.turn);
}
template <class V>
void VisitFields(V& visit, ReleasePlayout& x) {
  visit("turn", x.turn);
}
template <class V>
void VisitFields(V& visit, PausePlayout& x) {
  visit("turn", x.turn);
}
template <class V>
void VisitFields(V& visit, ResumePlayout& x) {
  visit("turn", x.turn);
}
template <class V>
void VisitFields(V& visit, DropPlayout& x) {
  visit("turn", x.turn);
}
template <class V>
void VisitFields(V& visit, TrimSpeech& x) {
  visit("turn", x.turn);
  visit("utterance", x.utterance);
  visit("samples", x.samples);
}
template <class V>
void VisitFields(V& visit, AppendHistory& x) {
  visit("speaker", x.speaker);
  visit("segment", x.segment);
  visit("turn", x.turn);
  visit("text", x.text);
  visit("cut", x.cut);
}
template <class V>
void VisitFields(V& visit, Notify& x) {
  visit("event", x.event);
}
template <class V>
void VisitFields(V& visit, SetDeadline& x) {
  visit("id", x.id);
  visit("at_us", x.at_us);
}
template <class V>
void VisitFields(V& visit, ClearDeadline& x) {
  visit("id", x.id);
}
template <class V>
void VisitFields(V& visit, RecordTurn& action) {
  // The core's own, only looked at.
  TurnRecord& x = const_cast<TurnRecord&>(*action.record);
  visit("turn", x.turn);
  visit("segment", x.segment);
  visit("speech_end_us", x.speech_end_us);
  visit("decided_us", x.decided_us);
  visit("end_reason", x.end_reason);
  visit("probability", x.probability);
  visit("silence_needed_ms", x.silence_needed_ms);
  visit("silence_ms", x.silence_ms);
  visit("habit", x.habit);
  visit("wants_more", x.wants_more);
  visit("transcript_us", x.transcript_us);
  visit("transcript", x.transcript);
  visit("draft", x.draft);
  visit("drafts_wasted", x.drafts_wasted);
  visit("reply_started_us", x.reply_started_us);
  visit("first_token_us", x.first_token_us);
  visit("first_clause_us", x.first_clause_us);
  visit("first_speech_us", x.first_speech_us);
  visit("first_frame_us", x.first_frame_us);
  visit("released_us", x.released_us);
  visit("last_frame_us", x.last_frame_us);
  visit("played_us", x.played_us);
  visit("ended_us", x.ended_us);
  visit("sent_samples", x.sent_samples);
  visit("played_samples", x.played_samples);
  visit("voice_retries", x.voice_retries);
  visit("status", x.status);
  visit("reason", x.reason);
}

}  // namespace parley::turn
