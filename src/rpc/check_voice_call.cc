// What a worker must keep when its client does what a good client would not: closes its side early,
// goes away, sends nonsense.
#include <google/protobuf/unknown_field_set.h>

#include <set>

#include "rpc/internal/check_bench.h"
#include "rpc/internal/convert.h"

namespace parley::rpc {
namespace {

using ports::ModelKind;

pb::SynthesizeRequest StartOf(const ports::Voice::Request& request) {
  pb::SynthesizeRequest message;
  pb::SynthesizeStart& start = *message.mutable_start();
  start.set_model(request.model);
  start.set_sample_rate_hz(static_cast<uint32_t>(request.sample_rate_hz));
  start.set_credit_samples(request.credit_samples);
  return message;
}

pb::SynthesizeRequest TextOf(uint64_t utterance, const std::string& text) {
  pb::SynthesizeRequest message;
  message.mutable_text()->set_utterance_id(utterance);
  message.mutable_text()->set_text(text);
  return message;
}

std::chrono::system_clock::time_point In(int64_t ms) {
  return std::chrono::system_clock::now() + std::chrono::milliseconds(ms);
}

Status HalfCloseEndsTheText(CheckBench& bench) {
  PARLEY_TRY(const auto request, bench.PlainVoice());
  const auto context = bench.NewContext();
  context->set_deadline(In(bench.patience_ms()));
  const auto call = bench.stub().Synthesize(context.get());
  call->Write(StartOf(request));
  call->Write(TextOf(1, "Hello there."));
  call->WritesDone();
  pb::SynthesizeResponse response;
  bool done = false;
  bool finished = false;
  while (call->Read(&response)) {
    done |= response.has_done();
    finished |= response.has_finished();
  }
  const grpc::Status status = call->Finish();
  if (!status.ok()) return Broken("the call ends with " + status.error_message());
  if (!done || !finished) return Broken("no done and finished after the client closed its side");
  return {};
}

// A stream without end, of which the client has had enough.
Status Leave(CheckBench& bench, grpc::ClientContext& context, bool cancel) {
  PARLEY_TRY(const auto request, bench.PlainVoice());
  const auto call = bench.stub().Synthesize(&context);
  call->Write(StartOf(request));
  call->Write(TextOf(1, "Hello there, who is listening?"));
  pb::SynthesizeResponse response;
  if (!call->Read(&response)) return Broken("no sound: " + call->Finish().error_message());
  if (cancel) context.TryCancel();
  while (call->Read(&response)) {
  }
  const auto code = call->Finish().error_code();
  const auto expected = cancel ? grpc::StatusCode::CANCELLED : grpc::StatusCode::DEADLINE_EXCEEDED;
  if (code != expected) return Broken("the call ends with status " + std::to_string(code));
  return bench.AwaitIdle(ModelKind::kTts, bench.patience_ms());
}

Status TheDeadlineEndsTheCall(CheckBench& bench) {
  const auto context = bench.NewContext();
  context->set_deadline(In(1'500));
  return Leave(bench, *context, /*cancel=*/false);
}

Status AVanishedClientFreesItsSlot(CheckBench& bench) {
  const auto context = bench.NewContext();
  context->set_deadline(In(bench.patience_ms()));
  return Leave(bench, *context, /*cancel=*/true);
}

// SpeechClient drops what comes after a cancel, so this looks at the call itself.
Status CancelHasTheLastWord(CheckBench& bench) {
  PARLEY_TRY(auto request, bench.PlainVoice());
  request.credit_samples = request.sample_rate_hz / 5;
  const auto context = bench.NewContext();
  context->set_deadline(In(bench.patience_ms()));
  const auto call = bench.stub().Synthesize(context.get());
  call->Write(StartOf(request));
  for (const uint64_t utterance : {1, 2}) {
    call->Write(TextOf(utterance, "This is a sentence that is long enough to be cut."));
  }
  pb::SynthesizeResponse response;
  if (!call->Read(&response)) return Broken("no sound: " + call->Finish().error_message());
  pb::SynthesizeRequest cancel;
  cancel.mutable_cancel();
  call->Write(cancel);
  std::set<uint64_t> over;
  bool finished = false;
  while (call->Read(&response)) {
    if (finished) return Broken("something comes after finished");
    finished |= response.has_finished();
    const uint64_t of = response.has_audio()  ? response.audio().utterance_id()
                        : response.has_mark() ? response.mark().utterance_id()
                                              : 0;
    if (over.contains(of)) return Broken("sound after its cancel was acknowledged");
    if (!response.has_done()) continue;
    if (response.done().reason() != pb::SYNTHESIZE_DONE_REASON_CANCELLED) {
      return Broken("done says that a cancelled utterance was completed");
    }
    if (!over.insert(response.done().utterance_id()).second) return Broken("two ends of one");
  }
  const grpc::Status status = call->Finish();
  if (!status.ok()) return Broken("the call ends with " + status.error_message());
  if (over.size() != 2) return Broken("not every utterance has its done");
  if (!finished) return Broken("no finished");
  return bench.AwaitIdle(ModelKind::kTts, bench.patience_ms());
}

// The bytes of what a worker says to a start.
Result<std::string> BytesOf(CheckBench& bench, const pb::SynthesizeRequest& start) {
  const auto context = bench.NewContext();
  context->set_deadline(In(bench.patience_ms()));
  const auto call = bench.stub().Synthesize(context.get());
  call->Write(start);
  call->Write(TextOf(1, "Hi there."));
  call->WritesDone();
  std::string bytes;
  pb::SynthesizeResponse response;
  while (call->Read(&response)) bytes += response.audio().pcm();
  const grpc::Status status = call->Finish();
  if (!status.ok()) return Broken("the call ends with " + status.error_message());
  if (bytes.empty()) return Broken("no sound");
  return bytes;
}

// The same sound in each: what differs is no more than what the encoding cannot tell apart.
Status EncodingsCarryTheSameSound(CheckBench& bench) {
  PARLEY_TRY(const auto request, bench.PlainVoice());
  const auto as = [&](pb::AudioEncoding encoding) {
    pb::SynthesizeRequest start = StartOf(request);
    start.mutable_start()->set_encoding(encoding);
    return BytesOf(bench, start);
  };
  PARLEY_TRY(const std::string plain, as(pb::AUDIO_ENCODING_PCM_S16LE));
  PARLEY_TRY(const std::string again, as(pb::AUDIO_ENCODING_PCM_S16LE));
  if (plain != again) {
    return Fail(Code::kUnimplemented, "the voice does not say the same twice");
  }
  PARLEY_TRY(const std::vector<int16_t> pcm, PcmFromBytes(plain));
  for (const auto encoding :
       {pb::AUDIO_ENCODING_PCM_F32LE, pb::AUDIO_ENCODING_MULAW, pb::AUDIO_ENCODING_ALAW}) {
    PARLEY_TRY(const std::string bytes, as(encoding));
    if (bytes == EncodePcm(pcm, encoding)) continue;
    return Broken(pb::AudioEncoding_Name(encoding) + " is not the sound that PCM_S16LE is");
  }
  return {};
}

// What a message must be refused with, its field being named.
Status IsRefused(CheckBench& bench, const std::vector<pb::SynthesizeRequest>& messages,
                 const std::string& field) {
  const auto context = bench.NewContext();
  context->set_deadline(In(bench.patience_ms()));
  const auto call = bench.stub().Synthesize(context.get());
  for (const auto& message : messages) call->Write(message);
  pb::SynthesizeResponse response;
  int code = 0;
  std::string words;
  while (call->Read(&response)) {
    if (!response.has_failed()) continue;
    code = response.failed().code();
    words = response.failed().message();
  }
  const grpc::Status status = call->Finish();
  if (!status.ok()) {
    code = status.error_code();
    words = status.error_message();
  }
  if (code != grpc::StatusCode::INVALID_ARGUMENT) {
    return Broken("a wrong " + field + " is answered by code " + std::to_string(code));
  }
  if (words.find(field) == std::string::npos) {
    return Broken("the refusal of a wrong " + field + " does not name it: " + words);
  }
  return {};
}

Status WrongFieldsAreRefusedByName(CheckBench& bench) {
  PARLEY_TRY(const auto request, bench.PlainVoice());
  const pb::SynthesizeRequest good = StartOf(request);
  auto rate = good, frame = good, speed = good, prompt = good;
  rate.mutable_start()->set_sample_rate_hz(7'000);
  frame.mutable_start()->set_frame_ms(15);
  speed.mutable_start()->set_speed(9);
  prompt.mutable_start()->mutable_prompt()->set_pcm("odd");
  pb::SynthesizeRequest credit;
  credit.mutable_credit()->set_samples(-5);
  PARLEY_TRY_STATUS(IsRefused(bench, {rate}, "sample_rate_hz"));
  PARLEY_TRY_STATUS(IsRefused(bench, {frame}, "frame_ms"));
  PARLEY_TRY_STATUS(IsRefused(bench, {speed}, "speed"));
  PARLEY_TRY_STATUS(IsRefused(bench, {prompt}, "pcm"));
  PARLEY_TRY_STATUS(IsRefused(bench, {good, TextOf(0, "Hi.")}, "utterance_id"));
  PARLEY_TRY_STATUS(IsRefused(bench, {good, TextOf(1, std::string(20'000, 'x'))}, "text"));
  PARLEY_TRY_STATUS(IsRefused(bench, {good, credit}, "credit"));
  PARLEY_TRY_STATUS(IsRefused(bench, {good, good}, "start"));
  PARLEY_TRY_STATUS(IsRefused(bench, {TextOf(1, "Hi.")}, "start"));
  return bench.AwaitIdle(ModelKind::kTts, bench.patience_ms());
}

Status UnknownFieldsAreIgnored(CheckBench& bench) {
  PARLEY_TRY(const auto request, bench.PlainVoice());
  pb::SynthesizeRequest start = StartOf(request);
  start.mutable_start()
      ->GetReflection()
      ->MutableUnknownFields(start.mutable_start())
      ->AddVarint(9'999, 1);
  const auto context = bench.NewContext();
  context->set_deadline(In(bench.patience_ms()));
  const auto call = bench.stub().Synthesize(context.get());
  call->Write(start);
  call->Write(TextOf(1, "Hi."));
  call->WritesDone();
  pb::SynthesizeResponse response;
  bool done = false;
  while (call->Read(&response)) done |= response.has_done();
  if (!call->Finish().ok() || !done) return Broken("a field of a newer client stops it");
  return {};
}

}  // namespace

std::vector<NamedCheck> VoiceCallChecks() {
  return {{"cancel_has_the_last_word", &CancelHasTheLastWord},
          {"half_close_ends_the_text", &HalfCloseEndsTheText},
          {"deadline_ends_the_call", &TheDeadlineEndsTheCall},
          {"vanished_client_frees_its_slot", &AVanishedClientFreesItsSlot},
          {"encodings_carry_the_same_sound", &EncodingsCarryTheSameSound},
          {"wrong_fields_are_refused_by_name", &WrongFieldsAreRefusedByName},
          {"unknown_fields_are_ignored", &UnknownFieldsAreIgnored}};
}

}  // namespace parley::rpc
