#include "gateway/components.h"

#include <utility>

#include "catalog/pack.h"
#include "dialogue/openai_language_model.h"
#include "dialogue/scripted_language_model.h"

namespace parley::gateway {
namespace {

Result<std::filesystem::path> ModelFile(const Settings& settings, const std::string& id) {
  PARLEY_TRY(const auto folder, catalog::PackFolder(settings.models.dir, id));
  PARLEY_TRY(const catalog::Pack pack, catalog::ReadPack(folder));
  return pack.FileOf("model");
}

Result<std::unique_ptr<ports::LanguageModel>> MakeLanguageModel(const dialogue::LlmConfig& config) {
  switch (config.ResolvedKind()) {
    case dialogue::LlmKind::kOpenAi: {
      PARLEY_TRY(auto model, dialogue::OpenAiLanguageModel::Create(config));
      return std::unique_ptr<ports::LanguageModel>(std::move(model));
    }
    case dialogue::LlmKind::kEcho:
      return dialogue::MakeEcho(config);
    case dialogue::LlmKind::kScript:
      return dialogue::MakeScript(config);
    default:
      return std::unique_ptr<ports::LanguageModel>();
  }
}

}  // namespace

Result<Components> MakeComponents(const Settings& settings, const Clock& clock) {
  Components made;
  rpc::SpeechClient::Config worker;
  worker.address = settings.gateway.worker;
  worker.key = settings.gateway.worker_key;
  PARLEY_TRY(made.worker, rpc::SpeechClient::Create(worker));
  PARLEY_TRY(made.own_model, MakeLanguageModel(settings.llm));
  PARLEY_TRY(const auto vad, ModelFile(settings, settings.vad_model));
  PARLEY_TRY(made.voice_activity, perception::LoadSilero(vad));
  if (!settings.end_of_turn_model.empty()) {
    PARLEY_TRY(const auto turn, ModelFile(settings, settings.end_of_turn_model));
    PARLEY_TRY(auto model, perception::LoadSmartTurn(turn));
    made.end_of_turn = std::make_unique<perception::EndOfTurnScorer>(
        std::move(model), clock, perception::EndOfTurnScorer::Config{});
  }
  return made;
}

}  // namespace parley::gateway
