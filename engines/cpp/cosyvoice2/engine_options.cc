#include "cosyvoice2/engine_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cosyvoice2/flow/encoder.h"
#include "ggml/runtime.h"

namespace parley::cosyvoice2 {
namespace {

template <class T>
struct Named {
  const char* name;
  T value;
};

template <class T>
Result<T> Choice(engine::OptionReader& options, const char* option, const char* fallback,
                 const std::vector<Named<T>>& choices) {
  PARLEY_TRY(const std::string chosen, options.String(option, fallback));
  std::string known;
  for (const Named<T>& choice : choices) {
    if (chosen == choice.name) return choice.value;
    known.append(known.empty() ? "" : ", ").append(choice.name);
  }
  return Fail(Code::kInvalidArgument,
              fmt::format("option {} is '{}', and may be one of: {}", option, chosen, known));
}

const std::vector<Named<ggml_type>> kWeights = {{"f32", GGML_TYPE_F32},
                                                {"f16", GGML_TYPE_F16},
                                                {"q8_0", GGML_TYPE_Q8_0},
                                                {"q4_0", GGML_TYPE_Q4_0}};
const std::vector<Named<ggml_type>> kLmCaches = {{"f32", GGML_TYPE_F32}, {"f16", GGML_TYPE_F16}};
const std::vector<Named<ggml_type>> kFlowCaches = {
    {"f32", GGML_TYPE_F32}, {"f16", GGML_TYPE_F16}, {"q8_0", GGML_TYPE_Q8_0}};

Result<int> Number(engine::OptionReader& options, const char* name, int fallback, int min,
                   int max) {
  PARLEY_TRY(const int64_t value, options.Int(name, fallback, min, max));
  return static_cast<int>(value);
}

Status ReadThreads(engine::OptionReader& options, SpeechThreads& threads) {
  constexpr int kThreadsMax = 64;
  const int cores = ggml::DefaultThreads();
  PARLEY_TRY(const int all, Number(options, "threads", cores, 1, kThreadsMax));
  PARLEY_TRY(threads.flow, Number(options, "flow_threads", all, 1, kThreadsMax));
  PARLEY_TRY(threads.lm, Number(options, "lm_threads", all, 1, kThreadsMax));
  PARLEY_TRY(threads.vocoder, Number(options, "vocoder_threads", all, 1, kThreadsMax));
  return {};
}

Status ReadTypes(engine::OptionReader& options, EngineOptions& read) {
  PARLEY_TRY(const bool fp16, options.Bool("fp16", false));
  PARLEY_TRY(read.lm_weights, Choice(options, "lm_weights", fp16 ? "f16" : "q8_0", kWeights));
  PARLEY_TRY(read.flow_weights, Choice(options, "flow_weights", fp16 ? "f16" : "f32", kWeights));
  PARLEY_TRY(read.lm_cache, Choice(options, "lm_cache", "f16", kLmCaches));
  PARLEY_TRY(read.flow_cache, Choice(options, "flow_cache", "f16", kFlowCaches));
  return {};
}

Status ReadHops(engine::OptionReader& options, EngineOptions& read) {
  constexpr int64_t kHopMaxMax = 100;
  PARLEY_TRY(read.faithful, options.Bool("faithful", false));
  read.hops.faithful = read.faithful;
  PARLEY_TRY(read.hops.first_min,
             options.Int("first_hop_tokens", read.hops.first_min, 1, kChunkTokens));
  PARLEY_TRY(read.hops.hop_max,
             options.Int("hop_tokens", read.hops.hop_max, kChunkTokens, kHopMaxMax));
  if (read.hops.hop_max % kChunkTokens != 0) {
    return Fail(
        Code::kInvalidArgument,
        fmt::format("option hop_tokens is {}, and must be a multiple of {}, the tokens of a "
                    "chunk of the model",
                    read.hops.hop_max, kChunkTokens));
  }
  return {};
}

}  // namespace

Result<EngineOptions> ReadEngineOptions(const engine::Load& load) {
  constexpr int kFramesASecond = 50;
  // An utterance is seldom longer, its prompt included; one that is would take memory without end.
  constexpr int64_t kWindowS = 20;
  engine::OptionReader options(load);
  EngineOptions read;
  PARLEY_TRY(read.slots, Number(options, "slots", read.slots, 1, 64));
  PARLEY_TRY_STATUS(ReadThreads(options, read.threads));
  PARLEY_TRY_STATUS(ReadTypes(options, read));
  PARLEY_TRY_STATUS(ReadHops(options, read));
  PARLEY_TRY(const int64_t window_s, options.Int("window_s", read.faithful ? 0 : kWindowS, 0, 300));
  read.window_frames = window_s * kFramesASecond;
  PARLEY_TRY(const int64_t cache_mb, options.Int("prompt_cache_mb", 1024, 0, 1 << 20));
  read.prompt_cache_bytes = static_cast<size_t>(cache_mb) << 20;
  PARLEY_TRY(read.allow_batching, options.Bool("allow_batching", false));
  PARLEY_TRY(read.style_control, options.Bool("style_control", true));
  PARLEY_TRY(read.default_style, options.String("default_style", ""));
  PARLEY_TRY(read.profile_dir, options.String("profile_dir", ""));
  PARLEY_TRY(const bool normalize, options.Bool("normalize_text", true));
  read.text = normalize ? TextMode::kNormalize : TextMode::kOff;
  PARLEY_TRY(const std::string kept, options.String("weight_cache", "pack"));
  if (kept == "pack") {
    read.weight_cache = std::filesystem::path(load.pack) / kWeightCacheFolder;
  } else if (kept != "off") {
    read.weight_cache = kept;
  }
  PARLEY_TRY_STATUS(options.CheckAllUsed());
  return read;
}

const char* const kEngineOptionsHelp =
    "Options of a pack:\n"
    "  slots             streams at once (2)\n"
    "  threads           cores that all streams share (2, or 1 on one core);\n"
    "                    flow_threads, lm_threads and vocoder_threads set one alone\n"
    "  lm_weights        f32, f16, q8_0 (default) or q4_0\n"
    "  flow_weights      f32 (default), f16, q8_0 or q4_0; the vocoder's stay f32\n"
    "  lm_cache          f16 (default) or f32: keys and values of the language model\n"
    "  flow_cache        f16 (default), f32 or q8_0: those of the flow, 115 MB a second in f16\n"
    "  fp16              true: f16 for both where they are not named (false)\n"
    "  window_s          seconds that the flow looks back (20; 0 with faithful); 0: all, as the\n"
    "                    model was made, whatever memory that takes\n"
    "  prompt_cache_mb   what the flow may remember of voices' prompts (1024)\n"
    "  first_hop_tokens  of 40 ms each, at least, in the first sound (8)\n"
    "  hop_tokens        at most, in any later (50); a multiple of 25\n"
    "  faithful          true: schedule, last chunk and seams as the official code makes them\n"
    "  weight_cache      where converted weights are kept: pack (default), off, or a folder; the\n"
    "                    command convert makes them where the engine may not write\n"
    "  allow_batching    true: several streams' steps of the language model in one also with f16\n"
    "                    and q4_0 weights, where that may change the last bits of its numbers, "
    "and\n"
    "                    so what is said; with f32 and q8_0 it changes none and is always done\n"
    "  style_control     false: styles and instructions of callers are not followed (true)\n"
    "  default_style     style of callers who name none, for voices that have it\n"
    "  profile_dir       a folder that gets a Chrome trace of each load (none)\n"
    "  normalize_text    false: text is spoken as it comes, uncut (true)\n";

}  // namespace parley::cosyvoice2
