// The text normalizers of a worker, one a language, made when first needed.
//
//   text ─ text::Normalizer ─▶ cleaned, addresses and money said ─ grammar ─▶ words
//
// Where there is no grammar for the language, or it gives up on a text, text::Normalizer does all.
//
// A text takes up to some ten milliseconds (grammar/text_grammar.h), in which nobody else's sound
// may be late: so there is a sequence for texts, and voices are served by another.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "metrics/worker_metrics.h"
#include "net/executor.h"
#include "text/normalizer.h"
#include "worker/text_grammars.h"

namespace parley::worker {

// On the sequence for texts, but for executor() and AsItIs.
class Normalizers {
 public:
  // `executor` is the sequence for texts; both outlive this.
  Normalizers(net::Executor& executor, metrics::WorkerMetrics& metrics, TextGrammars grammars)
      : executor_(executor), metrics_(metrics), grammars_(std::move(grammars)) {}

  net::Executor& executor() { return executor_; }

  // The text as a voice of that language should get it. A language without rules of its own gets
  // the text as it stands, which the map says too.
  Result<text::Normalized> Normalize(const std::string& language, const std::string& text);

  static Result<text::Normalized> AsItIs(const std::string& text);

 private:
  struct OfLanguage {
    std::unique_ptr<text::Normalizer> alone;           // null: has none
    std::unique_ptr<text::Normalizer> before_grammar;  // null: there is no grammar
    bool gave_up = false;                              // has been told
  };
  OfLanguage& For(const std::string& language);

  // Bounded, since callers choose the names: more languages than this start over.
  static constexpr size_t kLanguagesMax = 32;
  net::Executor& executor_;
  metrics::WorkerMetrics& metrics_;
  TextGrammars grammars_;
  std::map<std::string, OfLanguage> by_language_;
};

}  // namespace parley::worker
