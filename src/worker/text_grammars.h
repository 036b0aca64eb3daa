// The grammars that a worker spells out texts with (grammar/text_grammar.h), loaded once at start
// from the model text/wetext.
//
// One sequence.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "grammar/text_grammar.h"
#include "worker/voice_config.h"

namespace parley::worker {

class TextGrammars {
 public:
  static constexpr std::string_view kModelId = "text/wetext";

  // As `config` wants them; none where it wants none. kFailedPrecondition: it needs grammars that
  // were not pulled, with how to fetch them. Those that are there but broken are an error always.
  static Result<TextGrammars> Load(const VoiceConfig& config,
                                   const std::filesystem::path& models_dir);

  // Null: none for this language (BCP 47).
  const grammar::TextGrammar* Find(std::string_view language) const;

 private:
  std::array<std::unique_ptr<grammar::TextGrammar>, grammar::kLanguages.size()> grammars_;
};

}  // namespace parley::worker
