#include "worker/text_grammars.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/log.h"
#include "catalog/pack.h"

namespace parley::worker {
namespace {

using grammar::Language;

// The setting that cannot be kept without grammars; empty: none.
std::string NeededBy(const VoiceConfig& config) {
  if (config.normalize_by == NormalizeBy::kWetext) return "worker.text_normalizer is 'wetext'";
  const auto language = grammar::LanguageOf(config.text_language);
  // Rules of our own know English, and no more of the others than how to count.
  if (!language || *language == Language::kEnglish) return "";
  return fmt::format("worker.text_normalization is on and worker.text_language is '{}'",
                     config.text_language);
}

}  // namespace

Result<TextGrammars> TextGrammars::Load(const VoiceConfig& config,
                                        const std::filesystem::path& models_dir) {
  TextGrammars loaded;
  if (!config.normalize_text || config.normalize_by == NormalizeBy::kRules) return loaded;
  PARLEY_TRY(const auto folder, catalog::PackFolder(models_dir, kModelId));
  auto pack = catalog::ReadPack(folder);
  if (!pack && pack.error().code == Code::kNotFound) {
    const std::string needed_by = NeededBy(config);
    if (needed_by.empty()) return loaded;
    return Fail(Code::kFailedPrecondition,
                fmt::format("{}, but the grammars for that are not here: {}. 'parley models pull "
                            "{}' fetches them; worker.text_normalizer = \"rules\" does without",
                            needed_by, pack.error().message, kModelId));
  }
  if (!pack) return Fail(std::move(pack.error()));
  for (const Language language : grammar::kLanguages) {
    const std::string code(CodeOf(language));
    PARLEY_TRY(const auto tagger, pack->FileOf(code + "_tagger"));
    PARLEY_TRY(const auto verbalizer, pack->FileOf(code + "_verbalizer"));
    PARLEY_TRY(loaded.grammars_[static_cast<size_t>(language)],
               grammar::TextGrammar::Load(language, tagger, verbalizer));
  }
  log::Info("text_grammars_loaded folder={}", folder.string());
  return loaded;
}

const grammar::TextGrammar* TextGrammars::Find(std::string_view language) const {
  const auto known = grammar::LanguageOf(language);
  return known ? grammars_[static_cast<size_t>(*known)].get() : nullptr;
}

}  // namespace parley::worker
