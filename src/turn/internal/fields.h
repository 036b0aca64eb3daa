// Every field of what goes into the core and comes out of it, by name: one list for writing,
// reading, digests and lines for people. A visitor is called as visit("name", field).
//
// The order is the order in a recorded conversation. Boost.Describe takes up to 52 fields.
#pragma once

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include "turn/action.h"
#include "turn/core.h"
#include "turn/event.h"

namespace parley::turn {

// clang-format off
// The configuration.
BOOST_DESCRIBE_STRUCT(TurnDetection, (),
                      (mode, threshold, prefix_padding_ms, silence_duration_ms, eagerness,
                       create_response, interrupt_response, idle_timeout_ms))
BOOST_DESCRIBE_STRUCT(ClientFacts, (),
                      (echo_free, audio_output, recognizer, end_of_turn, speculation))
BOOST_DESCRIBE_STRUCT(Policy, (),
                      (semantic_threshold, offset_hysteresis, offset_ms, prefix_ms, ask_first_ms,
                       ask_again_ms, ask_again_min_ms, silence_min_ms, silence_max_high_ms,
                       silence_max_medium_ms, silence_max_low_ms, silence_floor_ms, limit_high_ms,
                       limit_medium_ms, limit_low_ms, wants_more_ms, habit_weight, habit_start_ms,
                       flush_ms, early_flushes_max, flush_sure_ms, segment_max_ms,
                       draft_probability, draft_silence_ms, draft_words_min, drafts_max,
                       draft_speech_max_ms, duck_db, duck_ramp_ms, unduck_ramp_ms, evidence_words,
                       word_min_ms, evidence_flush_ms, evidence_pause_ms, evidence_words_due_ms,
                       evidence_word_ms, evidence_voiced_ms, evidence_backchannel_ms,
                       evidence_deaf_ms, early_agent_ms, echo_correlation, echo_word_share,
                       echo_text_ms, echo_lag_ms, final_wait_ms, words_wait_ms, held_max_ms,
                       reply_silent_ms, speech_silent_ms, playout_stalled_ms, voice_retries_max))
BOOST_DESCRIBE_STRUCT(Core::Config, (),
                      (policy, detection, facts, output_rate_hz, language, apology))

// Events.
BOOST_DESCRIBE_STRUCT(VoiceActivity, (), (probability, level_dbfs))
BOOST_DESCRIBE_STRUCT(EchoEvidence, (), (segment, correlation, lag_ms))
BOOST_DESCRIBE_STRUCT(EndOfTurnScore, (), (pause, probability))
BOOST_DESCRIBE_STRUCT(PartialTranscript, (), (segment, upto_sample, text, stable_words))
BOOST_DESCRIBE_STRUCT(FinalTranscript, (),
                      (segment, flush, from_sample, upto_sample, text, no_speech))
BOOST_DESCRIBE_STRUCT(TranscriptFailed, (), (segment, message))
BOOST_DESCRIBE_STRUCT(ReplyText, (), (turn, delta))
BOOST_DESCRIBE_STRUCT(ReplyTextDone, (), (turn, cut_short))
BOOST_DESCRIBE_STRUCT(ReplyFailed, (), (turn, message))
BOOST_DESCRIBE_STRUCT(ToolCall, (), (turn, call_id, name, arguments))
BOOST_DESCRIBE_STRUCT(SpeechReady, (), (turn, utterance))
BOOST_DESCRIBE_STRUCT(SpeechMark, (), (turn, utterance, text_end, sample))
BOOST_DESCRIBE_STRUCT(SpeechDone, (), (turn, utterance, samples))
BOOST_DESCRIBE_STRUCT(SpeechFailed, (), (turn, utterance, samples, retryable, stream, message))
BOOST_DESCRIBE_STRUCT(Played, (), (turn, sent_samples, played_samples))
BOOST_DESCRIBE_STRUCT(ClientCommit, (), ())
BOOST_DESCRIBE_STRUCT(ClientClear, (), ())
BOOST_DESCRIBE_STRUCT(ClientCancel, (), (turn))
BOOST_DESCRIBE_STRUCT(ClientTruncate, (), (turn, played_samples))
BOOST_DESCRIBE_STRUCT(ClientCreateResponse, (), (audio, interruptible))
BOOST_DESCRIBE_STRUCT(SessionUpdate, (), (detection, facts, language))
BOOST_DESCRIBE_STRUCT(Deadline, (), (id))

// What the client is told.
BOOST_DESCRIBE_STRUCT(SpeechStarted, (), (segment, from_sample))
BOOST_DESCRIBE_STRUCT(SpeechStopped, (), (segment, upto_sample))
BOOST_DESCRIBE_STRUCT(AudioCommitted, (), (segment, from_sample, upto_sample))
BOOST_DESCRIBE_STRUCT(AudioCleared, (), ())
BOOST_DESCRIBE_STRUCT(IdleTimeout, (), (segment, from_sample, upto_sample))
BOOST_DESCRIBE_STRUCT(TranscriptUpdated, (), (segment, text))
BOOST_DESCRIBE_STRUCT(TranscriptCompleted, (), (segment, text))
BOOST_DESCRIBE_STRUCT(TranscriptionFailed, (), (segment, message))
BOOST_DESCRIBE_STRUCT(ResponseCreated, (), (turn, audio))
BOOST_DESCRIBE_STRUCT(ResponseStarted, (), (turn))
BOOST_DESCRIBE_STRUCT(ResponseText, (), (turn, text))
BOOST_DESCRIBE_STRUCT(FunctionCalled, (), (turn, call_id, name, arguments))
BOOST_DESCRIBE_STRUCT(ResponseDone, (), (turn, status, reason, message))
BOOST_DESCRIBE_STRUCT(ReplyTruncated, (), (turn, text))
BOOST_DESCRIBE_STRUCT(Rejected, (), (reason, turn, samples))

// Actions.
BOOST_DESCRIBE_STRUCT(OpenSegment, (), (segment, from_sample))
BOOST_DESCRIBE_STRUCT(CloseSegment, (), (segment, upto_sample, discard))
BOOST_DESCRIBE_STRUCT(AskEndOfTurn, (), (pause, segment, upto_sample))
BOOST_DESCRIBE_STRUCT(SetPartials, (), (segment, on))
BOOST_DESCRIBE_STRUCT(FlushRecognizer, (), (segment, flush, upto_sample))
BOOST_DESCRIBE_STRUCT(StartDraft, (), (turn, transcript))
BOOST_DESCRIBE_STRUCT(PromoteDraft, (), (turn))
BOOST_DESCRIBE_STRUCT(DropDraft, (), (turn))
BOOST_DESCRIBE_STRUCT(StartReply, (), (turn, speaking, speaking_text))
BOOST_DESCRIBE_STRUCT(Speak, (), (turn, utterance, text, context_before))
BOOST_DESCRIBE_STRUCT(EndSpeech, (), (turn))
BOOST_DESCRIBE_STRUCT(SpeakApology, (), (turn, utterance))
BOOST_DESCRIBE_STRUCT(StopReply, (), (turn))
BOOST_DESCRIBE_STRUCT(CancelTurn, (), (turn))
BOOST_DESCRIBE_STRUCT(SetGain, (), (db, ramp_ms))
BOOST_DESCRIBE_STRUCT(HoldPlayout, (), (turn))
BOOST_DESCRIBE_STRUCT(ReleasePlayout, (), (turn))
BOOST_DESCRIBE_STRUCT(PausePlayout, (), (turn))
BOOST_DESCRIBE_STRUCT(ResumePlayout, (), (turn))
BOOST_DESCRIBE_STRUCT(DropPlayout, (), (turn))
BOOST_DESCRIBE_STRUCT(TrimSpeech, (), (turn, utterance, samples))
BOOST_DESCRIBE_STRUCT(AppendHistory, (), (speaker, segment, turn, text, cut))
BOOST_DESCRIBE_STRUCT(Notify, (), (event))
BOOST_DESCRIBE_STRUCT(SetDeadline, (), (id, at_us))
BOOST_DESCRIBE_STRUCT(ClearDeadline, (), (id))
BOOST_DESCRIBE_STRUCT(TurnRecord, (),
                      (turn, segment, speech_end_us, decided_us, end_reason, probability,
                       silence_needed_ms, silence_ms, habit, wants_more, transcript_us, transcript,
                       draft, drafts_wasted, reply_started_us, first_token_us, first_clause_us,
                       first_speech_us, first_frame_us, released_us, last_frame_us, played_us,
                       ended_us, sent_samples, played_samples, voice_retries, status, reason))
// clang-format on

// Fields that are structures themselves are visited field by field.
template <class V, class T>
void VisitFields(V& visit, T& x) {
  using Fields = boost::describe::describe_members<T, boost::describe::mod_public>;
  boost::mp11::mp_for_each<Fields>([&](auto field) {
    auto& value = x.*field.pointer;
    using Value = std::remove_cvref_t<decltype(value)>;
    if constexpr (boost::describe::has_describe_members<Value>::value) {
      VisitFields(visit, value);
    } else {
      visit(field.name, value);
    }
  });
}
// The core's own record, only looked at.
template <class V>
void VisitFields(V& visit, RecordTurn& x) {
  VisitFields(visit, const_cast<TurnRecord&>(*x.record));
}

}  // namespace parley::turn
