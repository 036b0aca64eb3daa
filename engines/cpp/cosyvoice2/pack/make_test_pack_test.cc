#include "cosyvoice2/pack/make_test_pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/temp_dir.h"
#include "cosyvoice2/config/model_config.h"
#include "cosyvoice2/pack/torch_writer.h"
#include "cosyvoice2/text/tokenizer.h"
#include "cosyvoice2/voice/voice_library.h"
#include "cosyvoice2/weights/checkpoint.h"
#include "cosyvoice2/weights/generated.h"

namespace parley::cosyvoice2 {
namespace {

void ExpectHolds(const std::filesystem::path& file, const Manifest& manifest, uint64_t seed) {
  const auto checkpoint = Checkpoint::Open(file);
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  const GeneratedWeights generated(manifest, seed);
  EXPECT_EQ((*checkpoint)->names(), generated.names());
  for (const TensorRule& rule : manifest.tensors) {
    const auto found = (*checkpoint)->Get(rule.name, rule.shape);
    const auto expected = generated.Get(rule.name, rule.shape);
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_TRUE(std::equal(found->data, found->data + found->element_count(), expected->data))
        << rule.name;
  }
}

TEST(MakeTestPack, WritesAModelFolderThatIsReadBackAsItWasMade) {
  const parley::testing::TempDir dir;
  TestPackOptions options;
  options.shape = TinyShape();
  options.seed = 7;
  options.max_token_text_ratio = 4;
  const auto folder = dir.path() / "pack";
  const Status made = MakeTestPack(folder, options);
  ASSERT_TRUE(made) << made.error().message;

  ExpectHolds(folder / "llm.pt", LlmManifest(options.shape.llm), 7);
  ExpectHolds(folder / "flow.pt", FlowManifest(options.shape.flow), 7);
  ExpectHolds(folder / "hift.pt", HiftManifest(options.shape.hift), 7);

  const auto config = LoadModelConfig(folder);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->llm.speech_tokens, 97);
  EXPECT_EQ(config->llm.max_token_text_ratio, 4);
  EXPECT_EQ(config->llm.heads, 4);
  EXPECT_EQ(config->flow.estimator_head_dim, 16);

  const auto voices = VoiceLibrary::Load(folder);
  ASSERT_TRUE(voices) << voices.error().message;
  EXPECT_EQ(voices->Choose("demo", "", "")->prompt->speech_tokens.size(), 75U);

  const auto tokenizer = Tokenizer::Load(folder / "CosyVoice-BlankEN");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->token_count(), Tokenizer::kTokens);
  EXPECT_EQ((*tokenizer)->Encode("<|endofprompt|>").front(), Tokenizer::kEndOfPrompt);
}

TEST(MakeTestPack, SaysWhichTokenizerIsNotThere) {
  const parley::testing::TempDir dir;
  TestPackOptions options;
  options.shape = TinyShape();
  options.tokenizer = dir.path() / "nothing";
  const Status made = MakeTestPack(dir.path(), options);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kNotFound);
  EXPECT_THAT(made.error().message, ::testing::HasSubstr("nothing/vocab.json"));
}

TEST(MakeTestPack, WrongUseIsExitCode2) {
  using Words = std::vector<std::string_view>;
  for (const Words& words : {Words{}, Words{"--size", "tiny"}, Words{"--size", "huge", "d"},
                             Words{"--size", "tiny", "--seed", "x", "d"}, Words{"d", "e"}}) {
    EXPECT_EQ(RunMakeTestPackCommand(words), 2);
  }
}

TEST(WriteTorchFile, LeavesNothingWhereItCannotWrite) {
  const parley::testing::TempDir dir;
  const Status status =
      WriteTorchFile(dir.path() / "no" / "such" / "hift.pt", HiftManifest(TinyShape().hift), 0);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kNotFound);
}

}  // namespace
}  // namespace parley::cosyvoice2
