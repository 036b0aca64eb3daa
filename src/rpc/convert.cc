#include "rpc/internal/convert.h"

#include <bit>
#include <cstring>
#include <utility>

#include "audio/g711.h"
#include "audio/pcm.h"

namespace parley::rpc {

using ports::Lane;
using ports::LanguageModel;
using ports::Recognizer;
using ports::Voice;

static_assert(std::endian::native == std::endian::little, "PCM is copied as it lies in memory");

namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

void FillWork(const ports::Work& work, pb::Work* out) {
  out->set_lane(work.lane == Lane::kFloor ? pb::LANE_FLOOR : pb::LANE_REPLY);
  out->set_id(work.id);
}

ports::Work WorkFrom(const pb::Work& work) {
  return {.lane = work.lane() == pb::LANE_FLOOR ? Lane::kFloor : Lane::kReply, .id = work.id()};
}

Code CodeFrom(int code) {
  const bool known = code >= static_cast<int>(Code::kCancelled) &&
                     code <= static_cast<int>(Code::kUnauthenticated);
  return known ? static_cast<Code>(code) : Code::kUnknown;
}

// The value, or `fallback` for the 0 of an absent field.
Result<int> RateFrom(uint32_t rate_hz, int fallback) {
  if (rate_hz == 0) return fallback;
  if (rate_hz < 8'000 || rate_hz > 48'000) {
    return Fail(Code::kInvalidArgument, "sample_rate_hz is " + std::to_string(rate_hz) +
                                            ", must be 8000 to 48000, or 0 for the default");
  }
  return static_cast<int>(rate_hz);
}

Result<int64_t> ReadyTimeoutFrom(int64_t timeout_ms) {
  if (timeout_ms == 0) return ports::kReadyTimeoutDefaultMs;
  if (timeout_ms < 0 || timeout_ms > kReadyTimeoutMsMax) {
    return Fail(Code::kInvalidArgument, "ready_timeout_ms is " + std::to_string(timeout_ms) +
                                            ", must be 0 to " + std::to_string(kReadyTimeoutMsMax));
  }
  return timeout_ms;
}

Result<int> FrameFrom(uint32_t frame_ms) {
  if (frame_ms != 0 && frame_ms != 10 && frame_ms != 20 && frame_ms != 40 && frame_ms != 60) {
    return Fail(Code::kInvalidArgument, "frame_ms is " + std::to_string(frame_ms) +
                                            ", must be 10, 20, 40 or 60, or 0 for the default");
  }
  return static_cast<int>(frame_ms);
}

Result<Voice::Prompt> PromptFrom(const pb::VoicePrompt& prompt) {
  PARLEY_TRY(const int rate_hz, RateFrom(prompt.sample_rate_hz(), 24'000));
  PARLEY_TRY(std::vector<int16_t> pcm, PcmFromBytes(prompt.pcm()));
  if (pcm.size() * 1000 > kPromptMsMax * static_cast<size_t>(rate_hz)) {
    return Fail(Code::kInvalidArgument,
                "prompt.pcm lasts " + std::to_string(pcm.size() * 1000 / rate_hz) +
                    " ms, must be at most " + std::to_string(kPromptMsMax) + " ms");
  }
  return Voice::Prompt{prompt.text(), rate_hz, std::move(pcm)};
}

}  // namespace

std::string PcmToBytes(std::span<const int16_t> pcm) {
  return std::string(reinterpret_cast<const char*>(pcm.data()), pcm.size_bytes());
}

std::string EncodePcm(std::span<const int16_t> pcm, pb::AudioEncoding encoding) {
  if (encoding == pb::AUDIO_ENCODING_PCM_F32LE) {
    std::vector<float> floats(pcm.size());
    audio::FloatFromPcm16(pcm, floats);
    return {reinterpret_cast<const char*>(floats.data()), floats.size() * sizeof(float)};
  }
  if (encoding != pb::AUDIO_ENCODING_MULAW && encoding != pb::AUDIO_ENCODING_ALAW) {
    return PcmToBytes(pcm);
  }
  std::string bytes(pcm.size(), '\0');
  const std::span<uint8_t> out(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
  if (encoding == pb::AUDIO_ENCODING_MULAW) {
    audio::MuLawFromPcm16(pcm, out);
  } else {
    audio::ALawFromPcm16(pcm, out);
  }
  return bytes;
}

Result<std::vector<int16_t>> PcmFromBytes(const std::string& bytes) {
  if (bytes.size() % 2 != 0) {
    return Fail(Code::kInvalidArgument,
                "pcm has " + std::to_string(bytes.size()) + " bytes, must be whole 16-bit samples");
  }
  std::vector<int16_t> pcm(bytes.size() / 2);
  if (!pcm.empty()) std::memcpy(pcm.data(), bytes.data(), bytes.size());
  return pcm;
}

void FillFailure(const Error& error, bool retryable, pb::Failure* out) {
  out->set_code(static_cast<int>(error.code));
  out->set_message(error.message);
  out->set_retryable(retryable);
}

Error ErrorFrom(const pb::Failure& failure) {
  return {CodeFrom(failure.code()), failure.message()};
}

grpc::Status ToGrpc(const Error& error) {
  return {static_cast<grpc::StatusCode>(error.code), error.message};
}

Error FromGrpc(const grpc::Status& status) {
  return {CodeFrom(status.error_code()), status.error_message()};
}

// ---- Synthesize ---------------------------------------------------------------------------------

pb::SynthesizeStart ToProto(const Voice::Request& request) {
  pb::SynthesizeStart start;
  FillWork(request.work, start.mutable_work());
  start.set_model(request.model);
  start.set_voice(request.voice);
  start.set_language(request.language);
  start.set_style(request.style);
  start.set_instruct(request.instruct);
  if (request.prompt) {
    start.mutable_prompt()->set_text(request.prompt->text);
    start.mutable_prompt()->set_sample_rate_hz(
        static_cast<uint32_t>(request.prompt->sample_rate_hz));
    start.mutable_prompt()->set_pcm(PcmToBytes(request.prompt->pcm));
  }
  start.set_speed(request.speed);
  if (request.seed) start.set_seed(*request.seed);
  start.set_sample_rate_hz(static_cast<uint32_t>(request.sample_rate_hz));
  start.set_frame_ms(static_cast<uint32_t>(request.frame_ms));
  start.set_encoding(pb::AUDIO_ENCODING_PCM_S16LE);
  start.set_priority(request.priority);
  start.set_credit_samples(request.credit_samples);
  start.set_ready_timeout_ms(request.ready_timeout_ms);
  return start;
}

Result<Voice::Request> FromProto(const pb::SynthesizeStart& start) {
  Voice::Request request;
  request.work = WorkFrom(start.work());
  request.model = start.model();
  request.voice = start.voice();
  request.language = start.language();
  request.style = start.style();
  request.instruct = start.instruct();
  if (start.has_prompt()) {
    PARLEY_TRY(request.prompt, PromptFrom(start.prompt()));
  }
  if (start.has_speed()) request.speed = start.speed();
  if (!(request.speed >= 0.25 && request.speed <= 4.0)) {
    return Fail(Code::kInvalidArgument,
                "speed is " + std::to_string(request.speed) + ", must be 0.25 to 4");
  }
  if (start.has_seed()) request.seed = start.seed();
  PARLEY_TRY(request.sample_rate_hz, RateFrom(start.sample_rate_hz(), 0));
  PARLEY_TRY(request.frame_ms, FrameFrom(start.frame_ms()));
  if (!pb::AudioEncoding_IsValid(start.encoding())) {
    return Fail(Code::kInvalidArgument,
                "encoding " + std::to_string(start.encoding()) +
                    " is not known, must be PCM_S16LE, PCM_F32LE, MULAW or ALAW (1 to 4)");
  }
  request.priority = start.priority();
  request.credit_samples = start.credit_samples();
  if (request.credit_samples < 0) {
    return Fail(Code::kInvalidArgument,
                "credit_samples is " + std::to_string(request.credit_samples) + ", must be ≥ 0");
  }
  PARLEY_TRY(request.ready_timeout_ms, ReadyTimeoutFrom(start.ready_timeout_ms()));
  return request;
}

pb::SynthesizeResponse ToProto(Voice::Event event, pb::AudioEncoding encoding) {
  pb::SynthesizeResponse out;
  std::visit(Overloaded{
                 [&](Voice::Audio& audio) {
                   pb::SynthesizeAudio* to = out.mutable_audio();
                   to->set_utterance_id(audio.utterance.value);
                   to->set_seq(audio.seq);
                   to->set_pts_samples(audio.pts_samples);
                   to->set_pcm(EncodePcm(audio.pcm, encoding));
                   to->set_last(audio.last);
                   to->set_padding_samples(audio.padding_samples);
                 },
                 [&](Voice::Mark& mark) {
                   out.mutable_mark()->set_utterance_id(mark.utterance.value);
                   out.mutable_mark()->set_text_end(mark.text_end);
                   out.mutable_mark()->set_pts_samples(mark.pts_samples);
                   out.mutable_mark()->set_estimated(mark.estimated);
                 },
                 [&](Voice::Paused& paused) {
                   out.mutable_paused()->set_utterance_id(paused.utterance.value);
                   out.mutable_paused()->set_pts_samples(paused.pts_samples);
                 },
                 [&](Voice::Done& done) {
                   pb::SynthesizeDone* to = out.mutable_done();
                   to->set_utterance_id(done.utterance.value);
                   to->set_reason(done.reason == Voice::DoneReason::kCancelled
                                      ? pb::SYNTHESIZE_DONE_REASON_CANCELLED
                                      : pb::SYNTHESIZE_DONE_REASON_COMPLETED);
                   to->mutable_stats()->set_samples(done.stats.samples);
                   to->mutable_stats()->set_engine_first_us(done.stats.engine_first_us);
                   to->mutable_stats()->set_first_us(done.stats.first_us);
                   to->mutable_stats()->set_compute_us(done.stats.compute_us);
                 },
                 [&](Voice::Finished&) { out.mutable_finished(); },
                 [&](Voice::Failed& failed) {
                   FillFailure(failed.error, failed.retryable, out.mutable_failed());
                   if (failed.utterance) {
                     out.mutable_failed()->set_utterance_id(failed.utterance->value);
                   }
                 },
             },
             event);
  return out;
}

namespace {

Voice::Done DoneFrom(const pb::SynthesizeDone& done) {
  const auto& stats = done.stats();
  return {.utterance = UtteranceId{done.utterance_id()},
          .reason = done.reason() == pb::SYNTHESIZE_DONE_REASON_CANCELLED
                        ? Voice::DoneReason::kCancelled
                        : Voice::DoneReason::kCompleted,
          .stats = {.samples = stats.samples(),
                    .engine_first_us = stats.engine_first_us(),
                    .first_us = stats.first_us(),
                    .compute_us = stats.compute_us()}};
}

Voice::Failed VoiceFailedFrom(const pb::Failure& failure) {
  Voice::Failed failed{ErrorFrom(failure), failure.retryable(), std::nullopt};
  if (failure.has_utterance_id()) failed.utterance = UtteranceId{failure.utterance_id()};
  return failed;
}

}  // namespace

Result<Voice::Event> FromProto(const pb::SynthesizeResponse& response) {
  switch (response.message_case()) {
    case pb::SynthesizeResponse::kAudio: {
      const auto& audio = response.audio();
      PARLEY_TRY(std::vector<int16_t> pcm, PcmFromBytes(audio.pcm()));
      return Voice::Event(Voice::Audio{UtteranceId{audio.utterance_id()}, audio.seq(),
                                       audio.pts_samples(), std::move(pcm), audio.last(),
                                       audio.padding_samples()});
    }
    case pb::SynthesizeResponse::kMark: {
      const auto& mark = response.mark();
      return Voice::Event(Voice::Mark{UtteranceId{mark.utterance_id()}, mark.text_end(),
                                      mark.pts_samples(), mark.estimated()});
    }
    case pb::SynthesizeResponse::kPaused:
      return Voice::Event(Voice::Paused{UtteranceId{response.paused().utterance_id()},
                                        response.paused().pts_samples()});
    case pb::SynthesizeResponse::kDone:
      return Voice::Event(DoneFrom(response.done()));
    case pb::SynthesizeResponse::kFinished:
      return Voice::Event(Voice::Finished{});
    case pb::SynthesizeResponse::kFailed:
      return Voice::Event(VoiceFailedFrom(response.failed()));
    case pb::SynthesizeResponse::MESSAGE_NOT_SET:
      break;
  }
  return Fail(Code::kUnimplemented, "the worker sent a Synthesize message of an unknown kind");
}

// ---- Transcribe ---------------------------------------------------------------------------------

pb::TranscribeStart ToProto(const Recognizer::Request& request) {
  pb::TranscribeStart start;
  FillWork(request.work, start.mutable_work());
  start.set_segment_id(request.segment.value);
  start.set_model(request.model);
  start.set_language(request.language);
  start.set_sample_rate_hz(static_cast<uint32_t>(request.sample_rate_hz));
  start.set_translate(request.translate);
  start.set_partials(request.partials);
  start.set_partials_min_interval_ms(static_cast<uint32_t>(request.partials_min_interval_ms));
  start.set_ready_timeout_ms(request.ready_timeout_ms);
  return start;
}

Result<Recognizer::Request> FromProto(const pb::TranscribeStart& start) {
  Recognizer::Request request;
  request.work = WorkFrom(start.work());
  request.segment = SegmentId{start.segment_id()};
  request.model = start.model();
  request.language = start.language();
  PARLEY_TRY(request.sample_rate_hz, RateFrom(start.sample_rate_hz(), 16'000));
  request.translate = start.translate();
  request.partials = start.partials();
  if (start.partials_min_interval_ms() > 60'000) {
    return Fail(Code::kInvalidArgument, "partials_min_interval_ms is " +
                                            std::to_string(start.partials_min_interval_ms()) +
                                            ", must be at most 60000");
  }
  if (start.partials_min_interval_ms() != 0) {
    request.partials_min_interval_ms = static_cast<int>(start.partials_min_interval_ms());
  }
  PARLEY_TRY(request.ready_timeout_ms, ReadyTimeoutFrom(start.ready_timeout_ms()));
  return request;
}

namespace {

void FillFinal(Recognizer::Final& final, pb::TranscribeFinal* out) {
  if (final.flush) out->set_flush_id(final.flush->value);
  out->set_from_sample(final.from_sample);
  out->set_upto_sample(final.upto_sample);
  out->set_text(std::move(final.text));
  for (Recognizer::Word& word : final.words) {
    pb::Word* to = out->add_words();
    to->set_text(std::move(word.text));
    to->set_from_sample(word.from_sample);
    to->set_upto_sample(word.upto_sample);
    to->set_confidence(word.confidence);
  }
  out->set_language(std::move(final.language));
  out->set_confidence(final.confidence);
  out->set_no_speech(final.no_speech);
  out->set_compute_us(final.compute_us);
}

Recognizer::Final FinalFrom(const pb::TranscribeFinal& final) {
  Recognizer::Final out;
  if (final.has_flush_id()) out.flush = FlushId{final.flush_id()};
  out.from_sample = final.from_sample();
  out.upto_sample = final.upto_sample();
  out.text = final.text();
  for (const pb::Word& word : final.words()) {
    out.words.push_back({word.text(), word.from_sample(), word.upto_sample(), word.confidence()});
  }
  out.language = final.language();
  out.confidence = final.confidence();
  out.no_speech = final.no_speech();
  out.compute_us = final.compute_us();
  return out;
}

}  // namespace

pb::TranscribeResponse ToProto(Recognizer::Event event) {
  pb::TranscribeResponse out;
  std::visit(
      Overloaded{
          [&](Recognizer::Partial& partial) {
            out.mutable_partial()->set_text(std::move(partial.text));
            out.mutable_partial()->set_stable_words(static_cast<uint32_t>(partial.stable_words));
            out.mutable_partial()->set_upto_sample(partial.upto_sample);
          },
          [&](Recognizer::Final& final) { FillFinal(final, out.mutable_final()); },
          [&](Recognizer::Credit& credit) { out.mutable_credit()->set_samples(credit.samples); },
          [&](Recognizer::Finished&) { out.mutable_finished(); },
          [&](Recognizer::Failed& failed) {
            FillFailure(failed.error, failed.retryable, out.mutable_failed());
          },
      },
      event);
  return out;
}

Result<Recognizer::Event> FromProto(const pb::TranscribeResponse& response) {
  switch (response.message_case()) {
    case pb::TranscribeResponse::kPartial:
      return Recognizer::Event(
          Recognizer::Partial{response.partial().text(),
                              static_cast<int>(response.partial().stable_words() & 0x7fffffffu),
                              response.partial().upto_sample()});
    case pb::TranscribeResponse::kFinal:
      return Recognizer::Event(FinalFrom(response.final()));
    case pb::TranscribeResponse::kCredit:
      return Recognizer::Event(Recognizer::Credit{response.credit().samples()});
    case pb::TranscribeResponse::kFinished:
      return Recognizer::Event(Recognizer::Finished{});
    case pb::TranscribeResponse::kFailed:
      return Recognizer::Event(
          Recognizer::Failed{ErrorFrom(response.failed()), response.failed().retryable()});
    case pb::TranscribeResponse::MESSAGE_NOT_SET:
      break;
  }
  return Fail(Code::kUnimplemented, "the worker sent a Transcribe message of an unknown kind");
}

}  // namespace parley::rpc
