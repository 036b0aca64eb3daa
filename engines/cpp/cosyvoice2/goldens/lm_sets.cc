// G5: the language model, its whole sequences and the traces of both ways to feed it, against the
// official Qwen2LM around a Qwen2 of its own.
#include <fmt/format.h>

#include <algorithm>

#include "cosyvoice2/goldens/model_data.h"
#include "cosyvoice2/goldens/model_sets.h"
#include "cosyvoice2/lm/generate.h"

namespace parley::cosyvoice2::goldens {
namespace {

using nlohmann::json;

constexpr int kThreads = 2;
// In parts of the greatest magnitude expected; with weights in q8_0 the second.
constexpr double kRelative = 2e-4;
constexpr double kRelative8 = 0.08;
constexpr int64_t kHeads = 4;  // of the tiny configuration

std::string Name(const Symbol& symbol) {
  switch (symbol.kind) {
    case Symbol::Kind::kSos:
      return "sos";
    case Symbol::Kind::kTaskId:
      return "task_id";
    case Symbol::Kind::kText:
      return fmt::format("text:{}", symbol.id);
    case Symbol::Kind::kSpeech:
      return fmt::format("speech:{}", symbol.id);
  }
  return {};
}

class LmRun {
 public:
  LmRun(const Place& place, const Lm& lm)
      : set_(place.set), eight_bits_(place.eight_bits), lm_(lm), executor_(kThreads) {}

  Status Sequences() {
    PARLEY_TRY(const json cases, ReadJson(set_ / "prefill_decode.json"));
    for (const json& one : cases) PARLEY_TRY_STATUS(OneSequence(one));
    return {};
  }

  Status Traces(const std::string& file, bool stream) {
    PARLEY_TRY(const json cases, ReadJson(set_ / (file + ".json")));
    for (const json& one : cases) PARLEY_TRY_STATUS(OneTrace(one, stream));
    return {};
  }

  std::vector<Row> rows;

 private:
  Status Hold(const std::string& name, const std::string& tensor, const std::vector<float>& found) {
    PARLEY_TRY(const std::vector<float> expected, ReadFloats(set_, name + "_" + tensor));
    rows.push_back(
        CompareRelative(name, tensor, found, expected, eight_bits_ ? kRelative8 : kRelative));
    return {};
  }

  Status OneSequence(const json& one) {
    const std::string name = one.at("case");
    const std::vector<Symbol> symbols = SymbolsOf(one);
    PARLEY_TRY(const std::vector<float> embeds, lm_.Embed(symbols));
    PARLEY_TRY_STATUS(Hold(name, "embeds", embeds));
    LmState state;
    nn::Taps taps;
    PARLEY_TRY(std::vector<float> logits, lm_.Forward(executor_, state, symbols, &taps));
    PARLEY_TRY_STATUS(Hold(name, "hidden", taps["hidden"]));
    PARLEY_TRY_STATUS(Hold(name, "prefill_logits", taps["logits"]));
    PARLEY_TRY_STATUS(Hold(name, "k0", state.Keys(0)));
    PARLEY_TRY_STATUS(Hold(name, "v0", state.Values(0)));
    std::vector<float> decoded;
    for (int token : one.at("greedy_tokens").get<std::vector<int>>()) {
      decoded.insert(decoded.end(), logits.begin(), logits.end());
      const auto best = std::max_element(logits.begin(), logits.begin() + lm_.speech_tokens());
      if (!eight_bits_) {
        rows.push_back(CompareExact(name, "greedy token", best - logits.begin() == token ? 0 : 1));
      }
      const Symbol symbol = {Symbol::Kind::kSpeech, token};
      PARLEY_TRY(logits, lm_.Forward(executor_, state, std::span(&symbol, 1)));
    }
    PARLEY_TRY_STATUS(Hold(name, "decode_logits", decoded));
    PARLEY_TRY_STATUS(Hold(name, "k0_end", state.Keys(0)));
    return Hold(name, "v0_end", state.Values(0));
  }

  class HashUniforms final : public Uniforms {
   public:
    explicit HashUniforms(const std::string& name) : generator_(name) {}
    double Next() override { return generator_.Uniform(next_++); }

