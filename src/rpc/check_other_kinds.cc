// What a worker says of itself, and what its recognizer and language model must keep.
#include <algorithm>
#include <cmath>

#include "rpc/internal/check_bench.h"

namespace parley::rpc {
namespace {

using ports::LanguageModel;
using ports::ModelInfo;
using ports::ModelKind;
using ports::Recognizer;
using HeardWords = Heard<Recognizer::Event>;
using HeardText = Heard<LanguageModel::Event>;

constexpr int kRateHz = 16'000;

// ---- in general ---------------------------------------------------------------------------------

Status SaysWhoItIs(CheckBench& bench) {
  PARLEY_TRY(const auto can, bench.Capabilities());
  if (can.worker_id.empty() || can.version.empty() || can.device.empty()) {
    return Broken("its name, version or device is empty");
  }
  if (can.ready != can.not_ready_why.empty()) return Broken("ready and not_ready_why disagree");
  PARLEY_TRY(const auto models, bench.Models());
  if (models.size() != can.models.size()) return Broken("the two lists of models disagree");
  for (const ModelInfo& model : models) {
    if (model.id.empty() || model.engine.empty()) return Broken("a model without name or engine");
    if (model.state == ports::ModelState::kReady && model.slots < 1) {
      return Broken("model '" + model.id + "' is ready and has no slots");
    }
  }
  return {};
}

// ---- recognizer ---------------------------------------------------------------------------------

struct Segment {
  HeardWords heard;
  std::unique_ptr<Recognizer::Stream> stream;
};

// Noise that comes and goes at the pace of syllables.
std::vector<int16_t> Noise(int ms) {
  std::vector<int16_t> pcm(static_cast<size_t>(kRateHz) * ms / 1000);
  uint32_t state = 1;
  for (size_t i = 0; i < pcm.size(); ++i) {
    state = state * 1'664'525 + 1'013'904'223;
    const double swell = 0.5 - 0.5 * std::cos(static_cast<double>(i) * 2 * M_PI * 4 / kRateHz);
    pcm[i] = static_cast<int16_t>(swell * (static_cast<double>(state >> 16) - 32'768) * 0.2);
  }
  return pcm;
}

Result<std::unique_ptr<Segment>> Open(CheckBench& bench) {
  PARLEY_TRY(const ModelInfo model, bench.ModelFor(ModelKind::kAsr));
  PARLEY_TRY_STATUS(bench.AwaitIdle(ModelKind::kAsr, bench.patience_ms()));
  auto segment = std::make_unique<Segment>();
  segment->stream = bench.client().recognizer().Start({.segment = SegmentId{1},
                                                       .model = model.id,
                                                       .sample_rate_hz = kRateHz,
                                                       .ready_timeout_ms = bench.patience_ms()},
                                                      segment->heard.Sink());
  return segment;
}

Status EndIsAnsweredByAFinal(CheckBench& bench) {
  PARLEY_TRY(const auto segment, Open(bench));
  const auto pcm = Noise(1'000);
  segment->stream->Audio(0, pcm);
  segment->stream->End();
  if (!segment->heard.WaitForEnd(bench.patience_ms())) return Broken("the segment does not end");
  const auto finals = segment->heard.Of<Recognizer::Final>();
  if (finals.size() != 1) return Broken(std::to_string(finals.size()) + " finals for one end");
  if (finals[0].flush) return Broken("the final of the end names a flush");
  if (finals[0].upto_sample > static_cast<int64_t>(pcm.size()) || finals[0].from_sample < 0) {
    return Broken("the final covers what was not said");
  }
  const auto events = segment->heard.events();
  if (!std::holds_alternative<Recognizer::Finished>(events.back())) return Broken("no finished");
  return {};
}

Status AFlushIsAnsweredAndDoesNotCut(CheckBench& bench) {
  PARLEY_TRY(const auto segment, Open(bench));
  const auto pcm = Noise(600);
  const auto count = static_cast<int64_t>(pcm.size());
  for (int64_t i = 0; i < 2; ++i) {
    segment->stream->Audio(i * count, pcm);
    segment->stream->Flush(FlushId{static_cast<uint64_t>(i + 7)}, (i + 1) * count);
  }
  segment->stream->End();
  if (!segment->heard.WaitForEnd(bench.patience_ms())) return Broken("the segment does not end");
  const auto finals = segment->heard.Of<Recognizer::Final>();
  if (finals.size() != 3) return Broken(std::to_string(finals.size()) + " finals, should be 3");
  if (finals[0].flush != FlushId{7} || finals[1].flush != FlushId{8} || finals[2].flush) {
    return Broken("finals do not come in the order of what they answer");
  }
  if (finals[1].upto_sample < finals[0].upto_sample) return Broken("a later final covers less");
  return {};
}

Status RoomIsStatedFirst(CheckBench& bench) {
  PARLEY_TRY(const auto segment, Open(bench));
  const auto any = [](const auto& events) { return !events.empty(); };
  if (!segment->heard.WaitFor(bench.patience_ms(), any)) return Broken("no answer");
  const auto* credit = std::get_if<Recognizer::Credit>(&segment->heard.events()[0]);
  if (credit == nullptr || credit->samples <= 0) return Broken("its room is not the first answer");
  return {};
}

Status AGapIsSilenceAndGoingBackAnError(CheckBench& bench) {
  const auto pcm = Noise(300);
  {
    PARLEY_TRY(const auto segment, Open(bench));
    segment->stream->Audio(0, pcm);
    segment->stream->Audio(kRateHz, pcm);
    segment->stream->End();
    if (!segment->heard.WaitForEnd(bench.patience_ms())) return Broken("a gap stops it");
    if (segment->heard.Of<Recognizer::Final>().size() != 1) return Broken("no final after a gap");
  }
  PARLEY_TRY(const auto segment, Open(bench));
  segment->stream->Audio(kRateHz, pcm);
  segment->stream->Audio(0, pcm);
  if (!segment->heard.WaitForEnd(bench.patience_ms())) return Broken("going back is not refused");
  const auto failed = segment->heard.Of<Recognizer::Failed>();
  if (failed.empty() || failed[0].error.code != Code::kInvalidArgument) {
    return Broken("going back is not refused as a wrong argument");
  }
  return {};
}

Status ACancelledSegmentFreesItsSlot(CheckBench& bench) {
  {
    PARLEY_TRY(const auto segment, Open(bench));
    segment->stream->Audio(0, Noise(500));
    segment->stream->Cancel();
    if (!segment->heard.WaitForEnd(bench.patience_ms())) return Broken("it does not end");
    if (!segment->heard.Of<Recognizer::Final>().empty()) return Broken("a final after a cancel");
  }
  return bench.AwaitIdle(ModelKind::kAsr, bench.patience_ms());
}

// ---- language model -----------------------------------------------------------------------------

Result<LanguageModel::Request> Question(CheckBench& bench, int tokens_max) {
  PARLEY_TRY(const ModelInfo model, bench.ModelFor(ModelKind::kLlm));
  PARLEY_TRY_STATUS(bench.AwaitIdle(ModelKind::kLlm, bench.patience_ms()));
  LanguageModel::Request request;
  request.model = model.id;
  request.messages.push_back({LanguageModel::Role::kUser, "Count from one to ten.", {}, ""});
  request.sampling.temperature = 0;
  request.sampling.max_tokens = tokens_max;
  request.ready_timeout_ms = bench.patience_ms();
  return request;
}

Result<std::string> Ask(CheckBench& bench, const LanguageModel::Request& request,
                        LanguageModel::Done& done) {
  HeardText heard;
  const auto stream = bench.client().language_model().Start(request, heard.Sink());
  if (!heard.WaitForEnd(bench.patience_ms())) return Broken("the reply does not end");
  if (const auto failed = heard.Of<LanguageModel::Failed>(); !failed.empty()) {
    return Broken("the reply failed: " + failed[0].error.message);
  }
  done = heard.Of<LanguageModel::Done>().at(0);
  std::string text;
  for (const auto& delta : heard.Of<LanguageModel::Delta>()) text += delta.text;
  return text;
}

Status RepliesEndAtTheirLimit(CheckBench& bench) {
  PARLEY_TRY(const auto request, Question(bench, 5));
  LanguageModel::Done done;
  PARLEY_TRY(const std::string text, Ask(bench, request, done));
  if (text.empty()) return Broken("the reply has no text");
  if (done.tokens > 5) return Broken(std::to_string(done.tokens) + " tokens, allowed were 5");
  const bool cut = done.tokens == 5 && done.reason != LanguageModel::DoneReason::kLength;
  const bool natural = done.reason == LanguageModel::DoneReason::kStop;
  if (cut && !natural) return Broken("a reply that was cut does not say so");
  return {};
}

Status GreedyRepliesRepeat(CheckBench& bench) {
  PARLEY_TRY(const auto request, Question(bench, 12));
  LanguageModel::Done done;
  PARLEY_TRY(const std::string first, Ask(bench, request, done));
  PARLEY_TRY(const std::string second, Ask(bench, request, done));
  if (first == second) return {};
  return Broken("at temperature 0 it says '" + first + "', then '" + second + "'");
}

Status ACancelledReplyFreesItsSlot(CheckBench& bench) {
  PARLEY_TRY(const auto request, Question(bench, 500));
  {
    HeardText heard;
    const auto stream = bench.client().language_model().Start(request, heard.Sink());
    const auto any = [](const auto& events) { return !events.empty(); };
    if (!heard.WaitFor(bench.patience_ms(), any)) return Broken("no text");
    stream->Cancel();
    if (!heard.WaitForEnd(bench.patience_ms())) return Broken("a cancelled reply does not end");
  }
  return bench.AwaitIdle(ModelKind::kLlm, bench.patience_ms());
}

}  // namespace

std::vector<NamedCheck> GeneralChecks() { return {{"says_who_it_is", &SaysWhoItIs}}; }

std::vector<NamedCheck> RecognizerChecks() {
  return {{"end_is_answered_by_a_final", &EndIsAnsweredByAFinal},
          {"flush_is_answered_and_does_not_cut", &AFlushIsAnsweredAndDoesNotCut},
          {"room_is_stated_first", &RoomIsStatedFirst},
          {"gap_is_silence_and_back_an_error", &AGapIsSilenceAndGoingBackAnError},
          {"cancelled_segment_frees_its_slot", &ACancelledSegmentFreesItsSlot}};
}

std::vector<NamedCheck> LanguageModelChecks() {
  return {{"replies_end_at_their_limit", &RepliesEndAtTheirLimit},
          {"greedy_replies_repeat", &GreedyRepliesRepeat},
          {"cancelled_reply_frees_its_slot", &ACancelledReplyFreesItsSlot}};
}

}  // namespace parley::rpc
