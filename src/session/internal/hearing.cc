#include "session/internal/hearing.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace parley::session {
namespace {

using ports::Recognizer;

// Sent beyond what the recognizer has said it can take: half of what it keeps for us (a live
// microphone), so that only a burst waits for credit.
constexpr int64_t kAheadSamples = int64_t{Uplink::kRateHz} * Recognizer::kBacklogMaxMs / 2000;

// In portions, so that a flush is not far behind the sound before it.
constexpr int64_t kPortionSamples = Uplink::kRateHz / 10;

// How long, and how many at a time, closed segments wait for words that no longer decide anything.
constexpr int64_t kLateSamplesMax = int64_t{Uplink::kRateHz} * 15;
constexpr size_t kLivesMax = 4;

}  // namespace

void Hearing::Open(SegmentId segment, int64_t from_sample) {
  while (lives_.size() >= kLivesMax) lives_.erase(lives_.begin());
  Life& life = lives_[segment];
  life.from = from_sample;
  StartStream(segment, life);
}

void Hearing::StartStream(SegmentId segment, Life& life) {
  life.generation = ++generations_;
  life.next = life.from;
  life.credit = 0;
  for (Asked& asked : life.asked) asked.sent_us = 0;
  Recognizer::Request request;
  request.segment = segment;
  request.work = {.lane = ports::Lane::kFloor, .id = segment.value};
  request.model = model_;
  request.language = language_;
  request.sample_rate_hz = Uplink::kRateHz;
  request.partials = life.partials;
  auto sink = [weak = weak_from_this(), &executor = deps_.executor, segment,
               generation = life.generation](Recognizer::Event event) {
    executor.Post([weak, segment, generation, event = std::move(event)]() mutable {
      if (const auto self = weak.lock()) self->On(segment, generation, std::move(event));
    });
  };
  life.stream = deps_.recognizer.Start(std::move(request), std::move(sink));
  Feed(life);
}

void Hearing::SetPartials(SegmentId segment, bool on) {
  const auto found = lives_.find(segment);
  if (found == lives_.end() || found->second.partials == on) return;
  found->second.partials = on;
  if (found->second.stream) found->second.stream->SetPartials(on);
}

void Hearing::Flush(SegmentId segment, FlushId flush, int64_t upto_sample) {
  const auto found = lives_.find(segment);
  if (found == lives_.end()) return;
  found->second.asked.push_back({flush, upto_sample});
  Feed(found->second);
}

void Hearing::Close(SegmentId segment, int64_t upto_sample, bool discard) {
  const auto found = lives_.find(segment);
  if (found == lives_.end()) return;
  if (discard) {
    lives_.erase(found);
    return;
  }
  found->second.upto = upto_sample;
  Feed(found->second);
  EndIfDone(segment);
}

void Hearing::Pump(int64_t upto_sample) {
  looked_at_ = upto_sample;
  ForgetUnanswered();
  for (auto& [segment, life] : lives_) Feed(life);
}

void Hearing::Feed(Life& life) {
  if (!life.stream) return;
  const auto first_asked = [&life] {
    return std::find_if(life.asked.begin(), life.asked.end(),
                        [](const Asked& asked) { return asked.sent_us == 0; });
  };
  while (true) {
    auto asked = first_asked();
    if (asked != life.asked.end() && asked->upto <= life.next) {
      asked->sent_us = deps_.clock.NowUs();
      life.stream->Flush(asked->flush, asked->upto);
      continue;
    }
    int64_t upto = looked_at_;
    if (life.upto >= 0) upto = std::min(upto, life.upto);
    upto = std::min({upto, life.from + life.credit + kAheadSamples, life.next + kPortionSamples});
    if (asked != life.asked.end()) upto = std::min(upto, asked->upto);
    if (upto <= life.next) return;
    const std::vector<int16_t> pcm = deps_.uplink.Copy(life.next, upto);
    // What was forgotten meanwhile is a gap, which the recognizer takes for silence.
    life.stream->Audio(upto - static_cast<int64_t>(pcm.size()), pcm);
    life.next = upto;
  }
}

int64_t Hearing::NeededFrom(int64_t otherwise) const {
  int64_t from = otherwise;
  for (const auto& [segment, life] : lives_) from = std::min(from, life.from);
  return from;
}

void Hearing::On(SegmentId segment, uint64_t generation, Recognizer::Event event) {
  const auto found = lives_.find(segment);
  if (found == lives_.end() || found->second.generation != generation) return;
  Life& life = found->second;
  if (const auto* partial = std::get_if<Recognizer::Partial>(&event)) {
    if (life.partials) {
      deps_.emit(turn::PartialTranscript{segment, partial->upto_sample, partial->text,
                                         partial->stable_words});
    }
  } else if (const auto* credit = std::get_if<Recognizer::Credit>(&event)) {
    life.credit += credit->samples;
    Feed(life);
  } else if (auto* final = std::get_if<Recognizer::Final>(&event)) {
    const FlushId flush = final->flush.value_or(FlushId());
    TakeAnswer(life, flush);
    deps_.emit(turn::FinalTranscript{segment, flush, final->from_sample, final->upto_sample,
                                     std::move(final->text), final->no_speech});
    EndIfDone(segment);
  } else if (const auto* failed = std::get_if<Recognizer::Failed>(&event)) {
    OnFailed(segment, life, *failed);
  }
}

void Hearing::TakeAnswer(Life& life, FlushId flush) {
  const auto asked = std::find_if(life.asked.begin(), life.asked.end(),
                                  [flush](const Asked& one) { return one.flush == flush; });
  if (asked == life.asked.end()) return;
  deps_.final_ms.Observe(static_cast<double>(deps_.clock.NowUs() - asked->sent_us) / 1000.0);
  life.asked.erase(asked);
}

// The sound is still here: another worker may hear it from the beginning.
void Hearing::OnFailed(SegmentId segment, Life& life, const Recognizer::Failed& failed) {
  if (failed.retryable && !std::exchange(life.retried, true)) return StartStream(segment, life);
  const std::string message = failed.error.message;
  lives_.erase(segment);
  deps_.emit(turn::TranscriptFailed{segment, message});
}

void Hearing::ForgetUnanswered() {
  std::erase_if(lives_, [this](const auto& life) {
    return life.second.upto >= 0 && looked_at_ - life.second.upto > kLateSamplesMax;
  });
}

void Hearing::EndIfDone(SegmentId segment) {
  const auto found = lives_.find(segment);
  if (found == lives_.end()) return;
  if (found->second.upto >= 0 && found->second.asked.empty()) lives_.erase(found);
}

}  // namespace parley::session
