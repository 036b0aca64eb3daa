#include "cosyvoice2/pack/model_shapes.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/testing/skip.h"
#include "cosyvoice2/testing/golden_data.h"

namespace parley::cosyvoice2 {
namespace {

int64_t Parameters(const Manifest& manifest) {
  int64_t count = 0;
  for (const TensorRule& rule : manifest.tensors) {
    if (rule.kind != TensorRule::Kind::kTied) count += rule.element_count();
  }
  return count;
}

TEST(ModelShapes, RealOnesHaveTheOfficialTensorsAndParameters) {
  const ModelShape real = RealShape();
  EXPECT_EQ(LlmManifest(real.llm).tensors.size(), 295U);
  EXPECT_EQ(Parameters(LlmManifest(real.llm)), 505'803'812);
  EXPECT_EQ(FlowManifest(real.flow).tensors.size(), 1121U);
  EXPECT_EQ(Parameters(FlowManifest(real.flow)), 112'549'360);
  EXPECT_EQ(HiftManifest(real.hift).tensors.size(), 328U);
  EXPECT_EQ(Parameters(HiftManifest(real.hift)), 20'821'295);
}

void ExpectSame(const Manifest& made, const std::string& file) {
  const auto json = ReadFile(testing::Goldens() / file, 16 << 20);
  ASSERT_TRUE(json) << json.error().message;
  const auto golden = ReadManifest(*json);
  ASSERT_TRUE(golden) << golden.error().message;
  ASSERT_EQ(made.tensors.size(), golden->tensors.size()) << file;
  for (size_t i = 0; i < made.tensors.size(); ++i) {
    const TensorRule& ours = made.tensors[i];
    const TensorRule& theirs = golden->tensors[i];
    EXPECT_EQ(ours.name, theirs.name);
    EXPECT_EQ(ours.alt_name, theirs.alt_name);
    EXPECT_EQ(ours.shape, theirs.shape) << ours.name;
    EXPECT_EQ(ours.kind_name, theirs.kind_name) << ours.name;
    EXPECT_EQ(ours.a, theirs.a) << ours.name;
    EXPECT_EQ(ours.c, theirs.c) << ours.name;
    EXPECT_EQ(ours.other, theirs.other) << ours.name;
  }
}

TEST(ModelShapes, AreThoseOfTheGoldenManifests) {
  if (testing::Goldens().empty()) SkipCounted(testing::kNoGoldens);
  ModelShape tiny = TinyShape();
  tiny.llm.text_vocabulary = 320;
  ExpectSame(LlmManifest(tiny.llm), "llm.json");
  ExpectSame(FlowManifest(tiny.flow), "flow.json");
  ExpectSame(HiftManifest(tiny.hift), "hift.json");
  const ModelShape real = RealShape();
  ExpectSame(FlowManifest(real.flow), "G13_fullsize/flow_full.json");
  ExpectSame(HiftManifest(real.hift), "G13_fullsize/hift_full.json");
}

}  // namespace
}  // namespace parley::cosyvoice2
