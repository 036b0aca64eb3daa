#include "cosyvoice2/weights/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "base/file.h"
#include "base/testing/skip.h"
#include "base/testing/temp_dir.h"
#include "cosyvoice2/testing/golden_data.h"
#include "cosyvoice2/weights/generated.h"

namespace parley::cosyvoice2 {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::filesystem::path Golden(const char* name) {
  return testing::SmallGoldens() / "G1_reader" / name;
}

std::vector<float> Values(const TensorView& view) {
  return {view.data, view.data + view.element_count()};
}

TEST(Checkpoint, StridedAndHalfTensorsAreConverted) {
  const auto strided = Checkpoint::Open(Golden("strided.pt"));
  ASSERT_TRUE(strided) << strided.error().message;
  const int64_t shape[] = {3, 4};
  const auto view = (*strided)->Get("strided_view", shape);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_FLOAT_EQ(view->data[1], -0.6052546501159668F);
  EXPECT_EQ((*strided)->Get("strided_view", shape)->data, view->data);  // and kept

  const auto dtypes = Checkpoint::Open(Golden("dtypes.pt"));
  ASSERT_TRUE(dtypes);
  const int64_t three[] = {3};
  EXPECT_THAT(Values(*(*dtypes)->Get("half_special", three)),
              ElementsAre(65504.0F, -0.0F, 5.960464477539063e-08F));
}

TEST(Checkpoint, OtherEntriesThanTensorsAreNoNames) {
  const auto checkpoint = Checkpoint::Open(Golden("epoch_step.pt"));
  ASSERT_TRUE(checkpoint);
  EXPECT_THAT((*checkpoint)->names(), ElementsAre("w"));
}

TEST(Checkpoint, ErrorsNameFileTensorAndShapes) {
  const auto checkpoint = Checkpoint::Open(Golden("state_dict.pt"));
  ASSERT_TRUE(checkpoint);
  const int64_t shape[] = {4, 4};
  const auto differs = (*checkpoint)->Get("a.weight", shape);
  ASSERT_FALSE(differs);
  EXPECT_THAT(differs.error().message,
              AllOf(HasSubstr("a.weight"), HasSubstr("[4, 4]"), HasSubstr("[4, 3]")));
  const auto missing = (*checkpoint)->Get("b.weight", shape);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_THAT(missing.error().message, AllOf(HasSubstr("state_dict.pt"), HasSubstr("b.weight")));
}

TEST(Checkpoint, NotANumberIsFoundWhenAskedFor) {
  auto bytes = ReadFile(Golden("handmade_ok.pt"), 1 << 20);
  ASSERT_TRUE(bytes);
  const float three = 3.0F;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const size_t at = bytes->find(std::string(reinterpret_cast<const char*>(&three), 4));
  ASSERT_NE(at, std::string::npos);
  std::memcpy(bytes->data() + at, &nan, sizeof(nan));
  const parley::testing::TempDir dir;
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "nan.pt", *bytes));
  const int64_t shape[] = {4};
  EXPECT_TRUE((*Checkpoint::Open(dir.path() / "nan.pt"))->Get("w", shape));
  Checkpoint::Options options;
  options.check_finite = true;
  const auto checked = (*Checkpoint::Open(dir.path() / "nan.pt", options))->Get("w", shape);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Code::kDataLoss);
  EXPECT_THAT(checked.error().message, AllOf(HasSubstr("element 3"), HasSubstr("'w'")));
}

TEST(Checkpoint, RefusesWithThePathAndTheReason) {
  const auto checkpoint = Checkpoint::Open(Golden("legacy.pt"));
  ASSERT_FALSE(checkpoint);
  EXPECT_EQ(checkpoint.error().code, Code::kUnimplemented);
  EXPECT_THAT(checkpoint.error().message, AllOf(HasSubstr("legacy.pt"), HasSubstr("torch.save")));
}

// The reader and the generator against each other: files of the official writer that hold the
// generator's numbers.
TEST(Checkpoint, HoldsWhatTheManifestGenerates) {
  const auto root = testing::Goldens();
  if (root.empty()) SkipCounted(testing::kNoGoldens);
  for (const std::string module : {"llm", "hift"}) {
    const auto generated = GeneratedWeights::FromFile(root / (module + ".json"));
    const auto checkpoint = Checkpoint::Open(root / "pt" / (module + "_tiny.pt"));
    ASSERT_TRUE(generated) << generated.error().message;
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    EXPECT_EQ((*checkpoint)->names(), (*generated)->names());
    for (const TensorRule& rule : (*generated)->manifest().tensors) {
      const auto expected = (*generated)->Get(rule.name, rule.shape);
      const auto found = (*checkpoint)->Get(rule.name, rule.shape);
      ASSERT_TRUE(found) << found.error().message;
      EXPECT_EQ(Values(*found), Values(*expected)) << rule.name;
      if (rule.alt_name.empty()) continue;
      EXPECT_EQ((*checkpoint)->Get(rule.alt_name, rule.shape)->data, found->data);
    }
  }
}

}  // namespace
}  // namespace parley::cosyvoice2
