#include "cosyvoice2/weights/generated.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/testing/skip.h"
#include "cosyvoice2/testing/golden_data.h"
#include "cosyvoice2/weights/hash_generator.h"

namespace parley::cosyvoice2 {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kSmall[] = R"({"module": "hift", "config": {"width": 2},
  "variants": {"quiet": {"bias": {"c": -3.0}}},
  "tensors": [
    {"name": "embed", "shape": [2, 3], "kind": "embedding", "a": 1.0, "c": 0.0},
    {"name": "head", "shape": [2, 3], "kind": "tied", "tied_to": "embed"},
    {"name": "g", "alt_name": "old_g", "shape": [2, 1], "kind": "wn_g", "norm_of": "v",
     "a": 0.5, "c": 2.0},
    {"name": "v", "shape": [2, 4], "kind": "wn_v", "a": 1.0, "c": 0.0},
    {"name": "bias", "shape": [2], "kind": "bias", "a": 0.125, "c": 0.0}]})";

GeneratedWeights Small(std::string_view variant = "", uint64_t seed = 0) {
  auto manifest = ReadManifest(kSmall, variant);
  EXPECT_TRUE(manifest) << manifest.error().message;
  return GeneratedWeights(std::move(*manifest), seed);
}

std::vector<float> Values(const Weights& weights, const std::string& name,
                          std::vector<int64_t> shape) {
  const auto view = weights.Get(name, shape);
  EXPECT_TRUE(view) << view.error().message;
  return view ? std::vector<float>(view->data, view->data + view->element_count())
              : std::vector<float>();
}

TEST(HashGenerator, GivesThePublishedTestVectors) {
  EXPECT_EQ(HashGenerator("").hash(), 0xcbf29ce484222325U);
  EXPECT_EQ(HashGenerator("a").hash(), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(HashGenerator("llm_decoder.bias").hash(), 0xfaa68ffa37059f82U);
  EXPECT_EQ(HashGenerator("llm_decoder.bias").Uniform(0), 0.2204911708831787);
  EXPECT_EQ(HashGenerator("llm_decoder.bias").Uniform(99), 0.9163237810134888);
  EXPECT_EQ(HashGenerator("spk_embed_affine_layer.weight").Uniform(1), 0.8687960505485535);
  EXPECT_EQ(HashGenerator("hift_noise").Uniform(43199), 0.306801438331604);
}

TEST(GeneratedWeights, ATiedTensorIsTheSameMemory) {
  const GeneratedWeights weights = Small();
  const int64_t shape[] = {2, 3};
  EXPECT_EQ(weights.Get("embed", shape)->data, weights.Get("head", shape)->data);
}

TEST(GeneratedWeights, AMagnitudeIsScaledByTheNormOfItsDirection) {
  const GeneratedWeights weights = Small();
  const auto v = Values(weights, "v", {2, 4});
  const auto g = Values(weights, "g", {2, 1});
  for (size_t row = 0; row < 2; ++row) {
    double squares = 0;
    for (size_t i = 0; i < 4; ++i) squares += std::pow(v[row * 4 + i], 2);
    EXPECT_FLOAT_EQ(g[row], HashGenerator("g").Value(row, 0.5, 2.0) * std::sqrt(squares));
  }
  EXPECT_EQ(Values(weights, "old_g", {2, 1}), g);
}

TEST(GeneratedWeights, AVariantChangesOnlyWhatItLists) {
  EXPECT_EQ(Values(Small("quiet"), "v", {2, 4}), Values(Small(), "v", {2, 4}));
  EXPECT_LT(Values(Small("quiet"), "bias", {2})[0], -2.8F);
  const auto unknown = ReadManifest(kSmall, "loud");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, AllOf(HasSubstr("'loud'"), HasSubstr("quiet")));
}

TEST(GeneratedWeights, AnotherSeedGivesOtherNumbers) {
  EXPECT_NE(Values(Small("", 1), "embed", {2, 3}), Values(Small("", 2), "embed", {2, 3}));
  EXPECT_NE(Values(Small("", 1), "embed", {2, 3}), Values(Small(), "embed", {2, 3}));
}

TEST(GeneratedWeights, ErrorsNameTheExpectedAndTheFoundShape) {
  const GeneratedWeights weights = Small();
  const int64_t wrong[] = {5, -1};
  const auto differs = weights.Get("v", wrong);
  ASSERT_FALSE(differs);
  EXPECT_EQ(differs.error().code, Code::kInvalidArgument);
  EXPECT_THAT(differs.error().message, AllOf(HasSubstr("[5, ?]"), HasSubstr("[2, 4]")));
  const auto missing = weights.Get("w", wrong);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_THAT(missing.error().message, AllOf(HasSubstr("'w'"), HasSubstr("[5, ?]")));
  const int64_t any[] = {-1, 4};
  EXPECT_TRUE(weights.Get("v", any));
}

TEST(Manifest, RefusesWhatCannotBeAModel) {
  const std::string_view broken[] = {
      "",
      "[]",
      "{}",
      R"({"tensors": [{}]})",
      R"({"tensors": [{"name": "a", "shape": [0]}]})",
      R"({"tensors": [{"name": "a", "shape": [4], "kind": "bias"}]})",
      R"({"tensors": [{"name": "a", "shape": [9999999, 9999999], "a": 1, "c": 0}]})",
      R"({"tensors": [{"name": "a", "shape": [4], "kind": "tied", "tied_to": "b"}]})",
      R"({"tensors": [{"name": "a", "shape": [4], "kind": "tied", "tied_to": "a"}]})",
      R"({"tensors": [{"name": 5}]})"};
  for (const std::string_view json : broken) {
    const auto manifest = ReadManifest(json);
    ASSERT_FALSE(manifest) << json;
    EXPECT_EQ(manifest.error().code, Code::kDataLoss) << json;
  }
}

// Every tensor of a golden manifest comes to the first and last element and the sums it says.
void ExpectChecks(const std::string& file, std::string_view variant = "") {
  const auto weights = GeneratedWeights::FromFile(testing::Goldens() / file, variant);
  ASSERT_TRUE(weights) << weights.error().message;
  size_t checked = 0;
  for (const TensorRule& rule : (*weights)->manifest().tensors) {
    if (!rule.check) continue;
    const auto values = Values(**weights, rule.name, rule.shape);
    EXPECT_EQ(values.front(), static_cast<float>(rule.check->first)) << rule.name;
    EXPECT_EQ(values.back(), static_cast<float>(rule.check->last)) << rule.name;
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    const double near = 1e-9 * std::max(1.0, rule.check->abs_sum.value_or(0));
    EXPECT_NEAR(sum, rule.check->sum, near) << rule.name;
    ++checked;
  }
  EXPECT_GT(checked, 20U);
}

TEST(GeneratedWeights, ComeToTheSumsOfTheGoldenManifests) {
  if (testing::Goldens().empty()) SkipCounted(testing::kNoGoldens);
  for (const char* file : {"llm.json", "flow.json", "hift.json"}) ExpectChecks(file);
  ExpectChecks("hift.json", "mixed");
}

}  // namespace
}  // namespace parley::cosyvoice2
