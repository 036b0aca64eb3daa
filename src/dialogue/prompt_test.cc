#include "dialogue/prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace parley::dialogue {
namespace {

using Model = ports::LanguageModel;
using Role = Model::Role;
using Speaker = HistoryEntry::Speaker;

HistoryEntry User(std::string text) { return {.speaker = Speaker::kUser, .text = std::move(text)}; }
HistoryEntry Agent(std::string text, bool cut = false) {
  return {.speaker = Speaker::kAgent, .text = std::move(text), .cut = cut};
}

// "u:hi a:hello": who says what.
std::string Shown(const std::vector<Model::Message>& messages) {
  std::string out;
  for (const auto& message : messages) {
    out += out.empty() ? "" : " | ";
    out += "suat"[static_cast<int>(message.role)];
    out += ":" + message.text;
  }
  return out;
}

constexpr size_t kPlenty = 10'000;

TEST(Prompt, InstructionsThenTheConversationInOrder) {
  const std::vector<HistoryEntry> history{User("hi"), Agent("hello"), User("bye")};
  EXPECT_EQ(Shown(BuildPrompt("be brief", history, kPlenty)),
            "s:be brief | u:hi | a:hello | u:bye");
  EXPECT_EQ(Shown(BuildPrompt("", history, kPlenty)), "u:hi | a:hello | u:bye");
}

TEST(Prompt, AStoppedTurnEndsWithADash) {
  const std::vector<HistoryEntry> history{User("hi"), Agent("The capital is ", true), User("wait")};
  EXPECT_EQ(Shown(BuildPrompt("", history, kPlenty)), "u:hi | a:The capital is— | u:wait");
}

TEST(Prompt, WhatWasNeverHeardIsNotThereAndTheUsersWordsJoin) {
  const std::vector<HistoryEntry> history{User("What is"), Agent("", true), User("the capital?")};
  EXPECT_EQ(Shown(BuildPrompt("", history, kPlenty)), "u:What is the capital?");
}

TEST(Prompt, OldTurnsFallOutBeforeTheInstructionsDo) {
  std::vector<HistoryEntry> history;
  for (int i = 0; i < 100; ++i) {
    history.push_back(User("question " + std::to_string(i)));
    history.push_back(Agent("answer " + std::to_string(i)));
  }
  history.push_back(User("last"));
  const auto messages = BuildPrompt("be brief", history, 60);
  EXPECT_EQ(messages.front().text, "be brief");
  EXPECT_EQ(messages[1].role, Role::kUser);
  EXPECT_EQ(messages.back().text, "last");
  EXPECT_LT(messages.size(), 10u);
  EXPECT_GT(messages.size(), 3u);
}

TEST(Prompt, TheNewestWordsStayEvenWhenTheyAloneAreTooLong) {
  const std::vector<HistoryEntry> history{User("a"), Agent("b"), User(std::string(5000, 'x'))};
  const auto messages = BuildPrompt("be brief", history, 10);
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[1].text.size(), 5000u);
}

TEST(Prompt, AToolsAnswerIsNeverShownWithoutItsCall) {
  HistoryEntry call = Agent("");
  call.tool_calls = {{"c1", "weather", "{}"}};
  HistoryEntry answer{
      .speaker = Speaker::kTool, .text = std::string(500, 'x'), .tool_call_id = "c1"};
  const std::vector<HistoryEntry> history{User("old"), Agent("old"), User("weather?"), call,
                                          answer};
  const auto messages = BuildPrompt("", history, 10);
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[0].text, "weather?");
  EXPECT_EQ(messages[1].tool_calls.size(), 1u);
  EXPECT_EQ(messages[2].tool_call_id, "c1");
}

HistoryEntry Call(const std::string& id) {
  HistoryEntry call = Agent("");
  call.tool_calls = {{id, "weather", "{}"}};
  return call;
}
HistoryEntry Answer(const std::string& id, const std::string& text) {
  return {.speaker = Speaker::kTool, .text = text, .tool_call_id = id};
}

TEST(Prompt, CallsMadeTogetherAreOneMessageWithTheirAnswersBehindIt) {
  const std::vector<HistoryEntry> history{User("weather?"), Agent("Let me look."), Call("a"),
                                          Call("b"),        User("hurry up"),      Answer("b", "B"),
                                          Answer("a", "A")};
  const auto messages = BuildPrompt("", history, kPlenty);
  ASSERT_EQ(messages.size(), 5u);
  EXPECT_EQ(messages[1].text, "Let me look.");
  ASSERT_EQ(messages[1].tool_calls.size(), 2u);
  EXPECT_EQ(messages[2].tool_call_id, "a");
  EXPECT_EQ(messages[2].text, "A");
  EXPECT_EQ(messages[3].text, "B");
  EXPECT_EQ(messages[4].text, "hurry up");
}

TEST(Prompt, ACallThatNobodyAnsweredIsLeftOut) {
  const std::vector<HistoryEntry> history{User("weather?"), Call("a"), Call("b"), Answer("b", "B"),
                                          User("well?")};
  const auto messages = BuildPrompt("", history, kPlenty);
  ASSERT_EQ(messages.size(), 4u);
  ASSERT_EQ(messages[1].tool_calls.size(), 1u);
  EXPECT_EQ(messages[1].tool_calls[0].id, "b");
  EXPECT_EQ(BuildPrompt("", std::vector{User("x"), Call("a"), User("y")}, kPlenty).size(), 1u);
}

TEST(Prompt, TheSameIdTwiceIsTwoCalls) {
  const std::vector<HistoryEntry> history{User("x"), Call("a"), Answer("a", "one"),
                                          User("y"), Call("a"), Answer("a", "two")};
  const auto messages = BuildPrompt("", history, kPlenty);
  ASSERT_EQ(messages.size(), 6u);
  EXPECT_EQ(messages[2].text, "one");
  EXPECT_EQ(messages[5].text, "two");
}

TEST(Prompt, AGreetingOfTheAgentMayComeFirst) {
  const std::vector<HistoryEntry> history{Agent("Hello, how can I help?"), User("hi")};
  EXPECT_EQ(Shown(BuildPrompt("", history, kPlenty)), "a:Hello, how can I help? | u:hi");
}

TEST(Prompt, WhateverTheHistoryTheNewestEntryIsShownAndTheSystemPromptStays) {
  EXPECT_TRUE(rc::check([](std::vector<std::pair<bool, std::string>> talk, uint16_t budget) {
    std::vector<HistoryEntry> history;
    for (auto& [user, text] : talk) history.push_back(user ? User(text + "x") : Agent(text + "x"));
    const auto messages = BuildPrompt("be brief", history, budget);
    RC_ASSERT(messages.front().text == "be brief");
    if (history.empty()) return;
    RC_ASSERT(messages.back().text.ends_with(history.back().text));
    const bool whole = messages.size() == history.size() + 1;
    const bool begins_with_agent = messages[1].role == Role::kAssistant;
    RC_ASSERT(!begins_with_agent || whole || history.front().speaker == Speaker::kAgent);
  }));
}

}  // namespace
}  // namespace parley::dialogue
