#include "gateway/apology.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace parley::gateway {
namespace {

constexpr int kRateHz = 24'000;
// A sentence; what is longer is cut.
constexpr int64_t kSamplesMax = 15 * kRateHz;

}  // namespace

struct Apology::State {
  std::mutex mutex;
  std::vector<int16_t> being_made;
  std::vector<int16_t> made;
  bool busy = false;
  std::unique_ptr<ports::Voice::Stream> stream;  // the last one; replaced outside the lock

  void OnEvent(const ports::Voice::Event& event) {
    const std::lock_guard lock(mutex);
    if (const auto* audio = std::get_if<ports::Voice::Audio>(&event)) {
      being_made.insert(being_made.end(), audio->pcm.begin(), audio->pcm.end());
    } else if (const auto* failed = std::get_if<ports::Voice::Failed>(&event)) {
      log::Warn("apology_failed why=\"{}\"", failed->error.message);
      busy = busy && failed->utterance.has_value();
    } else if (std::holds_alternative<ports::Voice::Finished>(event)) {
      made = std::move(being_made);
      busy = false;
    }
  }
};

Apology::Apology(ports::Voice& voice, std::string text)
    : voice_(voice), text_(std::move(text)), state_(std::make_shared<State>()) {}

// The stream ends first: its destructor waits for a sink that runs.
Apology::~Apology() { state_->stream.reset(); }

void Apology::Make() {
  {
    const std::lock_guard lock(state_->mutex);
    if (text_.empty() || state_->busy || !state_->made.empty()) return;
    state_->busy = true;
    state_->being_made.clear();
  }
  ports::Voice::Request request;
  request.sample_rate_hz = kRateHz;
  request.credit_samples = kSamplesMax;
  auto stream = voice_.Start(std::move(request),
                             [state = state_.get()](const auto& event) { state->OnEvent(event); });
  stream->Speak(UtteranceId{1}, text_, "");
  stream->EndOfText();
  state_->stream = std::move(stream);
}

std::vector<int16_t> Apology::pcm() const {
  const std::lock_guard lock(state_->mutex);
  return state_->made;
}

}  // namespace parley::gateway
