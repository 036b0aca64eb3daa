#include "config/internal/env_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/testing/temp_dir.h"
#include "config/loader.h"

namespace parley::config {
namespace {

using internal::ParseEnvFile;
using ::testing::HasSubstr;

std::string ValueOf(std::string_view line) {
  const auto lines = ParseEnvFile(line);
  if (lines.size() != 1) return "(" + std::to_string(lines.size()) + " lines)";
  return lines[0].problem.empty() ? lines[0].name + "|" + lines[0].value : lines[0].problem;
}

TEST(EnvFile, LinesAreReadAsDockerAndComposeReadThem) {
  EXPECT_EQ(ValueOf("A=1"), "A|1");
  EXPECT_EQ(ValueOf("  A = 1 2  \r"), "A|1 2");
  EXPECT_EQ(ValueOf("A="), "A|");
  EXPECT_EQ(ValueOf("export A=1"), "A|1");
  EXPECT_EQ(ValueOf("A=1 # one"), "A|1");
  EXPECT_EQ(ValueOf("A=# none"), "A|");
  EXPECT_EQ(ValueOf("A=redis://h:1/#x"), "A|redis://h:1/#x");
  EXPECT_EQ(ValueOf("A=\"1 # not a comment\" # a comment"), "A|1 # not a comment");
  EXPECT_EQ(ValueOf("A='x=\"y\"'"), "A|x=\"y\"");
  EXPECT_EQ(ValueOf("# A=1"), "(0 lines)");
  EXPECT_EQ(ValueOf("\n\n"), "(0 lines)");
}

TEST(EnvFile, WhatIsNoLineOfOneIsSaidWithItsNumber) {
  EXPECT_THAT(ValueOf("A"), HasSubstr("NAME=value"));
  EXPECT_THAT(ValueOf("1A=2"), HasSubstr("NAME=value"));
  EXPECT_THAT(ValueOf("A=\"open"), HasSubstr("quote"));
  EXPECT_THAT(ValueOf("A=\"x\" y"), HasSubstr("quote"));
  EXPECT_EQ(ParseEnvFile("\n# c\nA=1\n")[0].number, 3);
}

class EnvFileLoad : public ::testing::Test {
 protected:
  void SetUp() override {
    binder_.Field("worker.ttl_ms", &ttl_ms_, {0, 1000}, "How long.").Also("TTL_MS");
  }
  Status LoadLines(const std::string& lines, std::map<std::string, std::string> env = {}) {
    const auto path = dir_.path() / "env";
    std::ofstream(path) << lines;
    return Load(binder_, {.env_file = path, .env = std::move(env)});
  }

  parley::testing::TempDir dir_;
  int ttl_ms_ = 5;
  Binder binder_;
};

TEST_F(EnvFileLoad, BothNamesOfASettingCount) {
  ASSERT_TRUE(LoadLines("TTL_MS=7 # short\n"));
  EXPECT_EQ(ttl_ms_, 7);
  ASSERT_TRUE(LoadLines("PARLEY_WORKER_TTL_MS=8\n"));
  EXPECT_EQ(ttl_ms_, 8);
}

TEST_F(EnvFileLoad, ChoicesMayBeWrittenInCapitals) {
  std::string level = "warn";
  binder_.Choice("worker.log_level", &level, {"info", "warn"}, "How much.").Also("LOG_LEVEL");
  ASSERT_TRUE(LoadLines("LOG_LEVEL=INFO\n"));
  EXPECT_EQ(level, "info");
}

TEST_F(EnvFileLoad, TheProcessEnvironmentGoesBefore) {
  ASSERT_TRUE(LoadLines("TTL_MS=7\n", {{"TTL_MS", "9"}}));
  EXPECT_EQ(ttl_ms_, 9);
}

TEST_F(EnvFileLoad, AnUnknownNameAndAWrongValueAreErrorsWithTheirLines) {
  const auto loaded = LoadLines("TTL_MS=7\n\nTLT_MS=1\nTTL_MS=many\n");
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("env:3: unknown variable 'TLT_MS'"));
  EXPECT_THAT(loaded.error().message, HasSubstr("env:4: TTL_MS: "));
}

}  // namespace
}  // namespace parley::config
