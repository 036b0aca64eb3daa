// A recognizer and a language model that tests can foresee, on the real SDK:
//
//   engine_fixture asr   hears what the tone voice says (engine/testing/tone_code.h), at 16 kHz
//   engine_fixture llm   answers "1 2 3 …", one number a token, up to max_tokens or 1000
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "engine/sdk.h"
#include "engine/testing/tone_code.h"

namespace parley::engine {
namespace {

constexpr int kRateHz = 16'000;

class ToneEar final : public AsrModel {
 public:
  Result<Loaded> Load(const engine::Load& load, LoadProgress&) override {
    PARLEY_TRY_STATUS(OptionReader(load).CheckAllUsed());
    return Loaded{.sample_rate_hz = kRateHz,
                  .slots = 2,
                  .credit_samples = 2 * kRateHz,
                  .capabilities = {"partials", "words"}};
  }

  Status Transcribe(const AsrStart&, AsrStream& stream) override {
    std::vector<float> heard;
    while (const auto input = stream.Next()) {
      heard.insert(heard.end(), input->audio.begin(), input->audio.end());
      const auto upto = static_cast<int64_t>(heard.size());
      const std::string text = DecodeToneText(heard, kRateHz);
      if (input->wants_final) {
        Final result{.upto_sample = upto, .text = text};
        result.no_speech = text.empty();
        stream.Final(result);
      } else if (stream.partials() && !stream.urgent()) {
        stream.Partial({.text = text, .upto_sample = upto});
      }
    }
    return {};
  }
};

class Counter final : public LlmModel {
 public:
  Result<Loaded> Load(const engine::Load& load, LoadProgress&) override {
    PARLEY_TRY_STATUS(OptionReader(load).CheckAllUsed());
    return Loaded{.slots = 2, .capabilities = {"streaming"}};
  }

  Result<GenerationEnd> Generate(const LlmStart& start, LlmStream& stream) override {
    const int64_t tokens = std::min(start.sampling.max_tokens.value_or(1000), 1000);
    GenerationEnd end{.reason = DoneReason::kLength,
                      .prompt_tokens = static_cast<int64_t>(start.messages.size())};
    while (end.tokens < tokens && stream.Delta(fmt::format("{} ", end.tokens + 1))) ++end.tokens;
    return end;
  }
};

}  // namespace
}  // namespace parley::engine

int main(int argc, char** argv) {
  const std::string_view kind = argc > 1 ? argv[1] : "";
  parley::engine::ToneEar ear;
  parley::engine::Counter counter;
  const parley::engine::EngineInfo info{.name = "fixture", .version = "1.0.0"};
  if (kind == "asr") return parley::engine::RunEngine(argc - 1, argv + 1, info, ear);
  if (kind == "llm") return parley::engine::RunEngine(argc - 1, argv + 1, info, counter);
  fmt::print(stderr, "usage: engine_fixture asr|llm\n");
  return 2;
}
