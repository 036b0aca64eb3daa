#include "realtime/server_event.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace parley::realtime {
namespace {

using nlohmann::json;

TEST(ServerEvent, AnErrorCarriesEveryFieldOrNull) {
  const json error = json::parse(ErrorEvent(
      {.code = "invalid_value", .message = "No.", .param = "session.x", .event_id = "evt_1"}));
  EXPECT_EQ(error["error"]["code"], "invalid_value");
  EXPECT_EQ(error["error"]["event_id"], "evt_1");
  const json bare = json::parse(ErrorEvent({.message = "No."}));
  EXPECT_EQ(bare["error"]["code"], nullptr);
  EXPECT_EQ(bare["error"]["param"], nullptr);
  EXPECT_EQ(bare["error"]["event_id"], nullptr);
}

TEST(ServerEvent, TextOfAnyBytesIsStillJson) {
  const std::string bytes = "caf\xc3\xa9 \xff\x00 \" \n";
  const json event = json::parse(TranscriptionCompleted("item_1", bytes, 1.5));
  EXPECT_EQ(event["usage"], (json{{"type", "duration"}, {"seconds", 1.5}}));
  EXPECT_NE(event["transcript"].get<std::string>().find("caf\xc3\xa9"), std::string::npos);
}

TEST(ServerEvent, AudioOfAnItemIsSentOnlyWhenRetrieved) {
  Item item{.id = "item_1"};
  item.content.push_back({.type = PartType::kInputAudio,
                          .text = "hello",
                          .audio = std::make_shared<PartAudio>(PartAudio{24'000, {1, 2}})});
  EXPECT_FALSE(json::parse(ItemAdded(item, ""))["item"]["content"][0].contains("audio"));
  EXPECT_EQ(json::parse(ItemRetrieved(item))["item"]["content"][0]["audio"], "AQACAA==");
}

TEST(ServerEvent, ATurnCountsFromTheUsersLastSample) {
  turn::TurnRecord record;
  record.speech_end_us = 1'000'000;
  record.decided_us = 1'250'000;
  record.first_frame_us = 1'700'500;
  const json turn = json::parse(TurnJson(record, "Paris"));
  EXPECT_EQ(turn["decided_ms"], 250);
  EXPECT_EQ(turn["first_frame_ms"], 700.5);
  EXPECT_EQ(turn["played_ms"], nullptr);
  EXPECT_EQ(turn["heard"], "Paris");
}

TEST(ServerEvent, ATurnThatTheClientAskedForCountsFromItsBeginning) {
  turn::TurnRecord record;
  record.reply_started_us = 5'000'000;
  record.first_token_us = 5'060'000;
  const json turn = json::parse(TurnJson(record, ""));
  EXPECT_EQ(turn["reply_started_ms"], 0);
  EXPECT_EQ(turn["first_token_ms"], 60);
}

}  // namespace
}  // namespace parley::realtime
