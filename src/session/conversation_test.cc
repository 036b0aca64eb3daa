#include "session/conversation.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace parley::session {
namespace {

using realtime::Item;
using Speaker = dialogue::HistoryEntry::Speaker;

Item Message(const std::string& id, const std::string& text,
             realtime::ItemRole role = realtime::ItemRole::kUser) {
  Item item{.id = id, .role = role};
  item.content.push_back({.type = realtime::PartType::kInputText, .text = text});
  return item;
}

std::string Ids(const Conversation& conversation) {
  std::string ids;
  for (const auto& entry : conversation.History({}, {})) ids += entry.text + " ";
  return ids;
}

TEST(Conversation, ItemsStandWhereTheClientPutsThem) {
  Conversation conversation({});
  EXPECT_EQ(*conversation.Insert({.item = Message("a", "A")}), "");
  EXPECT_EQ(*conversation.Insert({.item = Message("c", "C")}), "a");
  EXPECT_EQ(*conversation.Insert({.item = Message("b", "B")}, "a"), "a");
  EXPECT_EQ(*conversation.Insert({.item = Message("0", "0")}, "root"), "");
  EXPECT_EQ(Ids(conversation), "0 A B C ");
  EXPECT_EQ(conversation.last_id(), "c");
}

TEST(Conversation, MistakesHaveTheProtocolsCodes) {
  Conversation conversation({});
  (void)conversation.Insert({.item = Message("a", "A")});
  EXPECT_EQ(conversation.Insert({.item = Message("a", "again")}).error().code,
            "item_create_duplicate_item_id");
  EXPECT_EQ(conversation.Insert({.item = Message("b", "B")}, "nobody").error().param,
            "previous_item_id");
  EXPECT_EQ(conversation.Delete("x").error().code, "item_delete_invalid_item_id");
  EXPECT_EQ(conversation.Retrieve("x").error().code, "item_retrieve_invalid_item_id");
  EXPECT_EQ(conversation.Truncatable("x").error().code, "item_truncate_invalid_item_id");
  EXPECT_EQ(conversation.Truncatable("a").error().message,
            "Only model output audio messages can be truncated");
  EXPECT_EQ(conversation.size(), 1u);
}

TEST(Conversation, AnItemWithoutAnIdGetsOne) {
  Conversation conversation({});
  ASSERT_TRUE(conversation.Insert({.item = Message("", "A")}));
  EXPECT_EQ(conversation.last_id().rfind("item_", 0), 0u);
}

TEST(Conversation, TheModelSeesOnlyWhatWasHeardOfTheAgent) {
  Conversation conversation({});
  (void)conversation.Insert({.item = Message("u", "unseen"), .segment = SegmentId{1}});
  (void)conversation.Insert(
      {.item = Message("r", "never spoken", realtime::ItemRole::kAssistant), .turn = TurnId{1}});
  EXPECT_TRUE(conversation.History({}, {}).empty());
  conversation.Find(SegmentId{1})->shown = "hello";
  conversation.Find(TurnId{1})->shown = "Well";
  conversation.Find(TurnId{1})->cut = true;
  auto history = conversation.History({}, {});
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[1].text, "Well");
  EXPECT_TRUE(history[1].cut);
  history = conversation.History(TurnId{1}, "Well, now");
  EXPECT_EQ(history[1].text, "Well, now");
  EXPECT_FALSE(history[1].cut);
}

TEST(Conversation, CallsAndTheirAnswersAreShownAsSuch) {
  Conversation conversation({});
  (void)conversation.Insert({.item = {.id = "c",
                                      .type = realtime::ItemType::kFunctionCall,
                                      .call_id = "call_1",
                                      .name = "look",
                                      .arguments = "{}"}});
  (void)conversation.Insert({.item = {.id = "o",
                                      .type = realtime::ItemType::kFunctionCallOutput,
                                      .call_id = "call_1",
                                      .output = "42"}});
  const auto history = conversation.History({}, {});
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].tool_calls.at(0).name, "look");
  EXPECT_EQ(history[1].speaker, Speaker::kTool);
  EXPECT_EQ(history[1].text, "42");
}

TEST(Conversation, OldItemsAndOldSoundAreForgotten) {
  Conversation conversation({.items_max = 3, .audio_samples_max = 25});
  for (int i = 0; i < 5; ++i) {
    Item item{.id = std::to_string(i)};
    auto sound = std::make_shared<realtime::PartAudio>();
    sound->pcm.resize(10);
    item.content.push_back({.type = realtime::PartType::kInputAudio, .audio = sound});
    (void)conversation.Insert({.item = item});
  }
  EXPECT_EQ(conversation.size(), 3u);
  EXPECT_FALSE(conversation.Retrieve("1"));
  EXPECT_EQ((*conversation.Retrieve("2"))->item.content[0].audio, nullptr);
  EXPECT_NE((*conversation.Retrieve("3"))->item.content[0].audio, nullptr);
}

TEST(CutByShare, EndsAtAWord) {
  EXPECT_EQ(CutByShare("one two three", 0.6), "one two");
  EXPECT_EQ(CutByShare("one two three", 1), "one two three");
  EXPECT_EQ(CutByShare("one two three", 0), "");
}

}  // namespace
}  // namespace parley::session
