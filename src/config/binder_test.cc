#include "config/binder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::config {
namespace {

using ::testing::ElementsAre;

TEST(Binder, NamesOfVariableAndFlagFollowFromTheKey) {
  int value = 3;
  Binder binder;
  const Setting& setting = binder.Field("worker.resident_cap", &value, {1, 64}, "doc");
  EXPECT_EQ(setting.env, "PARLEY_WORKER_RESIDENT_CAP");
  EXPECT_EQ(setting.flag, "--worker-resident-cap");
}

TEST(Binder, AnAliasReplacesTheFlag) {
  int value = 8080;
  Binder binder;
  EXPECT_EQ(binder.Field("http.port", &value, {0, 65535}, "doc").Alias("--port").flag, "--port");
}

TEST(Binder, TextIsReadByTheSettingsType) {
  bool flag = false;
  double number = 0;
  std::vector<std::string> list;
  std::map<std::string, std::string> map;
  Binder binder;
  const Setting& boolean = binder.Field("a.flag", &flag, "doc");
  const Setting& real = binder.Field("a.number", &number, {0, 1}, "doc");
  const Setting& texts = binder.Field("a.list", &list, "doc");
  const Setting& table = binder.Field("a.map", &map, "doc");
  EXPECT_EQ(std::get<bool>(*ParseText(boolean, "yes")), true);
  EXPECT_EQ(std::get<bool>(*ParseText(boolean, "0")), false);
  EXPECT_FALSE(ParseText(boolean, ""));
  EXPECT_EQ(std::get<double>(*ParseText(real, "0.5")), 0.5);
  EXPECT_FALSE(ParseText(real, "0.5x"));
  EXPECT_THAT(std::get<3 + 1>(*ParseText(texts, " a, b ,,c")), ElementsAre("a", "b", "c"));
  EXPECT_EQ((std::get<std::map<std::string, std::string>>(*ParseText(table, "x=1,y=a=b"))),
            (std::map<std::string, std::string>{{"x", "1"}, {"y", "a=b"}}));
  EXPECT_FALSE(ParseText(table, "x"));
}

TEST(BinderDeathTest, AKeyBoundTwiceIsABug) {
  int value = 1;
  Binder binder;
  binder.Field("a.b", &value, {0, 9}, "doc");
  EXPECT_DEATH(binder.Field("a.b", &value, {0, 9}, "doc"), "Find");
}

TEST(BinderDeathTest, ADefaultOutsideItsRangeIsABug) {
  int value = 10;
  Binder binder;
  EXPECT_DEATH(binder.Field("a.b", &value, {0, 9}, "doc"), "Check");
}

}  // namespace
}  // namespace parley::config
