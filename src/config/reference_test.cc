#include "config/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/loader.h"

namespace parley::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct Example {
  int port = 8080;
  std::string url = "a \"quoted\"\nline";
  Secret key;
};

void Bind(Binder& binder, Example& example) {
  binder.Field("http.port", &example.port, {0, 65535}, "0 takes a free one.").Alias("--port");
  binder.Field("llm.url", &example.url, "Base of the endpoint | or nothing.");
  binder.Secret("llm.key", &example.key, "Key of the endpoint.");
}

TEST(Reference, TheEffectiveConfigurationReadsBack) {
  Example example;
  Binder binder;
  Bind(binder, example);
  ASSERT_TRUE(Load(binder, {.flags = {{"http.port", "9"}, {"llm.key", "sk-1"}}}));
  const std::string text = EffectiveToml(binder);
  EXPECT_THAT(text, HasSubstr("port = 9  # command line\n"));

  // key_file is empty text in the output; reading it back must not look for such a file.
  Example again;
  again.url = "";
  Binder second;
  Bind(second, again);
  const Status loaded = LoadText(second, text, "effective");
  ASSERT_TRUE(loaded) << loaded.error().message << "\n" << text;
  EXPECT_EQ(again.port, 9);
  EXPECT_EQ(again.url, example.url);
}

TEST(Reference, SecretsAreNeverPrinted) {
  Example example;
  Binder binder;
  Bind(binder, example);
  ASSERT_TRUE(Load(binder, {.env = {{"PARLEY_LLM_KEY", "sk-1"}}}));
  EXPECT_THAT(EffectiveToml(binder),
              AllOf(HasSubstr("# key = \"(hidden)\"  # environment"), Not(HasSubstr("sk-1"))));
  EXPECT_THAT(ReferenceMarkdown(binder), Not(HasSubstr("sk-1")));
}

TEST(Reference, EverySettingHasItsRow) {
  Example example;
  Binder binder;
  Bind(binder, example);
  const std::string text = ReferenceMarkdown(binder);
  EXPECT_THAT(text,
              HasSubstr("| `port` | an integer 0…65535 | `8080` | `PARLEY_HTTP_PORT` `--port` "
                        "| 0 takes a free one. |\n"));
  EXPECT_THAT(text, HasSubstr("Base of the endpoint \\| or nothing."));
}

}  // namespace
}  // namespace parley::config
