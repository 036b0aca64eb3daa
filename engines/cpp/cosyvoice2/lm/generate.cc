#include "cosyvoice2/lm/generate.h"

#include <limits>
#include <utility>

namespace parley::cosyvoice2 {
namespace {

class Speaking {
 public:
  Speaking(const Lm& lm, nn::Executor& executor, const SpeechRules& rules, Uniforms& uniforms,
           const SpeechTaker& taker, LmBatcher* batcher)
      : lm_(lm),
        executor_(executor),
        rules_(rules),
        uniforms_(uniforms),
        taker_(taker),
        batcher_(batcher) {}

  Status Reserve(int64_t symbols) { return lm_.Reserve(state_, symbols); }

  // Reads `feed` and finds the token after it.
  Result<int> Step(std::span<const Symbol> feed, const Bistream::Choice& choice,
                   std::span<const int> history) {
    PARLEY_TRY(std::vector<float> logits, Read(feed));
    SpeechStep step = {.feed = feed, .logits = logits};
    if (choice.forced) {
      if (taker_.on_step) taker_.on_step(step);
      return *choice.forced;
    }
    std::vector<float> masked = logits;
    for (int token : choice.masked) masked[token] = -std::numeric_limits<float>::infinity();
    const double u1 = uniforms_.Next();
    const double u2 = uniforms_.Next();
    step.draw = SampleRas(masked, history, u1, u2, rules_.ras);
    if (taker_.on_step) taker_.on_step(step);
    return step.draw->token;
  }

  Result<std::vector<float>> Read(std::span<const Symbol> feed) {
    if (batcher_ == nullptr || feed.size() > 1) return lm_.Forward(executor_, state_, feed);
    if (!seat_) seat_.emplace(*batcher_);
    return seat_->Step(state_, feed[0], executor_.cancelled());
  }

  bool Give(int token) const { return !taker_.on_token || taker_.on_token(token); }

 private:
  const Lm& lm_;
  nn::Executor& executor_;
  const SpeechRules& rules_;
  Uniforms& uniforms_;
  const SpeechTaker& taker_;
  LmBatcher* const batcher_;
  std::optional<LmBatcher::Seat> seat_;  // from the first single symbol on
  LmState state_;
};

void AddAll(std::span<const int> tokens, Symbol::Kind kind, std::vector<Symbol>& to) {
  for (int token : tokens) to.push_back({kind, token});
}

}  // namespace

Result<SpeechEnd> GenerateSpeech(const Lm& lm, nn::Executor& executor, const SpeechText& text,
                                 const SpeechRules& rules, Uniforms& uniforms,
                                 const SpeechTaker& taker, LmBatcher* batcher) {
  const auto length = static_cast<double>(text.text.size());
  const auto least = static_cast<int64_t>(length * rules.min_ratio);
  const auto most = static_cast<int64_t>(length * rules.max_ratio);
  std::vector<Symbol> feed = {{Symbol::Kind::kSos, 0}};
  AddAll(text.prompt_text, Symbol::Kind::kText, feed);
  AddAll(text.text, Symbol::Kind::kText, feed);
  feed.push_back({Symbol::Kind::kTaskId, 0});
  AddAll(text.prompt_speech, Symbol::Kind::kSpeech, feed);
  Speaking speaking(lm, executor, rules, uniforms, taker, batcher);
  PARLEY_TRY_STATUS(
      speaking.Reserve(static_cast<int64_t>(feed.size()) + std::min<int64_t>(most, 1024)));
  std::vector<int> history;
  for (int64_t i = 0; i < most; ++i) {
    Bistream::Choice choice;
    if (i < least) choice.masked.push_back(lm.eos());
    if (!rules.faithful) {
      choice.masked.push_back(lm.unused_stop());
      choice.masked.push_back(lm.fill());
    }
    PARLEY_TRY(const int token, speaking.Step(feed, choice, history));
    if (token == lm.eos()) return SpeechEnd::kEos;
    if (token > lm.eos()) return SpeechEnd::kStop;
    history.push_back(token);
    if (!speaking.Give(token)) return SpeechEnd::kStopped;
    feed = {{Symbol::Kind::kSpeech, token}};
  }
  return SpeechEnd::kLength;
}

Result<SpeechEnd> GenerateSpeechFromStream(const Lm& lm, nn::Executor& executor,
                                           const SpeechText& text, const TextSource& more,
                                           const SpeechRules& rules, Uniforms& uniforms,
                                           const SpeechTaker& taker, LmBatcher* batcher) {
  Bistream plan({.speech_tokens = lm.speech_tokens(), .faithful = rules.faithful}, text.prompt_text,
                text.prompt_speech);
  double text_length = static_cast<double>(text.text.size());
  if (!text.text.empty()) plan.AddText(text.text);
  Speaking speaking(lm, executor, rules, uniforms, taker, batcher);
  bool ended = false;
  while (!plan.done()) {
    const auto feed = plan.NextFeed();
    if (!feed) {
      if (ended) break;
      const auto arrived = more();
      ended = !arrived;
      if (arrived) {
        text_length += static_cast<double>(arrived->size());
        plan.AddText(*arrived);
      } else {
        plan.EndText();
      }
      continue;
    }
    PARLEY_TRY(const int token, speaking.Step(*feed, plan.NextChoice(), plan.history()));
    if (plan.Take(token) && !speaking.Give(token)) return SpeechEnd::kStopped;
    // The official code knows no bound here; ours is that of a whole text.
    const auto said = static_cast<double>(plan.history().size());
    if (!rules.faithful && ended && said >= text_length * rules.max_ratio)
      return SpeechEnd::kLength;
  }
  return SpeechEnd::kEos;
}

}  // namespace parley::cosyvoice2
