#include "cli/bench/scripted_llm.h"

#include <gtest/gtest.h>

#include "net/client.h"

namespace parley::cli::bench {
namespace {

TEST(ScriptedLlm, StreamsItsRepliesInTurnWordByWordAndEndsAsTheProtocolSays) {
  const auto llm = ScriptedLlm::Start(
      {.first_token_ms = 0, .token_interval_ms = 0, .replies = {"One two.", "Three."}});
  ASSERT_TRUE(llm) << llm.error().message;
  const auto first = net::Fetch(
      {.method = "POST", .url = (*llm)->url() + "/chat/completions", .body = R"({"stream":true})"});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_NE(first->body.find(R"("content":"One")"), std::string::npos) << first->body;
  EXPECT_NE(first->body.find(R"("content":" two.")"), std::string::npos);
  EXPECT_TRUE(first->body.ends_with("data: [DONE]\n\n"));
  const auto second = net::Fetch(
      {.method = "POST", .url = (*llm)->url() + "/chat/completions", .body = R"({"stream":true})"});
  EXPECT_NE(second->body.find("Three."), std::string::npos);
  EXPECT_EQ((*llm)->requests(), 2);
}

TEST(ScriptedLlm, AnythingElseIsNotThere) {
  const auto llm = ScriptedLlm::Start({});
  ASSERT_TRUE(llm);
  EXPECT_EQ(net::Fetch({.url = (*llm)->url() + "/poems"})->status, 404);
}

}  // namespace
}  // namespace parley::cli::bench
