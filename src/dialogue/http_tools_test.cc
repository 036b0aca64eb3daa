#include "dialogue/http_tools.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "catalog/testing/http_server.h"

namespace parley::dialogue {
namespace {

using parley::testing::HttpConnection;
using parley::testing::HttpRequestSeen;
using parley::testing::HttpServer;
using ::testing::HasSubstr;

class HttpToolsTest : public ::testing::Test {
 protected:
  Result<std::vector<HttpTool>> Read(const std::string& json) {
    const auto path = folder_.path() / "tools.json";
    EXPECT_TRUE(WriteFileAtomically(path, json));
    return ReadHttpTools(path);
  }
  std::string Ask(const HttpTool& tool) {
    std::promise<std::string> answer;
    HttpToolCaller caller;
    caller.Call(tool, R"({"town":"Ulm"})",
                [&](std::string text) { answer.set_value(std::move(text)); });
    return answer.get_future().get();
  }

  parley::testing::TempDir folder_;
};

TEST_F(HttpToolsTest, AFileDeclaresTools) {
  const auto secret = folder_.path() / "secret";
  ASSERT_TRUE(WriteFileAtomically(secret, "Bearer abc\n"));
  const auto tools = Read(R"([{"name":"weather","description":"Of a town.","url":"http://h/w",
      "parameters":{"type":"object"},"timeout_ms":500,"authorization_file":")" +
                          secret.string() + R"("},{"name":"time","url":"https://h/t"}])");
  ASSERT_TRUE(tools) << tools.error().message;
  ASSERT_EQ(tools->size(), 2u);
  EXPECT_EQ((*tools)[0].declared.name, "weather");
  EXPECT_EQ((*tools)[0].declared.parameters, R"({"type":"object"})");
  EXPECT_EQ((*tools)[0].authorization.Reveal(), "Bearer abc");
  EXPECT_EQ((*tools)[1].timeout_ms, 2000);
}

TEST_F(HttpToolsTest, AMistakeNamesTheToolAndTheField) {
  struct Case {
    const char* json;
    const char* says;
  };
  const Case cases[] = {
      {"{}", "JSON list"},
      {"[", "JSON list"},
      {"[1]", "no JSON object"},
      {R"([{"url":"http://h"}])", "'name'"},
      {R"([{"name":"a b","url":"http://h"}])", "'name'"},
      {R"([{"name":"a"}])", "'url'"},
      {R"([{"name":"a","url":"file:///etc/passwd"}])", "'url'"},
      {R"([{"name":"a","url":"http://h","timeout_ms":5}])", "between 10 and 30000"},
      {R"([{"name":"a","url":"http://h","speed":5}])", "'speed'"},
      {R"([{"name":"a","url":"http://h","parameters":[]}])", "'parameters'"},
      {R"([{"name":"a","url":"http://h","authorization_file":"/nowhere"}])", "/nowhere"},
      {R"([{"name":"a","url":"http://h"},{"name":"a","url":"http://h"}])", "twice"},
  };
  for (const Case& one : cases) {
    const auto tools = Read(one.json);
    ASSERT_FALSE(tools) << one.json;
    EXPECT_THAT(tools.error().message, HasSubstr(one.says)) << one.json;
  }
}

TEST_F(HttpToolsTest, ACallIsAPostAndItsAnswerWhatTheModelIsTold) {
  HttpServer server([](const HttpRequestSeen&, HttpConnection& connection) {
    connection.Respond(200, "sunny \xff", "");
  });
  const HttpTool tool{.url = server.Url("/w"), .authorization = Secret("Bearer abc")};
  EXPECT_EQ(Ask(tool), "sunny ");
  const auto seen = server.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.body, R"({"town":"Ulm"})");
  EXPECT_EQ(seen.headers.at("authorization"), "Bearer abc");
  EXPECT_EQ(seen.headers.at("content-type"), "application/json");
}

TEST_F(HttpToolsTest, WhatGoesWrongIsToldToo) {
  HttpServer server([](const HttpRequestSeen& request, HttpConnection& connection) {
    if (request.target == "/mute") return connection.WaitUntilClosed();
    if (request.target == "/long") {
      connection.Respond(200, std::string(100'000, 'a'));
    } else if (request.target == "/moved") {
      connection.Respond(302, "", "Location: /long\r\n");
    } else {
      connection.Respond(500, "secret details");
    }
  });
  EXPECT_THAT(Ask({.url = server.Url("/mute"), .timeout_ms = 50}), HasSubstr("within 50 ms"));
  EXPECT_EQ(Ask({.url = server.Url("/long")}).size(), HttpToolCaller::kAnswerBytesMax);
  EXPECT_EQ(Ask({.url = server.Url("/moved")}), R"({"error":"the tool said 302"})");
  EXPECT_EQ(Ask({.url = server.Url("/broken")}), R"({"error":"the tool said 500"})");
  EXPECT_THAT(Ask({.url = "http://127.0.0.1:1/"}), HasSubstr("cannot be reached"));
}

TEST_F(HttpToolsTest, WhoIsMuteDoesNotHoldUpTheEnd) {
  HttpServer server(
      [](const HttpRequestSeen&, HttpConnection& connection) { connection.WaitUntilClosed(); });
  const HttpTool tool{.url = server.Url("/"), .timeout_ms = 30'000};
  HttpToolCaller caller;
  for (int i = 0; i < 10; ++i) caller.Call(tool, "{}", [](const std::string&) {});
}

}  // namespace
}  // namespace parley::dialogue
