#include "dialogue/llm_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::dialogue {
namespace {

LlmConfig WithEndpoint() {
  LlmConfig config;
  config.url = "http://h:1/v1";
  config.model = "big";
  config.key = Secret("first key");
  return config;
}

TEST(LlmConfig, FallbacksAreEndpointsOfTheirOwn) {
  LlmConfig config = WithEndpoint();
  config.fallbacks = {"https://other/v1 small", "http://h:2/v1 tiny:1b"};
  config.fallback_key = Secret("second key");
  ASSERT_TRUE(config.Validate());
  const std::vector<LlmConfig> endpoints = config.Endpoints();
  ASSERT_EQ(endpoints.size(), 3u);
  EXPECT_EQ(endpoints[0].url, "http://h:1/v1");
  EXPECT_EQ(endpoints[0].key.Reveal(), "first key");
  EXPECT_EQ(endpoints[1].url, "https://other/v1");
  EXPECT_EQ(endpoints[1].model, "small");
  EXPECT_EQ(endpoints[2].model, "tiny:1b");
  EXPECT_EQ(endpoints[2].key.Reveal(), "second key");
  for (const LlmConfig& endpoint : endpoints) EXPECT_TRUE(endpoint.Validate());
}

TEST(LlmConfig, AWrongFallbackSaysHowOneLooks) {
  for (const char* wrong : {"", "small", "http://h:2/v1", "http://h:2/v1 ", "ftp://h small"}) {
    LlmConfig config = WithEndpoint();
    config.fallbacks = {wrong};
    const Status checked = config.Validate();
    ASSERT_FALSE(checked) << wrong;
    EXPECT_THAT(checked.error().message, ::testing::HasSubstr("llama3.2")) << wrong;
  }
  LlmConfig config;
  config.fallbacks = {"http://h:2/v1 small"};
  EXPECT_THAT(config.Validate().error().message, ::testing::HasSubstr("llm.url"));
}

}  // namespace
}  // namespace parley::dialogue
