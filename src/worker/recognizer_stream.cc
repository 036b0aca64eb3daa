#include "worker/internal/recognizer_stream.h"

#include <algorithm>
#include <utility>

#include "audio/pcm.h"
#include "worker/internal/posting_sink.h"

namespace parley::worker {

using ports::Recognizer;

namespace {

// What a caller may send before it looks at credit again.
constexpr int64_t kRoomMs = 30'000;
constexpr size_t kFlushesMax = 64;  // that wait for their answer
// Long audio goes to the engine in pieces of this many samples: well below a frame's limit.
constexpr size_t kPieceSamples = 16'000;

bool IsRetryable(Code code) { return code != Code::kInvalidArgument && code != Code::kNotFound; }

}  // namespace

RecognizerStream::RecognizerStream(const Deps& deps, Recognizer::Request request,
                                   Recognizer::Sink sink)
    : deps_(deps),
      request_(std::move(request)),
      gate_(std::move(sink)),
      counted_(deps.metrics.transcribe_streams),
      partials_(request_.partials) {}

void RecognizerStream::Deliver(Event event) {
  const bool last = IsLast(event);
  over_ |= last;
  gate_.Deliver(std::move(event), last);
}

void RecognizerStream::Begin() {
  ModelManager::Request wanted{
      .model = request_.model,
      .kind = ModelKind::kAsr,
      .lane = request_.work.lane,
      .deadline_us = deps_.clock.NowUs() + request_.ready_timeout_ms * 1000};
  Deliver(Recognizer::Credit{audio::SamplesOfMs(kRoomMs, request_.sample_rate_hz)});
  waiting_ = deps_.models.Acquire(
      std::move(wanted),
      [self = shared_from_this()](Result<ModelLease> lease) { self->OnLease(std::move(lease)); });
}

// ---- the caller ---------------------------------------------------------------------------------

void RecognizerStream::Audio(int64_t first_sample, std::vector<int16_t> pcm) {
  if (over_ || end_ || pcm.empty()) return;
  if (first_sample_ < 0) {
    first_sample_ = std::max<int64_t>(first_sample, 0);
    next_sample_ = first_sample_;
  }
  const int64_t gap = first_sample - next_sample_;
  const int64_t backlog_max =
      audio::SamplesOfMs(Recognizer::kBacklogMaxMs, request_.sample_rate_hz);
  if (gap < 0 || gap > backlog_max) {
    FailStream(
        {Code::kInvalidArgument, "audio begins at sample " + std::to_string(first_sample) +
                                     ", expected " + std::to_string(next_sample_) + " or at most " +
                                     std::to_string(backlog_max) + " later"},
        false);
    return;
  }
  if (backlog_samples_ + gap + static_cast<int64_t>(pcm.size()) > backlog_max) {
    FailStream({Code::kResourceExhausted,
                std::to_string(backlog_samples_) +
                    " samples wait for the recognizer, more than may; send by credit"},
               false);
    return;
  }
  deps_.metrics.samples_in.Add(pcm.size());
  if (gap > 0) Append(std::vector<int16_t>(static_cast<size_t>(gap)));
  Append(pcm);
  Send();
}

void RecognizerStream::Append(std::span<const int16_t> pcm) {
  next_sample_ += static_cast<int64_t>(pcm.size());
  backlog_samples_ += static_cast<int64_t>(pcm.size());
  while (!pcm.empty()) {
    const auto piece = pcm.first(std::min(pcm.size(), kPieceSamples));
    std::vector<float> samples(piece.size());
    audio::FloatFromPcm16(piece, samples);
    items_.push_back(std::move(samples));
    pcm = pcm.subspan(piece.size());
  }
}

void RecognizerStream::SetPartials(bool on) {
  if (over_) return;
  partials_ = on;
  if (stream_ != 0 && lease_.engine() != nullptr) {
    lease_.engine()->Send(stream_, engine::Partials{on});
  }
}

void RecognizerStream::Flush(FlushId flush) {
  if (over_ || end_) return;
  if (flushed_us_.size() >= kFlushesMax) {
    FailStream({Code::kResourceExhausted, std::to_string(flushed_us_.size()) +
                                              " flushes wait for their answer, as many as may"},
               false);
    return;
  }
  flushed_us_[flush.value] = deps_.clock.NowUs();
  items_.push_back(engine::Flush{flush.value});
  Send();
}

void RecognizerStream::End() {
  if (over_ || std::exchange(end_, true)) return;
  items_.push_back(EndMark{});
  Send();
}

void RecognizerStream::AbandonRequest() {
  const uint64_t request = std::exchange(waiting_, 0);
  if (request != 0) deps_.models.Abandon(request);
}

void RecognizerStream::Cancel() {
  AbandonRequest();
  if (stream_ != 0 && lease_.engine() != nullptr) lease_.engine()->Cancel(stream_);
  items_.clear();
  if (!over_) Deliver(Recognizer::Finished{});
}

// ---- the engine ---------------------------------------------------------------------------------

void RecognizerStream::OnLease(Result<ModelLease> lease) {
  waiting_ = 0;
  if (over_) return;
  if (!lease) {
    const Code code = lease.error().code;
    FailStream(std::move(lease.error()), IsRetryable(code));
    return;
  }
  lease_ = std::move(*lease);
  if (auto opened = OpenEngineStream(); !opened) {
    lease_ = ModelLease();
    const Code code = opened.error().code;
    FailStream(std::move(opened.error()), IsRetryable(code));
    return;
  }
  Send();
}

Status RecognizerStream::OpenEngineStream() {
  ModelInstance& instance = lease_.instance();
  if (instance.engine == nullptr) return Fail(Code::kUnavailable, "the engine is gone");
  const auto& can = instance.loaded.capabilities;
  if (request_.translate && std::find(can.begin(), can.end(), "translate") == can.end()) {
    return Fail(Code::kUnimplemented, "the recognizer '" + request_.model +
                                          "' cannot translate; a multilingual Whisper model can");
  }
  engine_hz_ =
      instance.loaded.sample_rate_hz > 0 ? instance.loaded.sample_rate_hz : request_.sample_rate_hz;
  if (engine_hz_ != request_.sample_rate_hz) {
    PARLEY_TRY(resampler_,
               audio::Resampler::Create({.in_hz = request_.sample_rate_hz, .out_hz = engine_hz_}));
  }
  engine_credit_ = instance.loaded.credit_samples;
  engine::AsrStart start;
  start.language = request_.language;
  start.translate = request_.translate;
  start.sample_rate_hz = engine_hz_;
  start.partials = partials_;
  start.partials_min_interval_ms = request_.partials_min_interval_ms;
  auto sink = PostingSink(deps_.executor, shared_from_this());
  PARLEY_TRY(stream_, instance.engine->Start({0, std::move(start)}, std::move(sink)));
  return {};
}

void RecognizerStream::Send() {
  const int64_t before = backlog_samples_;
  while (!over_ && stream_ != 0 && lease_.engine() != nullptr && !items_.empty()) {
    if (!SendFront()) break;
  }
  if (!over_ && backlog_samples_ < before) {
    Deliver(Recognizer::Credit{before - backlog_samples_});
  }
}

// False when the engine has no room for it.
bool RecognizerStream::SendFront() {
  Item& front = items_.front();
  if (const auto* flush = std::get_if<engine::Flush>(&front)) {
    lease_.engine()->Send(stream_, *flush);
  } else if (std::holds_alternative<EndMark>(front)) {
    if (resampler_) {
      std::vector<float> rest(resampler_->OutputSamplesMax(0));
      rest.resize(resampler_->Flush(rest));
      if (engine_credit_ < static_cast<int64_t>(rest.size())) rest.clear();
      if (!rest.empty()) lease_.engine()->SendAudio(stream_, rest);
    }
    lease_.engine()->Send(stream_, engine::End{});
  } else {
    const auto& samples = std::get<std::vector<float>>(front);
    const auto needed = resampler_
                            ? static_cast<int64_t>(resampler_->OutputSamplesMax(samples.size()))
                            : static_cast<int64_t>(samples.size());
    if (engine_credit_ < needed) return false;
    const std::vector<float> converted = resampler_ ? Convert(samples) : samples;
    engine_credit_ -= static_cast<int64_t>(converted.size());
    backlog_samples_ -= static_cast<int64_t>(samples.size());
    if (!converted.empty()) lease_.engine()->SendAudio(stream_, converted);
  }
  items_.pop_front();
  return true;
}

std::vector<float> RecognizerStream::Convert(const std::vector<float>& samples) {
  std::vector<float> out(resampler_->OutputSamplesMax(samples.size()));
  out.resize(resampler_->Process(samples, out).produced);
  return out;
}

int64_t RecognizerStream::ToCaller(int64_t engine_sample) const {
  const int64_t first = std::max<int64_t>(first_sample_, 0);
  const int64_t at = engine_hz_ == request_.sample_rate_hz
                         ? engine_sample
                         : engine_sample * request_.sample_rate_hz / engine_hz_;
  return std::clamp(first + at, first, std::max(first, next_sample_));
}

void RecognizerStream::OnEngine(engine::StreamEvent event) {
  if (std::holds_alternative<engine::Idle>(event)) {
    OnIdle();
    return;
  }
  if (over_) return;
  if (auto* partial = std::get_if<engine::Partial>(&event)) {
    if (!partials_) return;
    Deliver(Recognizer::Partial{std::move(partial->text), partial->stable_words,
                                ToCaller(partial->upto_sample)});
  } else if (auto* final = std::get_if<engine::Final>(&event)) {
    OnFinal(std::move(*final));
  } else if (const auto* credit = std::get_if<engine::Credit>(&event)) {
    engine_credit_ = std::min(engine_credit_ + credit->samples, engine::kCreditSamplesMax);
    Send();
  } else if (const auto* error = std::get_if<engine::ErrorMessage>(&event)) {
    FailStream({error->code, error->message}, IsRetryable(error->code));
  } else if (std::holds_alternative<engine::Done>(event)) {
    Deliver(Recognizer::Finished{});
  }
}

void RecognizerStream::OnFinal(engine::Final final) {
  Recognizer::Final out;
  if (final.flush_id) {
    out.flush = FlushId{*final.flush_id};
    if (const auto asked = flushed_us_.extract(*final.flush_id)) {
      deps_.metrics.final_ms.Observe(static_cast<double>(deps_.clock.NowUs() - asked.mapped()) /
                                     1000);
    }
  }
  out.from_sample = ToCaller(final.from_sample);
  out.upto_sample = ToCaller(final.upto_sample);
  out.text = std::move(final.text);
  for (Recognizer::Word& word : final.words) {
    word.from_sample = ToCaller(word.from_sample);
    word.upto_sample = ToCaller(word.upto_sample);
    out.words.push_back(std::move(word));
  }
  out.language = std::move(final.language);
  out.confidence = static_cast<float>(final.confidence);
  out.no_speech = final.no_speech;
  out.compute_us = static_cast<int64_t>(final.compute_ms * 1000);
  Deliver(std::move(out));
}

void RecognizerStream::OnIdle() {
  stream_ = 0;
  lease_ = ModelLease();
  if (!over_) FailStream({Code::kInternal, "the engine ended the stream by itself"}, true);
}

void RecognizerStream::FailStream(Error error, bool retryable) {
  if (over_) return;
  AbandonRequest();
  if (stream_ != 0 && lease_.engine() != nullptr) lease_.engine()->Cancel(stream_);
  items_.clear();
  Deliver(Recognizer::Failed{std::move(error), retryable});
}

}  // namespace parley::worker
