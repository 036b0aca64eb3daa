// Every field of what the client is told (see fields.h).
#pragma once

#include "turn/action.h"
#include "turn/internal/fields.h"

namespace parley::turn {

template <class V>
void VisitFields(V& visit, SpeechStarted& x) {
  visit("segment", x.segment);
  visit("from_sample", x.from_sample);
}
template <class V>
void VisitFields(V& visit, SpeechStopped& x) {
  visit("segment", x.segment);
  visit("upto_sample", x.upto_sample);
}
template <class V>
void VisitFields(V& visit, AudioCommitted& x) {
  visit("segment", x.segment);
  visit("from_sample", x.from_sample);
  visit("upto_sample", x.upto_sample);
}
template <class V>
void VisitFields(V&, AudioCleared&) {}
template <class V>
void VisitFields(V& visit, IdleTimeout& x) {
  visit("segment", x.segment);
  visit("from_sample", x.from_sample);
  visit("upto_sample", x.upto_sample);
}
template <class V>
void VisitFields(V& visit, TranscriptUpdated& x) {
  visit("segment", x.segment);
  visit("text", x.text);
}
template <class V>
void VisitFields(V& visit, TranscriptCompleted& x) {
  visit("segment", x.segment);
  visit("text", x.text);
}
template <class V>
void VisitFields(V& visit, TranscriptionFailed& x) {
  visit("segment", x.segment);
  visit("message", x.message);
}
template <class V>
void VisitFields(V& visit, ResponseCreated& x) {
  visit("turn", x.turn);
  visit("audio", x.audio);
}
template <class V>
void VisitFields(V& visit, ResponseStarted& x) {
  visit("turn", x.turn);
}
template <class V>
void VisitFields(V& visit, ResponseText& x) {
  visit("turn", x.turn);
  visit("text", x.text);
}
template <class V>
void VisitFields(V& visit, FunctionCalled& x) {
  visit("turn", x.turn);
  visit("call_id", x.call_id);
  visit("name", x.name);
  visit("arguments", x.arguments);
}
template <class V>
void VisitFields(V& visit, ResponseDone& x) {
  visit("turn", x.turn);
  visit("status", x.status);
  visit("reason", x.reason);
  visit("message", x.message);
}
template <class V>
void VisitFields(V& visit, ReplyTruncated& x) {
  visit("turn", x.turn);
  visit("text", x.text);
}
template <class V>
void VisitFields(V& visit, Rejected& x) {
  visit("reason", x.reason);
  visit("turn", x.turn);
  visit("samples", x.samples);
}

}  // namespace parley::turn
