#include "gateway/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/config.h"

namespace parley::gateway {
namespace {

Names Make() {
  return Names({{"gpt-*", ""}, {"gpt-4o-mini-tts", "piper/b"}, {"tts-1", ""}},
               {{"alloy", ""}, {"nova", "piper/n"}, {"sage", "piper/many#sage"}});
}

TEST(Names, KnownOnesAreMappedTheLongestWins) {
  const Names names = Make();
  EXPECT_EQ(*names.Model("gpt-realtime"), "");
  EXPECT_EQ(*names.Model("gpt-4o-mini-tts"), "piper/b");
  EXPECT_EQ(*names.Model(""), "");
  EXPECT_EQ(*names.Model("whisper/tiny.en"), "whisper/tiny.en");
  const auto unknown = names.Model("mistral");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Code::kNotFound);
}

TEST(Names, EveryNameOfTheOfficialClientsIsMapped) {
  const GatewayConfig config;
  const Names names(config.model_names, config.voice_names);
  for (const char* model : {"gpt-realtime", "gpt-realtime-2.1", "gpt-realtime-whisper",
                            "gpt-4o-mini-tts", "tts-1", "tts-1-hd", "whisper-1", "gpt-transcribe",
                            "gpt-4o-transcribe", "gpt-4o-realtime-preview"}) {
    EXPECT_TRUE(names.Model(model)) << model;
  }
  for (const char* voice : {"alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin",
                            "nova", "onyx", "sage", "shimmer", "verse"}) {
    EXPECT_TRUE(names.Voice("tts-1", voice)) << voice;
  }
}

TEST(Names, VoicesAreModelsAndSpeakers) {
  const Names names = Make();
  EXPECT_EQ(*names.Voice("tts-1", "alloy"), (VoiceName{"", ""}));
  EXPECT_EQ(*names.Voice("tts-1", "nova"), (VoiceName{"piper/n", ""}));
  EXPECT_EQ(*names.Voice("tts-1", "sage"), (VoiceName{"piper/many", "sage"}));
  EXPECT_EQ(*names.Voice("tts-1", "piper/x#p1"), (VoiceName{"piper/x", "p1"}));
  EXPECT_EQ(*names.Voice("piper/y", "p2"), (VoiceName{"piper/y", "p2"}));
  EXPECT_EQ(*names.Voice("piper/y", "nova"), (VoiceName{"piper/y", ""}));
  EXPECT_EQ(*names.Voice("", ""), (VoiceName{"", ""}));
  const auto unknown = names.Voice("tts-1", "bob");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, ::testing::HasSubstr("alloy"));
}

}  // namespace
}  // namespace parley::gateway
