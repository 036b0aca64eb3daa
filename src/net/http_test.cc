#include "net/http.h"

#include <gtest/gtest.h>

namespace parley::net {
namespace {

TEST(HttpTarget, IsSplitAndDecoded) {
  const auto target = ParseTarget("/v1/a%20b?model=gpt%2Drealtime&x=1+2&flag&=v");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/v1/a b");
  ASSERT_EQ(target->query.size(), 4u);
  EXPECT_EQ(target->query[0], std::pair(std::string("model"), std::string("gpt-realtime")));
  EXPECT_EQ(target->query[1].second, "1 2");
  EXPECT_EQ(target->query[2], std::pair(std::string("flag"), std::string()));
}

TEST(HttpTarget, RefusesBadEscapesAndControlCharacters) {
  for (const char* bad : {"", "x", "*", "/%", "/%4", "/%zz", "/a%00", "/a%0d%0ab", "/?q=%1f"}) {
    EXPECT_FALSE(ParseTarget(bad)) << bad;
  }
  EXPECT_TRUE(ParseTarget("/%41"));
}

TEST(HttpHeaders, CompareWithoutRegardToCase) {
  Headers headers{{"Content-Type", "a"}, {"X", "1"}, {"content-type", "b"}};
  EXPECT_EQ(headers.Get("CONTENT-TYPE"), "a");
  headers.Set("content-Type", "c");
  EXPECT_EQ(headers.Get("Content-Type"), "c");
  EXPECT_EQ(headers.size(), 2u);
  EXPECT_FALSE(headers.Has("y"));
}

TEST(HttpFieldValue, ParametersAreUnquoted) {
  const auto value = ParseParameterizedValue(R"(Form-Data; name="a\"b"; filename=x.wav ;Empty=)");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->value, "form-data");
  EXPECT_EQ(value->Parameter("name"), "a\"b");
  EXPECT_EQ(value->Parameter("filename"), "x.wav");
  EXPECT_EQ(value->Parameter("empty"), "");
  EXPECT_FALSE(value->Parameter("other"));
  EXPECT_FALSE(ParseParameterizedValue(R"(a; b="c)"));
  std::string many = "a";
  for (int i = 0; i < 17; ++i) many += ";p=1";
  EXPECT_FALSE(ParseParameterizedValue(many));
}

TEST(HttpList, IsSplitAtCommas) {
  EXPECT_EQ(SplitList(" realtime, ,key.x ,"), (std::vector<std::string_view>{"realtime", "key.x"}));
  EXPECT_TRUE(SplitList("").empty());
}

TEST(HttpUrl, IsParsed) {
  const auto plain = ParseUrl("http://127.0.0.1:8080/v1/x?y=z");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->Authority(), "127.0.0.1:8080");
  EXPECT_EQ(plain->target, "/v1/x?y=z");
  EXPECT_FALSE(plain->tls());
  const auto six = ParseUrl("wss://[::1]");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->port, 443);
  EXPECT_EQ(six->target, "/");
  EXPECT_EQ(six->Authority(), "[::1]");
  EXPECT_TRUE(six->tls());
  for (const char* bad : {"", "127.0.0.1:80", "ftp://a", "http://", "http://a:0", "http://a:x",
                          "http://u@a", "http://[::1", "http://a:70000"}) {
    EXPECT_FALSE(ParseUrl(bad)) << bad;
  }
}

TEST(HttpTypes, ScriptsAreScripts) {
  EXPECT_EQ(ContentTypeOf("app.js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(ContentTypeOf("x.unknown"), "application/octet-stream");
}

}  // namespace
}  // namespace parley::net
