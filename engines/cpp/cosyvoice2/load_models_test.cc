#include "cosyvoice2/load_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "cosyvoice2/pack/model_files.h"
#include "cosyvoice2/pack/torch_writer.h"
#include "cosyvoice2/testing/tiny_models.h"

namespace parley::cosyvoice2 {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

// A folder with a small language model and flow, whose converted weights are kept in it.
class LoadModels : public ::testing::Test {
 protected:
  void SetUp() override {
    ModelShape shape = TinyShape();
    shape.llm.text_vocabulary = 320;
    ASSERT_TRUE(WriteTorchFile(dir_.path() / "llm.pt", LlmManifest(shape.llm), 0));
    ASSERT_TRUE(WriteTorchFile(dir_.path() / "flow.pt", FlowManifest(shape.flow), 0));
    ASSERT_TRUE(WriteFileAtomically(dir_.path() / "cosyvoice2.yaml", ModelYaml(shape, 20)));
    fs::create_directories(dir_.path() / "CosyVoice-BlankEN");
    ASSERT_TRUE(WriteFileAtomically(dir_.path() / "CosyVoice-BlankEN" / "config.json",
                                    QwenConfig(shape.llm)));
    config_ = *LoadModelConfig(dir_.path());
    options_.lm_weights = GGML_TYPE_Q8_0;
    options_.flow_weights = GGML_TYPE_F16;
    options_.weight_cache = kept_;
  }

  std::vector<float> Logits() const {
    const auto lm = LoadLm(dir_.path(), config_, options_);
    EXPECT_TRUE(lm) << lm.error().message;
    if (!lm) return {};
    nn::Executor executor(1);
    LmState state;
    const Symbol symbols[] = {{Symbol::Kind::kText, 5}, {Symbol::Kind::kText, 7}};
    return *(*lm)->Forward(executor, state, symbols);
  }
  std::vector<fs::path> KeptFiles() const {
    std::vector<fs::path> files;
    if (!fs::exists(kept_)) return files;
    for (const auto& entry : fs::directory_iterator(kept_)) files.push_back(entry.path());
    return files;
  }

  const parley::testing::TempDir dir_;
  const fs::path kept_ = dir_.path() / ".converted";
  ModelConfig config_;
  EngineOptions options_;
};

TEST_F(LoadModels, KeptWeightsSpeakAsThoseConvertedAnew) {
  const auto first = Logits();
  ASSERT_FALSE(first.empty());
  ASSERT_EQ(KeptFiles().size(), 1U);
  EXPECT_THAT(KeptFiles()[0].filename().string(), HasSubstr("llm-q8_0-"));
  const auto written = fs::last_write_time(KeptFiles()[0]);
  EXPECT_EQ(Logits(), first);
  EXPECT_EQ(fs::last_write_time(KeptFiles()[0]), written);  // found, not made again
}

TEST_F(LoadModels, TheFlowIsKeptToo) {
  nn::Executor executor(1);
  const FlowPrompt prompt = testing::TinyPrompt(5);
  const auto tokens = testing::TinyTokens(5);
  const auto mel = [&] {
    const auto flow = LoadFlow(dir_.path(), config_, options_);
    EXPECT_TRUE(flow) << flow.error().message;
    return *(*flow)->Run(executor, prompt, {.tokens = tokens});
  };
  const auto first = mel();
  EXPECT_EQ(KeptFiles().size(), 1U);
  EXPECT_EQ(mel(), first);
}

TEST_F(LoadModels, ADamagedFileIsMadeAnew) {
  const auto first = Logits();
  const fs::path file = KeptFiles().at(0);
  auto bytes = ReadFile(file, 64 << 20);
  ASSERT_TRUE(bytes);
  (*bytes)[bytes->size() / 2] = static_cast<char>((*bytes)[bytes->size() / 2] ^ 1);
  ASSERT_TRUE(WriteFileAtomically(file, *bytes));
  EXPECT_EQ(Logits(), first);
  EXPECT_NE(*ReadFile(file, 64 << 20), *bytes);
}

TEST_F(LoadModels, AnotherTypeOrCheckpointIsAnotherFile) {
  Logits();
  options_.lm_weights = GGML_TYPE_F16;
  Logits();
  EXPECT_EQ(KeptFiles().size(), 2U);
  options_.lm_weights = GGML_TYPE_F32;  // as quick from the checkpoint
  Logits();
  EXPECT_EQ(KeptFiles().size(), 2U);
}

TEST_F(LoadModels, NothingIsLostWhereNothingCanBeKept) {
  options_.weight_cache = "/proc/no/such/place";
  EXPECT_FALSE(Logits().empty());
  options_.weight_cache.clear();
  EXPECT_FALSE(Logits().empty());
}

TEST_F(LoadModels, WeightsThatAreNoNumbersAreRefusedAndNotKept) {
  auto bytes = ReadFile(dir_.path() / "llm.pt", 64 << 20);
  ASSERT_TRUE(bytes);
  const float nan = std::nanf("");
  // The last tensor's elements end before the members "version" and the directory.
  const size_t at = bytes->rfind("llm/version") - 600;
  std::memcpy(bytes->data() + at / 64 * 64, &nan, sizeof(nan));
  ASSERT_TRUE(WriteFileAtomically(dir_.path() / "llm.pt", *bytes));
  const auto lm = LoadLm(dir_.path(), config_, options_);
  ASSERT_FALSE(lm);
  EXPECT_EQ(lm.error().code, Code::kDataLoss);
  EXPECT_TRUE(KeptFiles().empty());
}

TEST_F(LoadModels, ACommandFillsTheCache) {
  const std::string model = dir_.path().string();
  using Words = std::vector<std::string_view>;
  EXPECT_EQ(RunConvertCommand(Words{"--model", model, "--flow-weights", "q8_0"}), 0);
  EXPECT_EQ(KeptFiles().size(), 2U);
  EXPECT_EQ(RunConvertCommand(Words{"--model", model, "--lm-weights", "q3"}), 1);
  EXPECT_EQ(RunConvertCommand(Words{"--model"}), 2);
  EXPECT_EQ(RunConvertCommand(Words{}), 2);
}

}  // namespace
}  // namespace parley::cosyvoice2
