#include "dialogue/fallback_language_model.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/log.h"

namespace parley::dialogue {

// One reply, whichever model writes it. Its streams live as long as the reply: one of them may be
// the caller.
class FallbackLanguageModel::Life : public std::enable_shared_from_this<Life> {
 public:
  Life(FallbackLanguageModel& models, Request request, Sink sink)
      : models_(models),
        request_(std::move(request)),
        order_(models.Order()),
        gate_(std::move(sink)) {}

  // False when there is no other, or nobody waits any more.
  bool StartNext() {
    const std::lock_guard lock(mutex_);
    if (over_ || streams_.size() == order_.size()) return false;
    const size_t attempt = streams_.size();
    Request request = request_;
    if (attempt + 1 < order_.size()) request.ready_timeout_ms = models_.first_ms_;
    ports::LanguageModel& model = *models_.choices_[order_[attempt]].model;
    streams_.push_back(
        model.Start(std::move(request), [weak = weak_from_this(), attempt](Event event) {
          if (const auto self = weak.lock()) self->On(attempt, std::move(event));
        }));
    return true;
  }

  void Cancel() {
    Stream* current = nullptr;
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
      if (!streams_.empty()) current = streams_.back().get();
    }
    if (current) current->Cancel();
  }

  // Not under the lock: a stream's end waits for its sink.
  void Close() {
    gate_.Close();
    std::vector<std::unique_ptr<Stream>> streams;
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
      streams.swap(streams_);
    }
  }

 private:
  // One call at a time: each attempt begins with the end of the one before.
  void On(size_t attempt, Event event) {
    if (const auto* failed = std::get_if<Failed>(&event)) {
      const bool another = !begun_ && StartNext();
      models_.MarkFailed(order_[attempt], failed->error, another);
      if (another) return;
    }
    begun_ = true;
    const bool last = ports::IsLast(event);
    gate_.Deliver(std::move(event), last);
  }

  FallbackLanguageModel& models_;
  const Request request_;
  const std::vector<size_t> order_;
  ports::SinkGate<Event> gate_;
  bool begun_ = false;
  std::mutex mutex_;
  bool over_ = false;                             // guarded by mutex_
  std::vector<std::unique_ptr<Stream>> streams_;  // guarded by mutex_; one an attempt
};

class FallbackLanguageModel::FallbackStream final : public ports::LanguageModel::Stream {
 public:
  explicit FallbackStream(std::shared_ptr<Life> life) : life_(std::move(life)) {}
  ~FallbackStream() override { life_->Close(); }
  void Cancel() override { life_->Cancel(); }

 private:
  const std::shared_ptr<Life> life_;
};

FallbackLanguageModel::FallbackLanguageModel(std::vector<Choice> choices, int first_ms,
                                             const Clock& clock)
    : choices_(std::move(choices)),
      first_ms_(first_ms),
      clock_(clock),
      rests_until_us_(choices_.size(), 0) {
  PARLEY_CHECK(!choices_.empty());
}
FallbackLanguageModel::~FallbackLanguageModel() = default;

// Those that have not failed of late, as preferred, then the others.
std::vector<size_t> FallbackLanguageModel::Order() const {
  std::vector<size_t> order(choices_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const int64_t now_us = clock_.NowUs();
  const std::lock_guard lock(mutex_);
  std::stable_partition(order.begin(), order.end(),
                        [&](size_t choice) { return rests_until_us_[choice] <= now_us; });
  return order;
}

void FallbackLanguageModel::MarkFailed(size_t choice, const Error& why, bool another) {
  log::Warn("language_model_failed name={} code={} another={} why=\"{}\"", choices_[choice].name,
            CodeName(why.code), another, why.message);
  const std::lock_guard lock(mutex_);
  rests_until_us_[choice] = clock_.NowUs() + kRestUs;
}

std::unique_ptr<ports::LanguageModel::Stream> FallbackLanguageModel::Start(Request request,
                                                                           Sink sink) {
  auto life = std::make_shared<Life>(*this, std::move(request), std::move(sink));
  life->StartNext();
  return std::make_unique<FallbackStream>(std::move(life));
}

}  // namespace parley::dialogue
