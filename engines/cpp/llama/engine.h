// The embedded language model: what parley-engine-llama does with the streams that its worker
// sends.
#pragma once

#include <memory>

#include "engine/sdk.h"
#include "llama/llama_model.h"

namespace parley::llama {

// Options of a pack: `slots` (2) answers at once; `contexts` (3) conversations remembered;
// `context_tokens` (2048); `threads` (2, or 1 on one core); and the defaults of sampling:
// `max_tokens` (160), `temperature` (0), `top_p` (0.95), `top_k` (40), `repeat_penalty` (1.1).
class Engine final : public engine::LlmModel {
 public:
  Result<engine::Loaded> Load(const engine::Load& load, engine::LoadProgress& progress) override;
  Result<engine::GenerationEnd> Generate(const engine::LlmStart& start,
                                         engine::LlmStream& stream) override;

 private:
  std::unique_ptr<LlamaModel> model_;
};

engine::EngineInfo Info();

}  // namespace parley::llama
