// What a pack's [options] and the environment say of how the CosyVoice 2 engine runs.
#pragma once

#include <ggml.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "cosyvoice2/stream/hop_plan.h"
#include "cosyvoice2/stream/speech.h"
#include "cosyvoice2/text/text_frontend.h"
#include "engine/sdk.h"

namespace parley::cosyvoice2 {

struct EngineOptions {
  int slots = 2;  // streams at once
  SpeechThreads threads;
  ggml_type lm_weights = GGML_TYPE_Q8_0;
  ggml_type flow_weights = GGML_TYPE_F32;
  ggml_type lm_cache = GGML_TYPE_F16;
  ggml_type flow_cache = GGML_TYPE_F16;
  // Mel frames that new ones look back at; 0: all. Bounds a stream's memory, and is a deviation
  // from the model.
  int64_t window_frames = 0;
  size_t prompt_cache_bytes = size_t{1} << 30;  // of all voices' prompts
  HopRules hops;
  bool faithful = false;  // everything as the official code does it, its slips among it
  // Several streams' steps of the language model in one even where that may change the last bits.
  bool allow_batching = false;
  bool style_control = true;          // whether styles and instructions of callers are followed
  std::string default_style;          // of those who ask for none; empty: the voice's own manner
  std::filesystem::path profile_dir;  // where spans go; empty: nowhere
  TextMode text = TextMode::kNormalize;
  // Where converted weights are kept; empty: nowhere.
  std::filesystem::path weight_cache;
};

// In the model's folder, unless an option says another place.
inline constexpr char kWeightCacheFolder[] = ".converted";

// kInvalidArgument names the option, its value and what may be.
Result<EngineOptions> ReadEngineOptions(const engine::Load& load);

// One line an option, for --help.
extern const char* const kEngineOptionsHelp;

}  // namespace parley::cosyvoice2
