#include "piper/onnx_split.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/random.h"
#include "base/testing/skip.h"
#include "onnx/session.h"
#include "onnx/testing/model_builder.h"
#include "piper/testing/tiny_voice.h"
#include "piper/testing/voices.h"

namespace parley::piper {
namespace {

using onnx::testing::ModelBuilder;
using testing::TinyVoiceModel;

TEST(OnnxSplit, TheThreePartsLoadAndMeetAtTheirBorders) {
  const auto parts = SplitVoice(TinyVoiceModel());
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_EQ(parts->latent, "z");
  EXPECT_EQ(parts->durations, "w_ceil");
  EXPECT_EQ(parts->rhythm_noise, "rhythm");
  EXPECT_EQ(parts->frame_shape, "mean");
  EXPECT_EQ(parts->flow_inputs, std::vector<std::string>{"mean"});
  EXPECT_TRUE(parts->decoder_inputs.empty());
  for (const std::string* model : {&parts->encoder, &parts->flow, &parts->decoder}) {
    const auto session = onnx::Session::FromBytes(*model, "part", {});
    EXPECT_TRUE(session) << session.error().message;
  }
}

TEST(OnnxSplit, TheReachIsThatOfTheConvolutionsBetween) {
  const auto parts = SplitVoice(TinyVoiceModel());
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->samples_per_frame, 8);
  EXPECT_EQ(parts->flow_reach.before, 2);
  EXPECT_EQ(parts->flow_reach.after, 2);
  // conv_pre 3; the transposed one and conv_post together 1 more: sample 7 + 3 of 8 a frame.
  EXPECT_EQ(parts->decoder_reach.before, 4);
  EXPECT_EQ(parts->decoder_reach.after, 4);
}

TEST(OnnxSplit, ASpeakersConditionCrossesEveryBorder) {
  const auto parts = SplitVoice(TinyVoiceModel({.two_speakers = true}));
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_EQ(parts->flow_inputs, (std::vector<std::string>{"mean", "g"}));
  EXPECT_EQ(parts->decoder_inputs, std::vector<std::string>{"cond"});
}

TEST(OnnxSplit, AnOperatorThatMixesAllFramesForbidsTheCut) {
  const auto parts = SplitVoice(TinyVoiceModel({.can_be_cut = false}));
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().code, Code::kUnimplemented);
  EXPECT_NE(parts.error().message.find("Softmax"), std::string::npos) << parts.error().message;
}

TEST(OnnxSplit, AModelOfAnotherKindIsNotCut) {
  const std::string model =
      ModelBuilder().Input("a", {1}).Node("Exp", {"a"}, {"b"}).Output("b", {1}).Build();
  const auto parts = SplitVoice(model);
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().code, Code::kUnimplemented);
}

TEST(OnnxSplit, EveryTruncationIsAnErrorAndNoCrash) {
  const std::string model = TinyVoiceModel();
  // The last field, of 4 bytes, is the operator set's version, which is ONNX Runtime's concern.
  for (size_t size = 0; size + 4 < model.size(); ++size) {
    // A copy of its own, so that a sanitizer sees a read past the end.
    const std::string part(model.data(), size);
    EXPECT_FALSE(SplitVoice(part)) << size;
  }
}

TEST(OnnxSplit, MutatedBytesNeverCrash) {
  const std::string model = TinyVoiceModel({.two_speakers = true});
  SplitMix64 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string broken = model;
    for (int i = 0; i < 3; ++i)
      broken[random.Next() % broken.size()] = static_cast<char>(random.Next());
    (void)SplitVoice(broken).has_value();
  }
}

TEST(OnnxSplit, TheDefaultVoiceIsCutWithTheReachOfItsConvolutions) {
  const auto path = testing::DefaultVoiceFolder() / "en_US-joe-medium.onnx";
  if (!std::filesystem::exists(path)) SkipCounted("the voice en_US-joe-medium is not pulled");
  const auto parts = SplitVoice(*ReadFile(path, 1 << 27));
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_EQ(parts->samples_per_frame, 256);
  EXPECT_EQ(parts->flow_reach.before, 32);
  EXPECT_EQ(parts->flow_reach.after, 32);
  EXPECT_EQ(parts->decoder_reach.before, 11);
  EXPECT_EQ(parts->decoder_reach.after, 11);
  EXPECT_EQ(parts->flow_inputs.size(), 4u);
}

}  // namespace
}  // namespace parley::piper
