#include "gateway/components.h"

#include <random>
#include <utility>
#include <vector>

#include "catalog/pack.h"
#include "dialogue/fallback_language_model.h"
#include "dialogue/openai_language_model.h"
#include "dialogue/scripted_language_model.h"
#include "dialogue/tool_language_model.h"

namespace parley::gateway {
namespace {

constexpr const char* kWorkerHere = "unix:/tmp/parley-worker.sock";

Result<std::filesystem::path> ModelFile(const Settings& settings, const std::string& id) {
  PARLEY_TRY(const auto folder, catalog::PackFolder(settings.models.dir, id));
  PARLEY_TRY(const catalog::Pack pack, catalog::ReadPack(folder));
  return pack.FileOf("model");
}

Result<std::unique_ptr<ports::LanguageModel>> MakeEndpoints(const dialogue::LlmConfig& config,
                                                            const Clock& clock) {
  std::vector<dialogue::FallbackLanguageModel::Choice> choices;
  for (const dialogue::LlmConfig& endpoint : config.Endpoints()) {
    PARLEY_TRY(auto model, dialogue::OpenAiLanguageModel::Create(endpoint));
    choices.push_back({endpoint.url, std::move(model)});
  }
  if (choices.size() == 1) return std::move(choices.front().model);
  return std::make_unique<dialogue::FallbackLanguageModel>(std::move(choices),
                                                           config.fallback_after_ms, clock);
}

Result<std::unique_ptr<ports::LanguageModel>> MakeLanguageModel(const dialogue::LlmConfig& config,
                                                                const Clock& clock) {
  switch (config.ResolvedKind()) {
    case dialogue::LlmKind::kOpenAi:
      return MakeEndpoints(config, clock);
    case dialogue::LlmKind::kEcho:
      return dialogue::MakeEcho(config);
    case dialogue::LlmKind::kScript:
      return dialogue::MakeScript(config);
    default:
      return std::unique_ptr<ports::LanguageModel>();
  }
}

}  // namespace

Result<Components> MakeComponents(const Settings& settings, const Clock& clock,
                                  net::Executor& executor) {
  Components made;
  const auto dial = [gateway = settings.gateway](const std::string& address) {
    return router::DialWorker({.address = address,
                               .key = gateway.worker_key,
                               .key_in_clear = gateway.worker_key_in_clear,
                               .tls = gateway.worker_tls});
  };
  std::vector<router::WorkerLink> workers;
  std::string address = settings.gateway.worker;
  if (address.empty() && !settings.redis.enabled()) address = kWorkerHere;
  if (!address.empty()) {
    PARLEY_TRY(auto link, dial(address));
    workers.push_back(std::move(link));
  }
  // Gateways that drew alike would all choose the same of two workers.
  router::RouterConfig routing = settings.router;
  routing.seed = uint64_t{std::random_device{}()} << 32 | std::random_device{}();
  PARLEY_TRY(made.router,
             router::Router::Create(routing, {clock, executor, dial}, std::move(workers)));
  PARLEY_TRY(made.own_model, MakeLanguageModel(settings.llm, clock));
  if (!settings.llm.tools_file.empty()) {
    PARLEY_TRY(auto tools, dialogue::ReadHttpTools(settings.llm.tools_file));
    made.with_tools = std::make_unique<dialogue::ToolLanguageModel>(made.model(), std::move(tools));
  }
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
