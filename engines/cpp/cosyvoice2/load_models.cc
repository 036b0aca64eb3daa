#include "cosyvoice2/load_models.h"

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <string>

#include "cosyvoice2/nn/weight_store.h"
#include "cosyvoice2/weights/checkpoint.h"
#include "cosyvoice2/weights/weight_cache.h"

namespace parley::cosyvoice2 {
namespace {

// What is kept of `checkpoint`; nothing for float32, which is as quickly read from the checkpoint.
std::optional<WeightCache> FindKept(const std::filesystem::path& checkpoint, ggml_type type,
                                    const EngineOptions& options) {
  if (options.weight_cache.empty() || type == GGML_TYPE_F32) return std::nullopt;
  return WeightCache(options.weight_cache, checkpoint, ggml_type_name(type),
                     nn::WeightStore::kConversionVersion);
}

const WeightCache* Pointer(const std::optional<WeightCache>& kept) {
  return kept ? &*kept : nullptr;
}

Checkpoint::Options CheckUnlessKept(const std::optional<WeightCache>& kept) {
  return {.check_finite = !kept || kept->file() == nullptr};
}

struct ConvertArguments {
  std::filesystem::path model;
  engine::Load load;
};

std::optional<ConvertArguments> Read(std::span<const std::string_view> arguments) {
  ConvertArguments read;
  if (arguments.size() % 2 != 0) return std::nullopt;
  for (size_t i = 0; i < arguments.size(); i += 2) {
    const std::string value(arguments[i + 1]);
    if (arguments[i] == "--model") {
      read.model = value;
    } else if (arguments[i] == "--lm-weights") {
      read.load.options["lm_weights"] = value;
    } else if (arguments[i] == "--flow-weights") {
      read.load.options["flow_weights"] = value;
    } else if (arguments[i] == "--weight-cache") {
      read.load.options["weight_cache"] = value;
    } else {
      return std::nullopt;
    }
  }
  if (read.model.empty()) return std::nullopt;
  read.load.pack = read.model.string();
  return read;
}

Status Convert(const ConvertArguments& arguments) {
  PARLEY_TRY(const EngineOptions options, ReadEngineOptions(arguments.load));
  PARLEY_TRY(const ModelConfig config, LoadModelConfig(arguments.model));
  PARLEY_TRY(const auto lm, LoadLm(arguments.model, config, options));
  PARLEY_TRY(const auto flow, LoadFlow(arguments.model, config, options));
  for (const auto& [file, type] :
       {std::pair{"llm.pt", options.lm_weights}, std::pair{"flow.pt", options.flow_weights}}) {
    const auto kept = FindKept(arguments.model / file, type, options);
    if (kept && kept->file() == nullptr) {
      return Fail(Code::kInternal,
                  fmt::format("'{}' could not be kept; see the log", kept->path().string()));
    }
    if (kept) fmt::print("{}\n", kept->path().string());
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Lm>> LoadLm(const std::filesystem::path& folder, const ModelConfig& config,
                                   const EngineOptions& options) {
  const std::filesystem::path path = folder / "llm.pt";
  const auto kept = FindKept(path, options.lm_weights, options);
  PARLEY_TRY(const auto weights, Checkpoint::Open(path, CheckUnlessKept(kept)));
  return Lm::Create(*weights, {.heads = config.llm.heads,
                               .rope_theta = static_cast<float>(config.llm.rope_theta),
                               .rms_eps = static_cast<float>(config.llm.rms_eps),
                               .matrix_type = options.lm_weights,
                               .cache_type = options.lm_cache,
                               .kept = Pointer(kept)});
}

Result<std::unique_ptr<Flow>> LoadFlow(const std::filesystem::path& folder,
                                       const ModelConfig& config, const EngineOptions& options) {
  const std::filesystem::path path = folder / "flow.pt";
  const auto kept = FindKept(path, options.flow_weights, options);
  PARLEY_TRY(const auto weights, Checkpoint::Open(path, CheckUnlessKept(kept)));
  return Flow::Create(*weights, {.head_dim = config.flow.estimator_head_dim,
                                 .guidance = static_cast<float>(config.flow.guidance),
                                 .matrix_type = options.flow_weights,
                                 .cache_type = options.flow_cache,
                                 .window_frames = options.window_frames,
                                 .kept = Pointer(kept)});
}

int RunConvertCommand(std::span<const std::string_view> arguments) {
  const std::optional<ConvertArguments> read = Read(arguments);
  if (!read) {
    fmt::print(stderr,
               "usage: parley-engine-cosyvoice2 convert --model DIR [--lm-weights TYPE]\n"
               "         [--flow-weights TYPE] [--weight-cache DIR]\n");
    return 2;
  }
  if (const Status status = Convert(*read); !status) {
    fmt::print(stderr, "parley-engine-cosyvoice2: {}\n", status.error().message);
    return 1;
  }
  return 0;
}

}  // namespace parley::cosyvoice2
