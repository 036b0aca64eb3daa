#include "llama/conversation_cut.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::llama {
namespace {

using Message = ports::LanguageModel::Message;
using Role = ports::LanguageModel::Role;

Message Of(Role role, std::string text) { return {.role = role, .text = std::move(text)}; }

TEST(ConversationCut, ForgetsTheOldestTurnAndKeepsTheSystem) {
  std::vector<Message> messages = {Of(Role::kSystem, "s"), Of(Role::kUser, "1"),
                                   Of(Role::kAssistant, "a"), Of(Role::kUser, "2")};
  EXPECT_TRUE(ForgetOldestTurn(messages));
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].text, "s");
  EXPECT_EQ(messages[1].text, "2");
}

TEST(ConversationCut, NeverForgetsTheLastTurn) {
  std::vector<Message> messages = {Of(Role::kSystem, "s"), Of(Role::kUser, "2"),
                                   Of(Role::kAssistant, "a")};
  EXPECT_FALSE(ForgetOldestTurn(messages));
  EXPECT_EQ(messages.size(), 3U);
  std::vector<Message> none;
  EXPECT_FALSE(ForgetOldestTurn(none));
}

TEST(ConversationCut, ForgetsAToolsAnswerWithItsTurn) {
  std::vector<Message> messages = {Of(Role::kUser, "1"), Of(Role::kAssistant, ""),
                                   Of(Role::kTool, "42"), Of(Role::kAssistant, "a"),
                                   Of(Role::kUser, "2")};
  EXPECT_TRUE(ForgetOldestTurn(messages));
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].text, "2");
}

}  // namespace
}  // namespace parley::llama