   private:
    HashGenerator generator_;
    uint64_t next_ = 0;
  };

  Status OneTrace(const json& one, bool stream) {
    const std::string name = one.at("case");
    const json& steps = one.at(stream ? "steps" : "calls");
    std::vector<float> all_logits;
    std::vector<int> emitted;
    size_t differing = 0;
    size_t step = 0;
    SpeechTaker taker;
    taker.on_token = [&](int token) {
      emitted.push_back(token);
      return true;
    };
    taker.on_step = [&](const SpeechStep& seen) {
      all_logits.insert(all_logits.end(), seen.logits.begin(), seen.logits.end());
      differing += step < steps.size() ? Differs(seen, steps[step]) : 1;
      ++step;
    };
    SpeechText text = {.prompt_text = one.at("prompt_text"),
                       .prompt_speech = one.at("prompt_speech")};
    HashUniforms uniforms(one.at("uniform_name"));
    const SpeechRules rules = {.faithful = true};
    SpeechEnd end = SpeechEnd::kEos;
    if (stream) {
      PARLEY_TRY(end, GenerateSpeechFromStream(lm_, executor_, text, Arrivals(one), rules, uniforms,
                                               taker));
    } else {
      text.text = one.at("text").get<std::vector<int>>();
      PARLEY_TRY(end, GenerateSpeech(lm_, executor_, text, rules, uniforms, taker));
      const std::string expected = one.at("end");
      const std::string found = end == SpeechEnd::kEos      ? "eos"
                                : end == SpeechEnd::kLength ? "max_len"
                                                            : "other";
      rows.push_back(CompareExact(name, "end", found == expected ? 0 : 1, found));
    }
    rows.push_back(CompareExact(name, "steps", differing + (step == steps.size() ? 0 : 1)));
    rows.push_back(CompareExact(name, "emitted",
                                emitted == one.at("emitted").get<std::vector<int>>() ? 0 : 1));
    return Hold(name, "logits", all_logits);
  }

  static size_t Differs(const SpeechStep& seen, const json& expected) {
    std::vector<std::string> feed;
    for (const Symbol& symbol : seen.feed) feed.push_back(Name(symbol));
    if (feed != expected.at("feed").get<std::vector<std::string>>()) return 1;
    if (!seen.draw) return expected.contains("nucleus_draw") && !expected["nucleus_draw"].is_null();
    return seen.draw->token != expected.at("token").get<int>() ||
           seen.draw->nucleus_draw != expected.at("nucleus_draw").get<int>() ||
           seen.draw->fallback != (expected.at("fallback").get<int>() != 0);
  }

  // The text in the pieces in which it arrived.
  static TextSource Arrivals(const json& one) {
    return [text = one.at("text").get<std::vector<int>>(),
            sizes = one.at("arrivals").get<std::vector<int>>(), from = size_t{0},
            piece = size_t{0}]() mutable -> std::optional<std::vector<int>> {
      if (piece == sizes.size()) return std::nullopt;
      const auto begin = text.begin() + static_cast<int64_t>(from);
      from += static_cast<size_t>(sizes[piece]);
      return std::vector<int>(begin, begin + sizes[piece++]);
    };
  }

  const std::filesystem::path set_;
  const bool eight_bits_;
  const Lm& lm_;
  nn::Executor executor_;
};

}  // namespace

Result<std::vector<Row>> RunLm(const Place& place) {
  PARLEY_TRY(const auto weights, GeneratedWeights::FromFile(place.root / "llm.json"));
  PARLEY_TRY(const auto lm,
             Lm::Create(*weights, {.heads = kHeads, .matrix_type = MatrixType(place)}));
  LmRun run(place, *lm);
  PARLEY_TRY_STATUS(run.Sequences());
  // The tokens of the traces hang by less than what rounding the weights changes.
  if (place.eight_bits) return std::move(run.rows);
  PARLEY_TRY_STATUS(run.Traces("offline_traces", false));
  PARLEY_TRY_STATUS(run.Traces("bistream_traces", true));
  return std::move(run.rows);
}

}  // namespace parley::cosyvoice2::goldens
