#include "dialogue/chat_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace parley::dialogue {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
using Model = ports::LanguageModel;

TEST(ChatRequest, CarriesTheConversationAndTheTools) {
  Model::Request request{.model = "m"};
  request.messages = {{Model::Role::kSystem, "be brief", {}, {}},
                      {Model::Role::kUser, "weather?", {}, {}},
                      {Model::Role::kAssistant, "", {{"c1", "weather", "{\"in\":\"Rome\"}"}}, {}},
                      {Model::Role::kTool, "sunny", {}, "c1"}};
  request.tools = {{"weather", "tells it", R"({"type":"object"})"}, {"now", "", ""}};
  request.sampling = {.temperature = 0, .top_k = 40, .max_tokens = 9, .stop = {"\n"}};
  request.sampling.tool_choice = "weather";
  const Json body = Json::parse(EncodeChatRequest(request, "max_completion_tokens"));
  EXPECT_EQ(body["model"], "m");
  EXPECT_EQ(body["stream"], true);
  EXPECT_EQ(body["stream_options"]["include_usage"], true);
  EXPECT_EQ(body["messages"][1], Json({{"role", "user"}, {"content", "weather?"}}));
  EXPECT_EQ(body["messages"][2]["content"], nullptr);
  EXPECT_EQ(body["messages"][2]["tool_calls"][0]["function"]["name"], "weather");
  EXPECT_EQ(body["messages"][3]["tool_call_id"], "c1");
  EXPECT_EQ(body["tools"][0]["function"]["parameters"]["type"], "object");
  EXPECT_FALSE(body["tools"][1]["function"].contains("parameters"));
  EXPECT_EQ(body["tool_choice"]["function"]["name"], "weather");
  EXPECT_EQ(body["temperature"], 0.0);
  EXPECT_EQ(body["max_completion_tokens"], 9);
  EXPECT_EQ(body["stop"], Json({"\n"}));
  EXPECT_FALSE(body.contains("top_k"));
  EXPECT_FALSE(body.contains("max_tokens"));
}

TEST(ChatRequest, BrokenTextDoesNotBreakTheRequest) {
  Model::Request request;
  request.messages = {{Model::Role::kUser, "a\xff", {}, {}}};
  EXPECT_FALSE(
      Json::parse(EncodeChatRequest(request, "max_tokens"), nullptr, false).is_discarded());
}

TEST(ChatReader, JoinsTextAndCountsTokens) {
  ChatReader reader;
  EXPECT_EQ(*reader.Read(R"({"choices":[{"delta":{"role":"assistant","content":""}}]})"), "");
  EXPECT_EQ(*reader.Read(R"({"choices":[{"delta":{"content":"Pa"}}]})"), "Pa");
  EXPECT_EQ(*reader.Read(R"({"choices":[{"delta":{},"finish_reason":"stop"}],"usage":null})"), "");
  EXPECT_EQ(*reader.Read(R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,
      "prompt_tokens_details":{"cached_tokens":5}}})"),
            "");
  EXPECT_FALSE(reader.complete());
  EXPECT_EQ(*reader.Read("[DONE]"), "");
  EXPECT_TRUE(reader.complete());
  const auto done = reader.Finish();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->reason, Model::DoneReason::kStop);
  EXPECT_EQ(done->prompt_tokens, 7);
  EXPECT_EQ(done->tokens, 2);
  EXPECT_EQ(done->cached_tokens, 5);
}

TEST(ChatReader, JoinsToolCallsByTheirIndex) {
  ChatReader reader;
  for (
      const char* data :
      {R"({"choices":[{"delta":{"tool_calls":[
            {"index":0,"id":"a","function":{"name":"f","arguments":""}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"g"}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[
            {"index":0,"function":{"arguments":"1}"}}]},"finish_reason":"stop"}]})"}) {
    ASSERT_TRUE(reader.Read(data));
  }
  EXPECT_EQ(reader.tool_calls(),
            (std::vector<Model::ToolCall>{{"a", "f", "{\"x\":1}"}, {"b", "g", "{}"}}));
  EXPECT_EQ(reader.Finish()->reason, Model::DoneReason::kToolCalls);
}

TEST(ChatReader, AnyOtherShapeIsIgnoredOrRefusedButNeverTrusted) {
  ChatReader reader;
  EXPECT_EQ(reader.Read("not json").error().code, Code::kDataLoss);
  EXPECT_EQ(reader.Read("[]").error().code, Code::kDataLoss);
  for (const char* data :
       {"{}", R"({"choices":3})", R"({"choices":[3]})", R"({"choices":[{"delta":[]}]})",
        R"({"choices":[{"delta":{"content":3}}]})", R"({"usage":[1]})",
        R"({"choices":[{"delta":{"tool_calls":[3]}}]})"}) {
    EXPECT_EQ(reader.Read(data).value_or("?"), "") << data;
  }
}

TEST(ChatReader, AnErrorWithinTheStreamIsOne) {
  ChatReader reader;
  const auto read = reader.Read(R"({"error":{"message":"out of memory","code":500}})");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "out of memory");
}

TEST(ChatReader, WithoutAnyEndItWasCut) {
  ChatReader reader;
  ASSERT_TRUE(reader.Read(R"({"choices":[{"delta":{"content":"Pa"}}]})"));
  EXPECT_EQ(reader.Finish().error().code, Code::kUnavailable);
}

TEST(ChatReader, EndlessArgumentsAreRefused) {
  ChatReader reader;
  const std::string data =
      R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":")" +
      std::string(100'000, 'x') + R"("}}]}}]})";
  EXPECT_TRUE(reader.Read(data));
  EXPECT_TRUE(reader.Read(data));
  EXPECT_EQ(reader.Read(data).error().code, Code::kOutOfRange);
}

TEST(ErrorMessage, IsFoundInTheFormsThatServersUse) {
  EXPECT_EQ(ErrorMessageOf(R"({"error":{"message":"no"}})"), "no");
  EXPECT_EQ(ErrorMessageOf(R"({"error":"no"})"), "no");
  EXPECT_EQ(ErrorMessageOf(R"({"detail":"no"})"), "no");
  EXPECT_EQ(ErrorMessageOf("<html>\nno"), "<html> no");
  EXPECT_EQ(ErrorMessageOf(std::string(1000, 'x')).size(), 300u);
}

}  // namespace
}  // namespace parley::dialogue
