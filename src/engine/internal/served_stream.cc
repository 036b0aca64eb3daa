#include "engine/internal/served_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"

namespace parley::engine::internal {
namespace {

// What a worker may put ahead of the voice on one stream.
constexpr size_t kTextsMax = 256;
constexpr size_t kTextsBytesMax = size_t{1} << 20;
constexpr size_t kFlushesMax = 64;

TimePoint Now() { return std::chrono::steady_clock::now(); }

}  // namespace

Status ServedStream::Unexpected(const Message& message) {
  return Fail(Code::kInvalidArgument,
              fmt::format("\"{}\" does not belong on this kind of stream", MessageName(message)));
}

// --- Text to speech

ServedTts::ServedTts(uint32_t id, Link& link, TtsModel& model, int64_t credit, TtsStart start)
    : ServedStream(id, link),
      TtsStream(cancel()),
      model_(model),
      start_(std::move(start)),
      last_end_(Now()),
      credit_(credit) {
  if (start_.prompt) prompt_missing_ = start_.prompt->samples;
}

Status ServedTts::Take(Message message) {
  if (auto* text = std::get_if<Text>(&message)) return TakeText(std::move(*text));
  const std::lock_guard lock(mutex_);
  if (const auto* credit = std::get_if<Credit>(&message)) {
    credit_ = std::min(credit_ + credit->samples, kCreditSamplesMax);
  } else if (std::holds_alternative<End>(message)) {
    ended_ = true;
  } else {
    return Unexpected(message);
  }
  changed_.notify_all();
  return {};
}

Status ServedTts::TakeText(Text text) {
  const std::lock_guard lock(mutex_);
  if (ended_) return Fail(Code::kFailedPrecondition, "a text after the end of the stream");
  if (prompt_missing_ > 0) {
    return Fail(Code::kFailedPrecondition,
                fmt::format("a text while {} samples of the prompt are missing", prompt_missing_));
  }
  if (text.utterance <= last_utterance_) {
    return Fail(Code::kInvalidArgument, fmt::format("utterance {} after {}: the ids must rise",
                                                    text.utterance, last_utterance_));
  }
  if (texts_.size() >= kTextsMax || texts_bytes_ + text.text.size() > kTextsBytesMax) {
    return Fail(Code::kResourceExhausted,
                fmt::format("{} texts of {} bytes wait: at most {} of {} bytes may", texts_.size(),
                            texts_bytes_, kTextsMax, kTextsBytesMax));
  }
  last_utterance_ = text.utterance;
  texts_bytes_ += text.text.size();
  texts_.push_back({std::move(text), Now()});
  changed_.notify_all();
  return {};
}

Status ServedTts::TakeAudio(std::vector<float> samples) {
  const std::lock_guard lock(mutex_);
  const auto count = static_cast<int64_t>(samples.size());
  if (count > prompt_missing_) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{} samples of audio where {} of the prompt are missing", count,
                            prompt_missing_));
  }
  std::vector<float>& audio = start_.prompt->audio;
  audio.insert(audio.end(), samples.begin(), samples.end());
  prompt_missing_ -= count;
  changed_.notify_all();
  return {};
}

Status ServedTts::Serve() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return cancelled() || ended_ || prompt_missing_ == 0; });
    if (!cancelled() && prompt_missing_ > 0) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("the stream ended {} samples before its prompt", prompt_missing_));
    }
  }
  if (cancelled()) return {};
  PARLEY_TRY_STATUS(model_.Speak(start_, *this));
  FinishUtterance();
  link_.Send(id_, Done{});
  return {};
}

std::optional<Text> ServedTts::NextText() {
  FinishUtterance();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return cancelled() || ended_ || !texts_.empty(); });
  if (cancelled() || texts_.empty()) return std::nullopt;
  Arrived next = std::move(texts_.front());
  texts_.pop_front();
  texts_bytes_ -= next.text.text.size();
  utterance_ = Utterance{.id = next.text.utterance,
                         .text_bytes = static_cast<int64_t>(next.text.text.size()),
                         .asked = std::max(next.at, last_end_),
                         .started = Now()};
  return std::move(next.text);
}

void ServedTts::FinishUtterance() {
  if (!utterance_) return;
  last_end_ = Now();
  Done done{.utterance = utterance_->id, .samples = utterance_->samples};
  done.compute_ms =
      std::max(0.0, (Ms(last_end_ - utterance_->started) - utterance_->waited).count());
  done.first_ms = utterance_->first.value_or(Ms(0)).count();
  utterance_.reset();
  link_.Send(id_, done);
}

void ServedTts::FailUtterance(Error error) {
  PARLEY_CHECK(utterance_.has_value());
  const uint64_t id = std::exchange(utterance_, std::nullopt)->id;
  last_end_ = Now();
  link_.Send(id_, ErrorMessage{error.code, std::move(error.message), id});
}

bool ServedTts::Audio(std::span<const float> samples) {
  PARLEY_CHECK(utterance_.has_value());
  if (!utterance_->first && !samples.empty()) utterance_->first = Ms(Now() - utterance_->asked);
  while (!samples.empty()) {
    const TimePoint before = Now();
    const size_t count = TakeCredit(std::min(samples.size(), kAudioSamplesMax));
    if (count == 0 || !link_.SendAudio(id_, samples.first(count))) return false;
    utterance_->waited += Now() - before;
    utterance_->samples += static_cast<int64_t>(count);
    samples = samples.subspan(count);
  }
  return !cancelled();
}

size_t ServedTts::TakeCredit(size_t wanted) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return cancelled() || credit_ > 0; });
  if (cancelled()) return 0;
  const int64_t count = std::min(credit_, static_cast<int64_t>(wanted));
  credit_ -= count;
  return static_cast<size_t>(count);
}

