// Every field of what goes into the core and comes out of it, by name: one list for writing,
// reading, digests and lines for people. A visitor is called as visit("name", field).
#pragma once

#include "turn/event.h"
#include "turn/internal/config_fields.h"

namespace parley::turn {

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
