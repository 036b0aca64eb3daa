#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cosyvoice2/goldens/front_sets.h"
#include "cosyvoice2/goldens/json_cases.h"
#include "cosyvoice2/text/number_words.h"
#include "cosyvoice2/text/split.h"
#include "cosyvoice2/text/text_frontend.h"

namespace parley::cosyvoice2::goldens {
namespace {

using Json = nlohmann::json;
using Strings = std::vector<std::string>;

// Collects which of a list's cases differ.
struct Differing {
  size_t count = 0;
  std::string note;

  void Add(bool same, const std::string& which) {
    if (same) return;
    ++count;
    note += which + " differs; ";
  }
};

Row Normalized(const Json& cases, const TextFrontend& frontend) {
  Differing differing;
  for (const Json& expected : cases) {
    const std::string text = expected["text"];
    const std::string which = fmt::format("text {}", expected["id"].get<int>());
    const Strings segments = frontend.Segments(text, TextMode::kNormalize);
    if (expected.contains("upstream_error")) continue;  // it is enough that it did no harm
    differing.Add(segments == expected["segments"].get<Strings>(), which + " cut");
    differing.Add(frontend.Normalize(text, TextMode::kNormalize) == expected["normalized"],
                  which + " normalized");
    differing.Add(frontend.Segments(text, TextMode::kOff) == expected["off"].get<Strings>(),
                  which + " as it is");
  }
  return CompareExact(fmt::format("{} texts", cases.size()), "segments", differing.count,
                      differing.note);
}

Row Split(const Json& cases, const Tokenizer& tokenizer) {
  Differing differing;
  for (const Json& expected : cases) {
    const TextKind kind = expected["lang"] == "zh" ? TextKind::kChinese : TextKind::kOther;
    const SplitLimits limits{expected["token_max_n"], expected["token_min_n"],
                             expected["merge_len"]};
    const std::string text = expected["text"];
    const Strings segments = SplitText(text, kind, tokenizer, limits);
    differing.Add(segments == expected["segments"].get<Strings>(),
                  fmt::format("text {}", expected["id"].get<int>()));
  }
  return CompareExact(fmt::format("{} splits", cases.size()), "segments", differing.count,
                      differing.note);
}

Row Numbers(const Json& cases) {
  Differing differing;
  for (const Json& expected : cases) {
    const std::string digits = expected["digits"];
    differing.Add(NumberInWords(digits) == expected["words"], digits);
  }
  return CompareExact(fmt::format("{} numbers", cases.size()), "words", differing.count,
                      differing.note);
}

}  // namespace

Result<std::vector<Row>> RunTextSet(const Place& place) {
  if (FindSet(place.root, 2).empty()) {
    Row row{"all", "segments"};
    row.verdict = Verdict::kSkipped;
    row.note =
        "English is measured in tokens, and the set G2, which has the tokenizer, is not there";
    return std::vector<Row>{std::move(row)};
  }
  PARLEY_TRY(const auto tokenizer, GoldenTokenizer(place.root));
  const TextFrontend frontend(*tokenizer);
  PARLEY_TRY(const Json normalized, ReadJson(place.set / "normalize_cases.json"));
  PARLEY_TRY(const Json splits, ReadJson(place.set / "split_cases.json"));
  PARLEY_TRY(const Json numbers, ReadJson(place.set / "number_words.json"));
  return std::vector<Row>{Normalized(normalized, frontend), Split(splits, *tokenizer),
                          Numbers(numbers)};
}

}  // namespace parley::cosyvoice2::goldens
