#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "cosyvoice2/goldens/front_sets.h"
#include "cosyvoice2/lm/ras.h"
#include "cosyvoice2/weights/npy.h"

namespace parley::cosyvoice2::goldens {
namespace {

// `expected`: token, first draw, whether there was a second, nucleus size, history length.
struct Cases {
  NpyArray logits;
  NpyArray history;
  NpyArray uniforms;
  NpyArray expected;
};

Result<Cases> ReadAll(const Place& place, const std::string& prefix) {
  Cases cases;
  const auto read = [&](const char* name) { return ReadNpy(place.set / (prefix + name + ".npy")); };
  PARLEY_TRY(cases.logits, read("_logits"));
  PARLEY_TRY(cases.history, read("_history"));
  PARLEY_TRY(cases.uniforms, read("_uniforms"));
  PARLEY_TRY(cases.expected, read("_expected"));
  const int64_t count = cases.logits.dim(0);
  if (cases.history.dim(0) == count && cases.uniforms.element_count() == 2 * count &&
      cases.expected.element_count() == 5 * count) {
    return cases;
  }
  return Fail(Code::kDataLoss, fmt::format("the arrays of '{}' are not of one length", prefix));
}

// "small" of "small_logits.npy".
std::vector<std::string> Prefixes(const std::filesystem::path& folder) {
  constexpr std::string_view kEnd = "_logits.npy";
  std::vector<std::string> prefixes;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(kEnd)) prefixes.push_back(name.substr(0, name.size() - kEnd.size()));
  }
  std::sort(prefixes.begin(), prefixes.end());
  return prefixes;
}

bool SameDraw(const Cases& cases, size_t i) {
  const auto vocabulary = static_cast<size_t>(cases.logits.dim(1));
  const auto width = static_cast<size_t>(cases.history.dim(1));
  const int32_t* expected = cases.expected.ints.data() + 5 * i;
  const auto logits = std::span(cases.logits.floats).subspan(i * vocabulary, vocabulary);
  const int32_t* history = cases.history.ints.data() + i * width;
  const std::vector<int> before(history, history + expected[4]);
  const float* uniforms = cases.uniforms.floats.data() + 2 * i;
  const RasDraw draw = SampleRas(logits, before, uniforms[0], uniforms[1]);
  return draw.token == expected[0] && draw.nucleus_draw == expected[1] &&
         draw.fallback == (expected[2] != 0) && draw.nucleus_size == expected[3];
}

}  // namespace

Result<std::vector<Row>> RunRasSet(const Place& place) {
  std::vector<Row> rows;
  for (const std::string& prefix : Prefixes(place.set)) {
    PARLEY_TRY(const Cases cases, ReadAll(place, prefix));
    const auto count = static_cast<size_t>(cases.logits.dim(0));
    size_t differing = 0;
    for (size_t i = 0; i < count; ++i) differing += SameDraw(cases, i) ? 0 : 1;
    rows.push_back(CompareExact(fmt::format("{} {}", count, prefix), "draws", differing));
  }
  return rows;
}

}  // namespace parley::cosyvoice2::goldens
