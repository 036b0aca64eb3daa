// Numbers as words in a language, by ICU's rule-based number format. One sequence.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace parley::text::internal {

class NumberWords {
 public:
  static Result<std::unique_ptr<NumberWords>> Create(std::string_view language);
  ~NumberWords();

  // "12" → "twelve", "3.14" → "three point one four", "007" and what has more than 15 figures →
  // figure by figure. `number` is figures with at most one '.', as any language's grouping leaves
  // them.
  std::string Cardinal(std::string_view number);
  // 1 before a masculine noun: "ein", "un".
  std::string One();
  // 21 → "twenty-first"; the cardinal where the language has no plain ordinal.
  std::string Ordinal(int64_t number);
  // 1984 → "nineteen eighty-four"; the cardinal where years are read as numbers.
  std::string Year(int64_t year);
  // "2-0-5" → "two zero five": each figure alone, anything else left out.
  std::string Figures(std::string_view figures);

 private:
  struct Impl;
  explicit NumberWords(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace parley::text::internal
