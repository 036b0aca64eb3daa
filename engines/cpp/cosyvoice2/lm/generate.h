// Speech tokens from text, one after the other: the whole text at once, or text as it arrives.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "cosyvoice2/lm/bistream.h"
#include "cosyvoice2/lm/lm.h"
#include "cosyvoice2/lm/lm_batcher.h"
#include "cosyvoice2/lm/ras.h"

namespace parley::cosyvoice2 {

// Where the numbers of the draws come from, in [0, 1). One thread.
class Uniforms {
 public:
  virtual ~Uniforms() = default;
  virtual double Next() = 0;
};

class SeededUniforms final : public Uniforms {
 public:
  explicit SeededUniforms(uint64_t seed) : random_(seed) {}
  double Next() override { return random_.NextUniform(); }

 private:
  SplitMix64 random_;
};

enum class SpeechEnd {
  kEos,
  kLength,   // as many tokens as were allowed
  kStop,     // another token that ends speech
  kStopped,  // the taker of the tokens wanted no more
};

// What happens at each step, for those that want to see.
struct SpeechStep {
  std::span<const Symbol> feed;
  std::span<const float> logits;  // as the head gave them
  std::optional<RasDraw> draw;    // none where the token was forced
};

struct SpeechTaker {
  std::function<bool(int token)> on_token;  // false: no more
  std::function<void(const SpeechStep&)> on_step;
};

struct SpeechRules {
  RasRules ras;
  // Tokens for each token of the text: none ends before the least, and all end at the most.
  double min_ratio = 2;
  double max_ratio = 20;
  // The official code masks the end of speech alone before min_ratio, and lets the two other
  // tokens that are no speech end it at any time.
  bool faithful = false;
};

struct SpeechText {
  std::vector<int> prompt_text;
  std::vector<int> text;
  std::vector<int> prompt_speech;
};

// Errors, kCancelled among them, are those of Lm::Forward. Where `batcher` is given, single symbols
// are read by it, beside those of others.
Result<SpeechEnd> GenerateSpeech(const Lm& lm, nn::Executor& executor, const SpeechText& text,
                                 const SpeechRules& rules, Uniforms& uniforms,
                                 const SpeechTaker& taker, LmBatcher* batcher = nullptr);

// The next tokens of the text, waited for; nothing at its end.
using TextSource = std::function<std::optional<std::vector<int>>()>;
// `text.text` comes before what `more` gives.
Result<SpeechEnd> GenerateSpeechFromStream(const Lm& lm, nn::Executor& executor,
                                           const SpeechText& text, const TextSource& more,
                                           const SpeechRules& rules, Uniforms& uniforms,
                                           const SpeechTaker& taker, LmBatcher* batcher = nullptr);

}  // namespace parley::cosyvoice2
