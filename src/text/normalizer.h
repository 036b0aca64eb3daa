// Text made speakable: what a person would say for "$12.50", "3:05 pm", "2026-03-03", "5 km/h",
// "21st" or "jane@example.com". Done once, in the worker, before the voice.
//
// English has all rules; for other languages numbers, percentages and amounts of money are spelled
// (ICU's rule-based number format) and the rest stays. In all of them: bad bytes and control
// characters go (text/utf8.h), emoji and markup marks are dropped, links shrink to their host,
// spaces become one. What is not matched by a rule stays byte for byte.
//
// Not thread-safe: one Normalizer a thread. About 0.1 ms a sentence.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/span_map.h"

namespace parley::text {

struct Normalized {
  std::string text;  // valid UTF-8; empty: nothing to say
  SpanMap spans;     // text → the text as received
};

class Normalizer {
 public:
  static constexpr size_t kTextBytesMax = 64 << 10;

  enum class Rules {
    kAll,
    // Only what a grammar (grammar/text_grammar.h) that comes after does not say well: of English
    // addresses, money, dates and units, of other languages nothing. The cleaning is the same.
    kBesideGrammar,
  };

  // `language`: BCP 47, e.g. "en", "de-AT". One that ICU has no number words for is
  // kUnimplemented.
  static Result<std::unique_ptr<Normalizer>> Create(std::string_view language,
                                                    Rules rules = Rules::kAll);
  ~Normalizer();

  // Any bytes. Over kTextBytesMax: kOutOfRange.
  Result<Normalized> Normalize(std::string_view text);

 private:
  struct Impl;
  explicit Normalizer(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace parley::text
