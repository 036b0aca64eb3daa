#include "session/internal/item_hearing.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace parley::session {

using ports::Recognizer;

namespace {

constexpr int kRateHz = 16'000;
constexpr size_t kPieceSamples = kRateHz;

}  // namespace

void ItemHearing::Start(Request request) {
  const uint64_t number = ++numbers_;
  Life& life = lives_[number];
  life.request = std::move(request);
  SetDeadline(number, life);
  Recognizer::Request stream;
  // Apart from the numbers of turns, which begin at 1.
  stream.segment = SegmentId{(uint64_t{1} << 62) + number};
  stream.work = {.lane = ports::Lane::kReply, .id = stream.segment.value};
  stream.model = life.request.model;
  stream.language = life.request.language;
  stream.sample_rate_hz = kRateHz;
  stream.partials = false;
  auto sink = [weak = weak_from_this(), &executor = executor_, number](Recognizer::Event event) {
    executor.Post([weak, number, event = std::move(event)]() mutable {
      if (const auto self = weak.lock()) self->On(number, std::move(event));
    });
  };
  life.stream = recognizer_.Start(std::move(stream), std::move(sink));
}

void ItemHearing::SetDeadline(uint64_t number, Life& life) {
  const auto length_ms = static_cast<int64_t>(life.request.pcm.size()) * 1000 / kRateHz;
  life.timer = executor_.MakeTimer();
  // Posted, since the end of a life destroys its timer.
  life.timer->Start(clock_.NowUs() + (kWaitMaxMs + length_ms) * 1000,
                    [weak = weak_from_this(), &executor = executor_, number] {
                      executor.Post([weak, number] {
                        const auto self = weak.lock();
                        if (!self) return;
                        self->Finish(
                            number, Fail(Code::kDeadlineExceeded, "the recognizer gave no answer"));
                      });
                    });
}

void ItemHearing::On(uint64_t number, Recognizer::Event event) {
  const auto found = lives_.find(number);
  if (found == lives_.end()) return;
  Life& life = found->second;
  if (const auto* credit = std::get_if<Recognizer::Credit>(&event)) {
    Feed(life, credit->samples);
  } else if (auto* final = std::get_if<Recognizer::Final>(&event)) {
    life.words = final->no_speech ? std::string() : std::move(final->text);
  } else if (std::holds_alternative<Recognizer::Finished>(event)) {
    Finish(number, std::move(life.words));
  } else if (const auto* failed = std::get_if<Recognizer::Failed>(&event)) {
    Finish(number, tl::unexpected(failed->error));
  }
}

void ItemHearing::Feed(Life& life, int64_t room) {
  const std::span<const int16_t> pcm(life.request.pcm);
  while (room > 0 && life.sent < pcm.size()) {
    const size_t size =
        std::min({static_cast<size_t>(room), pcm.size() - life.sent, kPieceSamples});
    life.stream->Audio(static_cast<int64_t>(life.sent), pcm.subspan(life.sent, size));
    life.sent += size;
    room -= static_cast<int64_t>(size);
  }
  if (life.sent == pcm.size() && !std::exchange(life.ended, true)) life.stream->End();
}

void ItemHearing::Finish(uint64_t number, Result<std::string> words) {
  const auto found = lives_.find(number);
  if (found == lives_.end()) return;
  const std::string item_id = std::move(found->second.request.item_id);
  lives_.erase(found);
  emit_(item_id, std::move(words));
}

}  // namespace parley::session
