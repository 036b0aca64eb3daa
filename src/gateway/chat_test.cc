// POST /v1/chat/completions: bodies, and answers from a fake model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/chat_request.h"
#include "gateway/testing/fake_gateway.h"

namespace parley::gateway {
namespace {

using testing::FakeGateway;
using ::testing::HasSubstr;
using Json = nlohmann::json;
using Role = ports::LanguageModel::Role;

constexpr const char* kHello =
    R"({"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]})";

TEST(ChatRequest, TakesWhatTheModelCanUse) {
  const auto request = ParseChatRequest(R"({"model":"gpt-4o","stream":true,"temperature":0.5,
      "max_completion_tokens":50,"seed":7,"stop":"END","unknown":1,"parallel_tool_calls":false,
      "stream_options":{"include_usage":true},
      "tool_choice":{"type":"function","function":{"name":"f"}},
      "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],
      "messages":[{"role":"developer","content":"Be brief."},
        {"role":"user","content":[{"type":"text","text":"Hel"},{"type":"text","text":"lo"}]},
        {"role":"assistant","content":null,"tool_calls":[
          {"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"c","content":"done"}]})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_TRUE(request->stream && request->include_usage);
  const auto& messages = request->work.messages;
  ASSERT_EQ(messages.size(), 4u);
  EXPECT_EQ(messages[0].role, Role::kSystem);
  EXPECT_EQ(messages[1].text, "Hello");
  EXPECT_EQ(messages[2].tool_calls[0].name, "f");
  EXPECT_EQ(messages[3].tool_call_id, "c");
  EXPECT_EQ(request->work.sampling.max_tokens, 50);
  EXPECT_EQ(request->work.sampling.tool_choice, "f");
  EXPECT_EQ(request->work.sampling.stop, std::vector<std::string>{"END"});
  EXPECT_EQ(request->work.sampling.parallel_tool_calls, false);
  EXPECT_EQ(request->work.tools[0].parameters, R"({"type":"object"})");
}

TEST(ChatRequest, NamesWhatIsWrong) {
  struct Case {
    std::string body;
    const char* param;
    const char* code;
  };
  const auto with = [](const std::string& more) {
    return R"({"model":"m","messages":[{"role":"user","content":"x"}],)" + more + "}";
  };
  const auto message = [](const std::string& json) {
    return R"({"model":"m","messages":[)" + json + "]}";
  };
  for (const Case& c : {
           Case{"", "", "invalid_json"},
           {"[]", "", "invalid_json"},
           {std::string(100'000, '['), "", "invalid_json"},
           {R"({"messages":[]})", "model", "missing_required_parameter"},
           {R"({"model":"m"})", "messages", "missing_required_parameter"},
           {R"({"model":"m","messages":[]})", "messages", "invalid_value"},
           {R"({"model":7,"messages":[]})", "model", "invalid_type"},
           {message("7"), "messages[0]", "invalid_type"},
           {message(R"({"content":"x"})"), "messages[0].role", "missing_required_parameter"},
           {message(R"({"role":"ghost","content":"x"})"), "messages[0].role", "invalid_value"},
           {message(R"({"role":"user"})"), "messages[0].content", "missing_required_parameter"},
           {message(R"({"role":"user","content":[{"type":"image_url"}]})"),
            "messages[0].content[0].type", "invalid_value"},
           {message(R"({"role":"tool","content":"x"})"), "messages[0].tool_call_id",
            "missing_required_parameter"},
           {message(R"({"role":"assistant","tool_calls":[{}]})"),
            "messages[0].tool_calls[0].function", "missing_required_parameter"},
           {with(R"("temperature":3)"), "temperature", "invalid_value"},
           {with(R"("max_tokens":0)"), "max_tokens", "invalid_value"},
           {with(R"("max_tokens":1.5)"), "max_tokens", "invalid_type"},
           {with(R"("stream":"yes")"), "stream", "invalid_type"},
           {with(R"("n":2)"), "n", "invalid_value"},
           {with(R"("response_format":{"type":"json_object"})"), "response_format.type",
            "invalid_value"},
           {with(R"("tools":[{}])"), "tools[0].function", "missing_required_parameter"},
           {with(R"("tool_choice":"maybe")"), "tool_choice", "invalid_value"},
           {with(R"("stop":[1])"), "stop", "invalid_type"},
       }) {
    const auto request = ParseChatRequest(c.body);
    ASSERT_FALSE(request) << c.body.substr(0, 200);
    EXPECT_EQ(request.error().status, 400);
    EXPECT_EQ(request.error().param, c.param) << c.body.substr(0, 200);
    EXPECT_EQ(request.error().code, c.code) << c.body.substr(0, 200);
  }
}

TEST(Chat, AnAnswerComesWhole) {
  FakeGateway gateway;
  const auto answer = gateway.Post("/v1/chat/completions", kHello);
  ASSERT_EQ(answer->status, 200) << answer->body;
  const Json json = Json::parse(answer->body);
  EXPECT_EQ(json["object"], "chat.completion");
  EXPECT_EQ(json["model"], "gpt-4o");
  EXPECT_EQ(json["choices"][0]["message"]["content"], "Hello there.");
  EXPECT_EQ(json["choices"][0]["finish_reason"], "stop");
  EXPECT_TRUE(json["usage"]["total_tokens"].is_number());
  EXPECT_EQ(gateway.language_model.requests().at(0).model, "") << "the default one";
}

TEST(Chat, AStreamCarriesTextCallsAndUsage) {
  FakeGateway gateway;
  ASSERT_EQ(gateway.Post("/v1/chat/completions", kHello)->status, 200);
  const auto answer =
      gateway.Post("/v1/chat/completions",
                   R"({"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true},
          "messages":[{"role":"user","content":"Look."}]})");
  ASSERT_EQ(answer->status, 200);
  EXPECT_EQ(answer->headers.Get("content-type"), "text/event-stream");
  EXPECT_THAT(answer->body, HasSubstr(R"("delta":{"role":"assistant","content":""})"));
  EXPECT_THAT(answer->body, HasSubstr(R"("delta":{"content":"Let me look."})"));
  EXPECT_THAT(answer->body, HasSubstr(R"("name":"f","arguments":"{}"},"index":0)"));
  EXPECT_THAT(answer->body, HasSubstr(R"("finish_reason":"tool_calls")"));
  EXPECT_THAT(answer->body, HasSubstr(R"("choices":[],"usage":{)"));
  EXPECT_TRUE(answer->body.ends_with("data: [DONE]\n\n"));
}

TEST(Chat, AModelThatIsNotHereIsNotFound) {
  FakeGateway gateway;
  const auto answer = gateway.Post(
      "/v1/chat/completions", R"({"model":"nope","messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(Json::parse(answer->body)["error"]["code"], "model_not_found");
}

}  // namespace
}  // namespace parley::gateway
