#include "llama/engine.h"

#include <fmt/format.h>
#include <ggml.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "ggml/pack.h"
#include "ggml/runtime.h"

namespace parley::llama {
namespace {

Result<int> IntOption(engine::OptionReader& options, const char* name, int fallback, int min,
                      int max) {
  PARLEY_TRY(const int64_t value, options.Int(name, fallback, min, max));
  return static_cast<int>(value);
}

Result<LlamaModel::Config> ReadOptions(const engine::Load& load) {
  constexpr int kContextTokensMax = 1 << 20;
  engine::OptionReader options(load);
  LlamaModel::Config config;
  PARLEY_TRY(config.streams, IntOption(options, "slots", config.streams, 1, 16));
  PARLEY_TRY(config.contexts, IntOption(options, "contexts", config.contexts, 1, 64));
  PARLEY_TRY(config.context_tokens,
             IntOption(options, "context_tokens", config.context_tokens, 512, kContextTokensMax));
  PARLEY_TRY(config.threads, IntOption(options, "threads", ggml::DefaultThreads(), 1, 64));
  PARLEY_TRY(config.max_tokens,
             IntOption(options, "max_tokens", config.max_tokens, 1, kContextTokensMax));
  PARLEY_TRY(config.temperature, options.Number("temperature", config.temperature, 0, 2));
  PARLEY_TRY(config.top_p, options.Number("top_p", config.top_p, 0, 1));
  PARLEY_TRY(config.top_k, IntOption(options, "top_k", config.top_k, 1, 1000));
  PARLEY_TRY(config.repeat_penalty,
             options.Number("repeat_penalty", config.repeat_penalty, 0.5, 2));
  PARLEY_TRY_STATUS(options.CheckAllUsed());
  return config;
}

// {"name": …, "arguments": {…}}, as models write it; nothing if it is not that.
std::optional<engine::Tool> ToTool(const std::string& text, size_t index) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("name") || !json["name"].is_string()) {
    return std::nullopt;
  }
  const auto arguments = json.find("arguments");
  engine::Tool call;
  call.id = fmt::format("call_{}", index);
  call.name = json["name"].get<std::string>();
  call.arguments = arguments == json.end() ? "{}" : arguments->dump();
  return call;
}

}  // namespace

Result<engine::Loaded> Engine::Load(const engine::Load& load, engine::LoadProgress& progress) {
  if (!load.device.empty() && load.device != "cpu") {
    return Fail(Code::kInvalidArgument,
                fmt::format("this engine runs on the CPU, and device '{}' was asked for; set it to "
                            "'cpu'",
                            load.device));
  }
  PARLEY_TRY(LlamaModel::Config config, ReadOptions(load));
  PARLEY_TRY(config.file, ggml::FindModelFile(load.pack, ".gguf"));
  config.progress = [&progress](double share) {
    progress.Report(share, "reading weights");
    return !progress.cancelled();
  };
  PARLEY_TRY(model_, LlamaModel::Create(config));
  engine::Loaded loaded;
  loaded.slots = config.streams;
  loaded.capabilities = {"prefix_cache", "seed", "stop"};
  if (model_->supports_tools()) loaded.capabilities.emplace_back("tools");
  return loaded;
}

Result<engine::GenerationEnd> Engine::Generate(const engine::LlmStart& start,
                                               engine::LlmStream& stream) {
  LlamaModel::Request request;
  request.messages = start.messages;
  if (start.sampling.tool_choice != "none") request.tools = start.tools;
  request.sampling = start.sampling;
  request.prefix_key = start.prefix_key;
  request.cancelled = [&stream] { return stream.cancelled(); };
  request.on_text = [&stream](std::string_view text) { return stream.Delta(text); };
  if (!request.tools.empty() && !model_->supports_tools()) {
    log::Info("tools_ignored count={} reason=\"the model's chat template has no place for them\"",
              request.tools.size());
  }
  PARLEY_TRY(const LlamaModel::Answer answer, model_->Generate(request));
  engine::GenerationEnd end;
  end.reason = answer.stopped ? engine::DoneReason::kStop : engine::DoneReason::kLength;
  end.prompt_tokens = answer.prompt_tokens;
  end.cached_tokens = answer.cached_tokens;
  end.tokens = answer.tokens;
  if (answer.forgotten_turns > 0) {
    log::Info("turns_forgotten count={} reason=\"the conversation is longer than the context\"",
              answer.forgotten_turns);
  }
  for (size_t i = 0; i < answer.tool_calls.size(); ++i) {
    auto call = ToTool(answer.tool_calls[i], i);
    if (!call) continue;
    if (!stream.Tool(*std::move(call))) break;
    end.reason = engine::DoneReason::kToolCalls;
  }
  return end;
}

engine::EngineInfo Info() {
  engine::EngineInfo info;
  info.name = "llama";
  info.version = "1.0.0";
  info.runtime = {{"llama.cpp", "0.2.0"}, {"ggml", ggml_version()}};
  info.help =
      "A language model in GGUF by llama.cpp, which reads again only what is new in a "
      "conversation.\n"
      "Options of a pack: slots, contexts, context_tokens, threads, max_tokens, temperature, "
      "top_p, "
      "top_k, repeat_penalty.";
  return info;
}

}  // namespace parley::llama
