// A session whose line drops and comes back: what was being said ends as heard, what was to be said
// is said then, and the client learns what it has missed.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "session/testing/rig.h"

namespace parley::session {
namespace {

using testing::Rig;
using Json = nlohmann::json;

Rig::Config Resumable() {
  Rig::Config config;
  config.replies = {{.deltas = {"One two three four five six seven eight nine ten."}},
                    {.deltas = {"It is Paris."}}};
  config.session.hold_ms = 30'000;
  config.session.resume_token = "line_test";
  config.update =
      R"({"type":"realtime","x_parley":{"playback":true,"turns":true,"resume":true},
          "audio":{"input":{"transcription":{},"turn_detection":{"type":"semantic_vad"}}}})";
  return config;
}

size_t CountAfter(const Rig& rig, size_t from, const std::string& type) {
  size_t count = 0;
  for (size_t i = from; i < rig.events().size(); ++i) count += rig.events()[i]["type"] == type;
  return count;
}

TEST(Line, AClientThatAsksForItIsToldHowToComeBack) {
  Rig rig(Resumable());
  EXPECT_TRUE(rig.session().resumable());
  const Json told = rig.Last("x_parley.resume");
  EXPECT_EQ(told["token"], "line_test");
  EXPECT_EQ(told["hold_ms"], 30'000);
  EXPECT_EQ(told["resumed"], false);
}

TEST(Line, OtherClientsAreNotKept) {
  Rig::Config config = Resumable();
  config.update = R"({"type":"realtime","x_parley":{"playback":true}})";
  Rig plain(std::move(config));
  EXPECT_FALSE(plain.session().resumable());
  EXPECT_TRUE(plain.Of("x_parley.resume").empty());
  config = Resumable();
  config.session.hold_ms = 0;
  Rig forbidden(std::move(config));
  EXPECT_FALSE(forbidden.session().resumable());
}

TEST(Line, WhatIsBeingSaidEndsWhereItWasHeard) {
  Rig rig(Resumable());
  rig.Speak(1200);
  rig.Silence(1500);
  const std::string item = rig.Last("response.output_item.added")["item"]["id"];
  ASSERT_GT(rig.SamplesSent(), 0);
  // The voice says a character in so many ms; "One two three" is heard.
  rig.Send({{"type", "x_parley.played"}, {"item_id", item}, {"audio_ms", 1000}});
  rig.session().OnLineLost();
  const size_t away = rig.events().size();
  rig.Advance(5000);
  EXPECT_EQ(rig.events().size(), away);
  EXPECT_EQ(rig.voice().live(), 0);
  rig.session().OnLineBack();
  EXPECT_EQ(rig.events().at(away)["type"], "x_parley.resume");
  EXPECT_EQ(rig.events().at(away)["resumed"], true);
  EXPECT_EQ(rig.events().at(away)["complete"], true);
  EXPECT_EQ(CountAfter(rig, away, "response.done"), 1u);
  rig.Advance(3000);
  // It had begun to be heard: nobody repeats it unasked.
  EXPECT_EQ(rig.model().requests().size(), 1u);
  rig.Speak(1200);
  rig.Silence(3000);
  ASSERT_EQ(rig.model().requests().size(), 2u);
  const std::string heard = rig.Prompt(1).at(2).text;
  EXPECT_TRUE(heard.starts_with("One")) << heard;
  EXPECT_TRUE(heard.ends_with("—")) << heard;
  EXPECT_EQ(heard.find("ten"), std::string::npos) << heard;
}

TEST(Line, AQuestionThatWaitsForItsAnswerGetsItOnTheNextLine) {
  Rig::Config config = Resumable();
  config.session.speculation = false;
  config.replies = {{.deltas = {"It is Paris."}, .first_us = 800'000}};
  Rig rig(std::move(config));
  rig.Speak(1200);
  rig.Silence(100);
  while (rig.Of("response.created").empty() && rig.now_ms() < 5000) rig.Silence(20);
  ASSERT_EQ(rig.SamplesSent(), 0);
  rig.session().OnLineLost();
  rig.Advance(5000);
  const size_t away = rig.events().size();
  EXPECT_EQ(rig.SamplesSent(), 0);
  rig.session().OnLineBack();
  rig.Advance(3000);
  EXPECT_EQ(CountAfter(rig, away, "response.done"), 2u);
  EXPECT_GT(rig.SamplesSent(), 0);
  EXPECT_EQ(rig.Last("response.done")["response"]["status"], "completed");
  EXPECT_EQ(rig.Prompt(rig.model().requests().size() - 1).back().text, "What is the capital");
}

TEST(Line, ASentenceCutByTheLineIsUnderstoodAndAnsweredOnTheNext) {
  Rig rig(Resumable());
  rig.Speak(1200);
  rig.session().OnLineLost();
  rig.Advance(6000);
  const size_t away = rig.events().size();
  rig.session().OnLineBack();
  rig.Advance(3000);
  EXPECT_EQ(CountAfter(rig, away, "conversation.item.input_audio_transcription.completed"), 1u);
  EXPECT_EQ(rig.Last("response.done")["response"]["status"], "completed");
  EXPECT_GT(rig.SamplesSent(), 0);
}

TEST(Line, ASilentClientThatComesBackHearsNothingUnasked) {
  Rig rig(Resumable());
  rig.session().OnLineLost();
  rig.Advance(2000);
  rig.session().OnLineBack();
  rig.Advance(5000);
  EXPECT_TRUE(rig.model().requests().empty());
  EXPECT_EQ(rig.SamplesSent(), 0);
}

// Out of band, so that it goes on without a line: more than is kept.
TEST(Line, AClientThatMissedTooMuchIsToldSo) {
  Rig::Config config = Resumable();
  config.replies = {{.deltas = {std::string(300 * 1024, 'a')}}};
  Rig rig(std::move(config));
  rig.Send({{"type", "response.create"},
            {"response", {{"conversation", "none"}, {"output_modalities", {"text"}}}}});
  rig.session().OnLineLost();
  rig.Advance(1000);
  const size_t away = rig.events().size();
  rig.session().OnLineBack();
  EXPECT_EQ(rig.events().at(away)["complete"], false);
  EXPECT_EQ(CountAfter(rig, away, "response.done"), 0u);
}

}  // namespace
}  // namespace parley::session
