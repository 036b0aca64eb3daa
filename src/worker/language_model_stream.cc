#include "worker/internal/language_model_stream.h"

#include <algorithm>
#include <utility>

#include "worker/internal/posting_sink.h"

namespace parley::worker {

using ports::LanguageModel;

namespace {

bool IsRetryable(Code code) {
  return code != Code::kInvalidArgument && code != Code::kNotFound && code != Code::kOutOfRange;
}

LanguageModel::DoneReason ReasonFrom(engine::DoneReason reason) {
  switch (reason) {
    case engine::DoneReason::kLength:
      return LanguageModel::DoneReason::kLength;
    case engine::DoneReason::kToolCalls:
      return LanguageModel::DoneReason::kToolCalls;
    case engine::DoneReason::kCompleted:
    case engine::DoneReason::kStop:
      break;
  }
  return LanguageModel::DoneReason::kStop;
}

}  // namespace

LanguageModelStream::LanguageModelStream(const Deps& deps, LanguageModel::Request request,
                                         LanguageModel::Sink sink)
    : deps_(deps),
      request_(std::move(request)),
      gate_(std::move(sink)),
      counted_(deps.metrics.generate_streams),
      asked_us_(deps.clock.NowUs()) {}

void LanguageModelStream::Deliver(Event event) {
  const bool last = IsLast(event);
  over_ |= last;
  gate_.Deliver(std::move(event), last);
}

void LanguageModelStream::Begin() {
  ModelManager::Request wanted{.model = request_.model,
                               .kind = ModelKind::kLlm,
                               .lane = request_.work.lane,
                               .deadline_us = asked_us_ + request_.ready_timeout_ms * 1000};
  waiting_ = deps_.models.Acquire(
      std::move(wanted),
      [self = shared_from_this()](Result<ModelLease> lease) { self->OnLease(std::move(lease)); });
}

void LanguageModelStream::Cancel() {
  const uint64_t request = std::exchange(waiting_, 0);
  if (request != 0) deps_.models.Abandon(request);
  if (stream_ != 0 && lease_.engine() != nullptr) lease_.engine()->Cancel(stream_);
  if (over_) return;
  Deliver(LanguageModel::Done{.reason = LanguageModel::DoneReason::kCancelled, .tokens = deltas_});
}

void LanguageModelStream::OnLease(Result<ModelLease> lease) {
  waiting_ = 0;
  if (over_) return;
  if (!lease) {
    const Code code = lease.error().code;
    FailStream(std::move(lease.error()), IsRetryable(code));
    return;
  }
  lease_ = std::move(*lease);
  engine::LlmStart start{.messages = std::move(request_.messages),
                         .tools = std::move(request_.tools),
                         .sampling = std::move(request_.sampling),
                         .prefix_key = std::move(request_.prefix_key)};
  auto sink = PostingSink(deps_.executor, shared_from_this());
  Result<uint32_t> stream = lease_.engine() == nullptr
                                ? Result<uint32_t>(Fail(Code::kUnavailable, "the engine is gone"))
                                : lease_.engine()->Start({0, std::move(start)}, std::move(sink));
  if (!stream) {
    lease_ = ModelLease();
    const Code code = stream.error().code;
    FailStream(std::move(stream.error()), IsRetryable(code));
    return;
  }
  stream_ = *stream;
}

void LanguageModelStream::OnEngine(engine::StreamEvent event) {
  if (std::holds_alternative<engine::Idle>(event)) {
    stream_ = 0;
    lease_ = ModelLease();
    if (!over_) FailStream({Code::kInternal, "the engine ended the stream by itself"}, true);
    return;
  }
  if (over_) return;
  if (auto* delta = std::get_if<engine::Delta>(&event)) {
    if (first_us_ < 0) {
      first_us_ = deps_.clock.NowUs() - asked_us_;
      deps_.metrics.llm_first_ms.Observe(static_cast<double>(first_us_) / 1000);
    }
    ++deltas_;
    Deliver(LanguageModel::Delta{std::move(delta->text)});
  } else if (auto* tool = std::get_if<engine::Tool>(&event)) {
    Deliver(LanguageModel::ToolCall(std::move(*tool)));
  } else if (const auto* done = std::get_if<engine::Done>(&event)) {
    OnDone(*done);
  } else if (const auto* error = std::get_if<engine::ErrorMessage>(&event)) {
    FailStream({error->code, error->message}, IsRetryable(error->code));
  }
}

void LanguageModelStream::OnDone(const engine::Done& done) {
  Deliver(LanguageModel::Done{.reason = ReasonFrom(done.reason),
                              .prompt_tokens = done.prompt_tokens,
                              .cached_tokens = done.cached_tokens,
                              .tokens = done.tokens,
                              .first_us = std::max<int64_t>(first_us_, 0),
                              .compute_us = static_cast<int64_t>(done.compute_ms * 1000)});
}

void LanguageModelStream::FailStream(Error error, bool retryable) {
  if (over_) return;
  if (stream_ != 0 && lease_.engine() != nullptr) lease_.engine()->Cancel(stream_);
  Deliver(LanguageModel::Failed{std::move(error), retryable});
}

}  // namespace parley::worker
