#include "gateway/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/loader.h"
#include "gateway/settings.h"

namespace parley::gateway {
namespace {

using ::testing::HasSubstr;

TEST(GatewayConfig, TheDefaultsAreGood) {
  EXPECT_TRUE(GatewayConfig{}.Validate());
  config::Binder binder;
  GatewayConfig config;
  BindConfig(binder, config);
  EXPECT_NE(binder.Find("gateway.port"), nullptr);
}

TEST(GatewayConfig, BeyondThisMachineAKeyIsNeededAndNamed) {
  for (const char* address : {"0.0.0.0", "::", "192.168.1.2"}) {
    GatewayConfig config;
    config.host = address;
    const auto status = config.Validate();
    ASSERT_FALSE(status) << address;
    EXPECT_THAT(status.error().message, HasSubstr("gateway.key"));
    config.key = Secret("long enough");
    EXPECT_TRUE(config.Validate()) << address;
  }
}

TEST(GatewayConfig, AKeyThatIsSoonGuessedIsRefused) {
  GatewayConfig config;
  config.key = Secret("1234567");
  EXPECT_THAT(config.Validate().error().message, HasSubstr("8 characters"));
}

TEST(GatewayConfig, HalfATlsConfigurationIsRefused) {
  GatewayConfig config;
  config.tls_cert_file = "cert.pem";
  EXPECT_THAT(config.Validate().error().message, HasSubstr("key_file"));
}

TEST(GatewayConfig, NamesAreAddedToTheDefaults) {
  config::Binder binder;
  GatewayConfig config;
  BindConfig(binder, config);
  ASSERT_TRUE(config::LoadText(binder, "[names.voices]\nalloy = \"piper/en_US-x\"\n", "test"));
  EXPECT_EQ(config.voice_names.at("alloy"), "piper/en_US-x");
  EXPECT_TRUE(config.voice_names.count("verse"));
}

TEST(Settings, WhatLlmSaysOfEveryConversationReachesTheSessions) {
  Settings settings;
  EXPECT_THAT(settings.SessionConfig().defaults.instructions, HasSubstr("one short sentence"));
  settings.llm.url = "http://127.0.0.1:1/v1";
  EXPECT_THAT(settings.SessionConfig().defaults.instructions, HasSubstr("voice assistant"));
  settings.llm.instructions = "Speak like a pirate.";
  settings.llm.max_tokens = 7;
  settings.llm.context_tokens = 300;
  const session::Session::Config config = settings.SessionConfig();
  EXPECT_EQ(config.defaults.instructions, "Speak like a pirate.");
  EXPECT_EQ(config.reply_tokens_max, 7);
  EXPECT_EQ(config.prompt_tokens_max, 300);
}

}  // namespace
}  // namespace parley::gateway
