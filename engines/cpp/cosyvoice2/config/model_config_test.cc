#include "cosyvoice2/config/model_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/temp_dir.h"
#include "cosyvoice2/config/yaml_values.h"
#include "cosyvoice2/pack/model_files.h"

namespace parley::cosyvoice2 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(YamlValues, AreFoundByTheirPathWhateverTheTag) {
  const auto values = ReadYamlValues(R"(
rate: 24000  # Hz
__seed: !apply:random.seed [1986]
llm: !new:some.Class
    size: !ref <rate>
    double: !ref <rate> * <two>
    mix: [5, 15]
    nested: [[1, 3], [5]]
    sampling: !name:some.function
        top_p: 0.8
two: 2
after: !ref <rate> * <two>
text: 'a: b'
)");
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_THAT(values->at("rate").items, ElementsAre("24000"));
  EXPECT_THAT(values->at("llm.size").items, ElementsAre("24000"));
  EXPECT_THAT(values->at("llm.double").items, ElementsAre("<rate> * <two>"));  // not yet known
  EXPECT_THAT(values->at("after").items, ElementsAre("48000"));
  EXPECT_THAT(values->at("llm.mix").items, ElementsAre("5", "15"));
  EXPECT_THAT(values->at("llm.nested").items, ElementsAre("1", "3", "5"));
  EXPECT_THAT(values->at("llm.sampling.top_p").items, ElementsAre("0.8"));
  EXPECT_EQ(values->at("llm.sampling.top_p").line, 10U);
  EXPECT_THAT(values->at("text").items, ElementsAre("a: b"));
}

TEST(YamlValues, RefuseWhatIsBrokenOrWithoutEnd) {
  EXPECT_FALSE(ReadYamlValues("a: [1, 2"));
  EXPECT_FALSE(ReadYamlValues("a: b: c"));
  EXPECT_FALSE(ReadYamlValues(std::string(100, '[')));
  EXPECT_FALSE(ReadYamlValues("? {a: b}\n: c"));
  EXPECT_EQ(ReadYamlValues(std::string(2 << 20, ' ')).error().code, Code::kOutOfRange);
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "k" + std::to_string(i) + ": 1\n";
  EXPECT_FALSE(ReadYamlValues(many));
  EXPECT_TRUE(ReadYamlValues(""));
  EXPECT_TRUE(ReadYamlValues("just text"));
}

TEST(ModelConfig, IsTheOfficialOneWhereTheFilesSayNothing) {
  const auto config = ReadModelConfig("", "");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->llm.speech_tokens, 6561);
  EXPECT_EQ(config->llm.top_k, 25);
  EXPECT_EQ(config->flow.guidance, 0.7);
  EXPECT_EQ(config->hift.limit, 0.99);
}

TEST(ModelConfig, ReadsWhatAFolderSays) {
  const ModelShape tiny = TinyShape();
  const auto config = ReadModelConfig(ModelYaml(tiny, 3), QwenConfig(tiny.llm));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->llm.speech_tokens, 97);
  EXPECT_EQ(config->llm.heads, 4);
  EXPECT_EQ(config->llm.kv_heads, 2);
  EXPECT_EQ(config->llm.max_token_text_ratio, 3);
  EXPECT_EQ(config->flow.estimator_heads, 4);
}

TEST(ModelConfig, NamesTheLineAndTheFieldThatIsWrong) {
  const auto text = ReadModelConfig("sample_rate: 24000\nllm:\n  sampling:\n    top_p: 7\n", "");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Code::kDataLoss);
  EXPECT_THAT(text.error().message, HasSubstr("line 4: 'llm.sampling.top_p' is '7'"));
  const auto rate = ReadModelConfig("sample_rate: 22050\n", "");
  ASSERT_FALSE(rate);
  EXPECT_EQ(rate.error().code, Code::kUnimplemented);
  EXPECT_THAT(rate.error().message, HasSubstr("22050"));
  EXPECT_FALSE(ReadModelConfig("", "{\"num_attention_heads\": 3}"));
  EXPECT_FALSE(ReadModelConfig("", "{\"num_attention_heads\": \"x\"}"));
  EXPECT_FALSE(ReadModelConfig("", "["));
}

TEST(ModelConfig, AFolderWithoutTheFilesIsTheOfficialModel) {
  const parley::testing::TempDir dir;
  const auto config = LoadModelConfig(dir.path());
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->llm.heads, 14);
}

}  // namespace
}  // namespace parley::cosyvoice2
