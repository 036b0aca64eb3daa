// Reads the language model and the flow of a model folder as the engine's options ask, their
// converted weights from the cache where they are kept there; and the command that fills the cache.
// Thread-safe.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "cosyvoice2/config/model_config.h"
#include "cosyvoice2/engine_options.h"
#include "cosyvoice2/flow/flow.h"
#include "cosyvoice2/lm/lm.h"

namespace parley::cosyvoice2 {

// Errors: as of Checkpoint, and kDataLoss for weights that are no finite numbers, once: kept
// weights have passed.
Result<std::unique_ptr<Lm>> LoadLm(const std::filesystem::path& folder, const ModelConfig& config,
                                   const EngineOptions& options);
Result<std::unique_ptr<Flow>> LoadFlow(const std::filesystem::path& folder,
                                       const ModelConfig& config, const EngineOptions& options);

// `parley-engine-cosyvoice2 convert --model DIR [--lm-weights TYPE] [--flow-weights TYPE]
// [--weight-cache DIR]`: fills the cache, for engines that may not write.
int RunConvertCommand(std::span<const std::string_view> arguments);

}  // namespace parley::cosyvoice2
