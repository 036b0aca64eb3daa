#include "cli/talk/talk_script.h"

#include <algorithm>
#include <cstdlib>

namespace parley::cli {
namespace {

// −46 dBFS: above what a resampler or codec leaves of silence, below any spoken sound.
constexpr int kAudible = 164;

bool Audible(int16_t sample) { return std::abs(sample) >= kAudible; }

int64_t SpeechBegin(const SpokenInput& input) {
  return std::find_if(input.pcm.begin(), input.pcm.end(), Audible) - input.pcm.begin();
}

int64_t SpeechEnd(const SpokenInput& input) {
  if (input.speech_end_sample >= 0) return input.speech_end_sample;
  return input.pcm.rend() - std::find_if(input.pcm.rbegin(), input.pcm.rend(), Audible);
}

}  // namespace

TalkScript::TalkScript(Config config, std::vector<SpokenInput> inputs,
                       const Conversation& conversation, const Loudspeaker& loudspeaker)
    : config_(config),
      inputs_(std::move(inputs)),
      conversation_(conversation),
      loudspeaker_(loudspeaker) {
  if (!inputs_.empty()) Begin(0);
}

void TalkScript::Begin(size_t index) {
  current_ = index;
  fed_samples_ = 0;
  if (done()) return;
  progress_.push_back(
      {.began_sample = now_sample_ - kTickSamples, .first_turn = conversation_.turns().size()});
}

void TalkScript::Listen(std::span<const int16_t, kTickSamples> played) {
  Progress& progress = progress_[current_];
  if (conversation_.turns().size() == progress.first_turn) {
    // What still sounds is an earlier answer.
    const auto last = std::find_if(played.rbegin(), played.rend(), Audible);
    if (current_ > 0 && last != played.rend()) {
      progress_[current_ - 1].silenced_sample = now_sample_ + (played.rend() - last);
    }
    return;
  }
  if (progress.audible_sample) return;
  const auto first = std::find_if(played.begin(), played.end(), Audible);
  if (first != played.end()) progress.audible_sample = now_sample_ + (first - played.begin());
}

bool TalkScript::Interrupts() const {
  return current_ == 0 && inputs_.size() > 1 && config_.interrupt_after_ms.has_value();
}

bool TalkScript::IsOver(size_t index) const {
  const Progress& progress = progress_[index];
  const int64_t since_end_ms =
      (now_sample_ - progress.began_sample - static_cast<int64_t>(inputs_[index].pcm.size())) *
      1000 / kTalkRateHz;
  if (since_end_ms < 0) return false;
  if (Interrupts() && progress.audible_sample) {
    return (now_sample_ - *progress.audible_sample) * 1000 / kTalkRateHz >=
           *config_.interrupt_after_ms;
  }
  const auto& turns = conversation_.turns();
  const bool answered = turns.size() > progress.first_turn && turns.back().status != "in_progress";
  if (answered && !turns.back().reply.empty()) {
    // The server's account comes once it knows that all was played.
    const int settle_ms = turns.back().record.empty() ? config_.account_ms : config_.settle_ms;
    return progress.quiet_ticks * kTickMs >= settle_ms;
  }
  return since_end_ms >= config_.patience_ms;
}

void TalkScript::Tick(std::span<int16_t, kTickSamples> microphone,
                      std::span<const int16_t, kTickSamples> played) {
  std::fill(microphone.begin(), microphone.end(), int16_t{0});
  if (done()) return;
  Listen(played);
  Progress& progress = progress_[current_];
  progress.quiet_ticks = loudspeaker_.empty() ? progress.quiet_ticks + 1 : 0;
  if (IsOver(current_)) Begin(current_ + 1);
  if (!done()) {
    const std::span<const int16_t> left = std::span(inputs_[current_].pcm).subspan(fed_samples_);
    const auto part = left.first(std::min<size_t>(left.size(), kTickSamples));
    std::copy(part.begin(), part.end(), microphone.begin());
    fed_samples_ += part.size();
  }
  now_sample_ += kTickSamples;
}

std::vector<SpokenOutcome> TalkScript::outcomes() const {
  std::vector<SpokenOutcome> outcomes;
  const auto& turns = conversation_.turns();
  for (size_t i = 0; i < progress_.size(); ++i) {
    const Progress& progress = progress_[i];
    const size_t end = i + 1 < progress_.size() ? progress_[i + 1].first_turn : turns.size();
    SpokenOutcome outcome{.label = inputs_[i].label, .turn = {.status = "no_reply"}};
    std::string words;
    for (size_t t = progress.first_turn; t < end; ++t) {
      if (!words.empty() && !turns[t].transcript.empty()) words += ' ';
      words += turns[t].transcript;
      // A reply that was withdrawn before it was heard does not hide the one that came instead.
      if (outcome.turn.reply.empty() || !turns[t].reply.empty()) outcome.turn = turns[t];
    }
    if (progress.first_turn == end && i + 1 == progress_.size()) words = conversation_.unanswered();
    outcome.turn.transcript = std::move(words);
    if (progress.audible_sample) {
      const int64_t spoken = progress.began_sample + SpeechEnd(inputs_[i]);
      outcome.gap_ms = static_cast<double>(*progress.audible_sample - spoken) * 1000 / kTalkRateHz;
    }
    if (progress.silenced_sample) {
      const int64_t onset = progress_[i + 1].began_sample + SpeechBegin(inputs_[i + 1]);
      outcome.silenced_ms =
          static_cast<double>(*progress.silenced_sample - onset) * 1000 / kTalkRateHz;
    }
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

}  // namespace parley::cli
