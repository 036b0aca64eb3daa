#include "session/floor_board.h"

#include <gtest/gtest.h>

#include "session/testing/rig.h"

namespace parley::session {
namespace {

using testing::Rig;
using turn::TurnState;
using turn::UserState;
using Floor = FloorBoard::Floor;

TEST(FloorBoard, TellsWhatIsNewAndWhoIsThere) {
  FloorBoard board;
  const auto first = board.Open(SessionId{1}, "parley", 10);
  auto second = board.Open(SessionId{2}, "other", 20);
  first->Show({.at_us = 30, .user = UserState::kSpeaking});
  const FloorBoard::News all = board.Since(0);
  ASSERT_EQ(all.changed.size(), 2u);
  EXPECT_EQ(all.changed[0].model, "parley");
  ASSERT_EQ(all.changed[0].floors.size(), 1u);
  EXPECT_EQ(all.changed[0].floors[0].at_us, 30);
  first->Show({.at_us = 40, .user = UserState::kSpeaking});  // nothing has changed
  EXPECT_TRUE(board.Since(all.upto).changed.empty());
  first->AddTurn("{}");
  const FloorBoard::News later = board.Since(all.upto);
  ASSERT_EQ(later.changed.size(), 1u);
  EXPECT_TRUE(later.changed[0].floors.empty());
  EXPECT_EQ(later.changed[0].turns.size(), 1u);
  second.reset();
  EXPECT_EQ(board.Since(later.upto).live, std::vector<SessionId>{SessionId{1}});
}

TEST(FloorBoard, KeepsTheNewestOnly) {
  FloorBoard board;
  const auto place = board.Open(SessionId{1}, "", 0);
  for (int i = 1; i <= 1000; ++i) {
    place->Show({.at_us = i, .silence_needed_ms = i});
    place->AddTurn(std::to_string(i));
  }
  const FloorBoard::Session session = board.Since(0).changed.at(0);
  EXPECT_EQ(session.floors.size(), FloorBoard::kFloorsKept);
  EXPECT_EQ(session.floors.back().at_us, 1000);
  EXPECT_EQ(session.turns.size(), FloorBoard::kTurnsKept);
  EXPECT_EQ(session.turns.back(), "1000");
}

TEST(FloorBoard, ShowsAConversationWithAnInterruption) {
  Rig::Config config;
  config.replies = {{.deltas = {"One two three four five six seven eight nine ten."}}};
  config.update = R"({"type":"realtime","x_parley":{"playback":true,"echo_free":true},
                      "audio":{"input":{"turn_detection":{"type":"semantic_vad"}}}})";
  Rig rig(std::move(config));
  rig.Speak(1200);
  rig.Silence(2600);
  rig.Speak(1000);
  rig.Silence(1000);
  const FloorBoard::News news = rig.floors().Since(0);
  ASSERT_EQ(news.changed.size(), 1u);
  std::vector<TurnState> agent{TurnState::kEnded};
  bool prepared = false;
  bool pause_explained = false;
  for (const Floor& floor : news.changed[0].floors) {
    if (floor.agent != agent.back()) agent.push_back(floor.agent);
    prepared = prepared || floor.preparing || floor.drafting;
    pause_explained =
        pause_explained || (floor.user == UserState::kPausing && floor.silence_needed_ms > 0);
  }
  agent.resize(5, TurnState::kDrafting);
  EXPECT_EQ(agent, (std::vector{TurnState::kEnded, TurnState::kSpeaking, TurnState::kDucked,
                                TurnState::kPaused, TurnState::kEnded}));
  EXPECT_TRUE(prepared);
  EXPECT_TRUE(pause_explained);
  EXPECT_FALSE(news.changed[0].turns.empty());
  rig.Hangup();
  EXPECT_TRUE(rig.floors().Since(0).live.empty());
}

}  // namespace
}  // namespace parley::session