void ServedTts::Mark(size_t text_end, int64_t sample) {
  PARLEY_CHECK(utterance_.has_value());
  Utterance& utterance = *utterance_;
  utterance.text_end =
      std::clamp(static_cast<int64_t>(text_end), utterance.text_end, utterance.text_bytes);
  utterance.mark_sample = std::max(utterance.mark_sample, sample);
  link_.Send(id_, engine::Mark{utterance.id, utterance.text_end, utterance.mark_sample});
}

// --- Speech to text

ServedAsr::ServedAsr(uint32_t id, Link& link, AsrModel& model, int64_t credit, AsrStart start)
    : ServedStream(id, link),
      AsrStream(cancel()),
      model_(model),
      start_(std::move(start)),
      partials_(start_.partials),
      credit_(credit) {}

Status ServedAsr::Take(Message message) {
  if (const auto* partials = std::get_if<Partials>(&message)) {
    partials_ = partials->on;
    return {};
  }
  if (const auto* flush = std::get_if<Flush>(&message)) return TakeFlush(flush->flush_id);
  if (!std::holds_alternative<End>(message)) return Unexpected(message);
  if (heard_since_flush_) PARLEY_TRY_STATUS(TakeFlush(std::nullopt));
  const std::lock_guard lock(mutex_);
  ended_ = true;
  ++asks_waiting_;
  changed_.notify_all();
  return {};
}

Status ServedAsr::TakeFlush(std::optional<uint64_t> flush_id) {
  const std::lock_guard lock(mutex_);
  if (ended_) return Fail(Code::kFailedPrecondition, "a flush after the end of the stream");
  if (asks_.size() >= kFlushesMax) {
    return Fail(Code::kResourceExhausted,
                fmt::format("{} flushes wait to be answered: no more may", asks_.size()));
  }
  asks_.push_back({audio_.size(), flush_id});
  ++asks_waiting_;
  heard_since_flush_ = false;
  changed_.notify_all();
  return {};
}

Status ServedAsr::TakeAudio(std::vector<float> samples) {
  const std::lock_guard lock(mutex_);
  const auto count = static_cast<int64_t>(samples.size());
  if (ended_) return Fail(Code::kFailedPrecondition, "audio after the end of the stream");
  if (count > credit_) {
    return Fail(Code::kResourceExhausted,
                fmt::format("{} samples of audio with credit for {}", count, credit_));
  }
  credit_ -= count;
  audio_.insert(audio_.end(), samples.begin(), samples.end());
  heard_since_flush_ = true;
  changed_.notify_all();
  return {};
}

Status ServedAsr::Serve() {
  PARLEY_TRY_STATUS(model_.Transcribe(start_, *this));
  if (cancelled()) return {};
  if (asked_ || final_missed_) {
    return Fail(Code::kInternal, "the model was asked for a final and gave none");
  }
  link_.Send(id_, Done{});
  return {};
}

std::optional<AsrInput> ServedAsr::Next() {
  if (asked_) final_missed_ = true;
  if (final_missed_) return std::nullopt;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return cancelled() || ended_ || !audio_.empty() || !asks_.empty(); });
  if (cancelled() || (audio_.empty() && asks_.empty())) return std::nullopt;
  AsrInput input;
  const size_t count = asks_.empty() ? audio_.size() : asks_.front().audio_before;
  const auto end = audio_.begin() + static_cast<std::ptrdiff_t>(count);
  input.audio.assign(audio_.begin(), end);
  audio_.erase(audio_.begin(), end);
  for (Ask& ask : asks_) ask.audio_before -= count;
  if (!asks_.empty()) {
    input.wants_final = true;
    asked_ = asks_.front();
    asks_.pop_front();
    --asks_waiting_;
  }
  credit_ += static_cast<int64_t>(count);
  lock.unlock();
  if (count > 0) link_.SendUrgent(id_, Credit{static_cast<int64_t>(count)});
  return input;
}

void ServedAsr::Partial(engine::Partial partial) {
  if (partials()) link_.Send(id_, partial);
}

void ServedAsr::Final(engine::Final result) {
  PARLEY_CHECK(asked_.has_value());
  result.flush_id = asked_->flush_id;
  asked_.reset();
  link_.Send(id_, result);
}

// --- Language models

ServedLlm::ServedLlm(uint32_t id, Link& link, LlmModel& model, LlmStart start)
    : ServedStream(id, link),
      LlmStream(cancel()),
      model_(model),
      start_(std::move(start)),
      asked_(Now()) {}

Status ServedLlm::Take(Message message) {
  // The worker may say that it has nothing to add; it never has.
  if (std::holds_alternative<End>(message)) return {};
  return Unexpected(message);
}

Status ServedLlm::TakeAudio(std::vector<float>) {
  return Fail(Code::kInvalidArgument, "audio on a stream of a language model");
}

Status ServedLlm::Serve() {
  const TimePoint started = Now();
  PARLEY_TRY(const GenerationEnd end, model_.Generate(start_, *this));
  Done done{.reason = end.reason,
            .prompt_tokens = end.prompt_tokens,
            .cached_tokens = end.cached_tokens,
            .tokens = end.tokens};
  done.compute_ms = Ms(Now() - started).count();
  done.first_ms = first_.value_or(Ms(0)).count();
  link_.Send(id_, done);
  return {};
}

void ServedLlm::NoteFirst() {
  if (!first_) first_ = Ms(Now() - asked_);
}

bool ServedLlm::Delta(std::string_view text) {
  NoteFirst();
  return link_.Send(id_, engine::Delta{std::string(text)}) && !cancelled();
}

bool ServedLlm::Tool(engine::Tool call) {
  NoteFirst();
  return link_.Send(id_, call) && !cancelled();
}

}  // namespace parley::engine::internal
