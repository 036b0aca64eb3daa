// The way of texts from a caller to an engine that does what the test says; sound is tested with a
// real engine in server_test.cc. Texts are spelled out when the test lets their sequence run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/engine_ports.h"
#include "worker/testing/manager_rig.h"

namespace parley::worker {
namespace {

using ports::Voice;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class VoiceStreamTest : public ::testing::Test, protected testing::ManagerRig {
 protected:
  void SetUp() override {
    config_.defaults = {{ModelKind::kTts, "mouth"}};
    AddPack("mouth", "tts");
    packs_[0].languages = {"en", "zh"};
    Open();
    launcher_.answer_at_once = false;
    engine_ = launcher_.engine(0);
    voice_ = std::make_unique<EngineVoice>(
        VoiceConfig{}, EngineDeps{clock_, metrics_, executor_, *manager_}, texts_, TextGrammars());
  }
  void TearDown() override {
    RunAll();  // what the streams have left
    voice_.reset();
    Close();
  }

  std::unique_ptr<Voice::Stream> Start(uint32_t& id, Voice::Request request = {}) {
    auto stream = voice_->Start(std::move(request),
                                [this](Voice::Event event) { heard_.push_back(std::move(event)); });
    executor_.RunReady();
    id = engine_->newest();
    return stream;
  }
  // Lets both sequences run until nothing is left to do.
  void RunAll() {
    while (executor_.RunReady() + texts_.RunReady() > 0) {
    }
  }
  // What the engine was given of texts, "." for the end.
  std::vector<std::string> Given(uint32_t id) const {
    std::vector<std::string> given;
    for (const engine::Message& message : engine_->sent(id)) {
      if (const auto* text = std::get_if<engine::Text>(&message)) given.push_back(text->text);
      if (std::holds_alternative<engine::End>(message)) given.emplace_back(".");
    }
    return given;
  }

  net::testing::ManualExecutor texts_{clock_};
  std::unique_ptr<EngineVoice> voice_;
  testing::FakeLauncher::Engine* engine_ = nullptr;
  std::vector<Voice::Event> heard_;
};

TEST_F(VoiceStreamTest, TextsAreSpelledOutInOrderAndTheEndComesLast) {
  uint32_t id = 0;
  const auto stream = Start(id);
  stream->Speak(UtteranceId{1}, "1 apple", "");
  stream->Speak(UtteranceId{2}, "2 apples", "");
  stream->EndOfText();
  executor_.RunReady();
  EXPECT_THAT(Given(id), IsEmpty());
  RunAll();
  EXPECT_THAT(Given(id), ElementsAre("one apple", "two apples", "."));
}

TEST_F(VoiceStreamTest, AStreamWithManyTextsDoesNotKeepOthersWaiting) {
  uint32_t talker = 0, other = 0;
  const auto first = Start(talker);
  const auto second = Start(other);
  for (uint64_t i = 1; i <= 50; ++i) first->Speak(UtteranceId{i}, "7", "");
  second->Speak(UtteranceId{1}, "8", "");
  executor_.RunReady();
  texts_.RunReady();  // what waits there now: one text of each
  executor_.RunReady();
  EXPECT_THAT(Given(talker), ElementsAre("seven"));
  EXPECT_THAT(Given(other), ElementsAre("eight"));
}

TEST_F(VoiceStreamTest, ACancelledTextReachesNoEngine) {
  uint32_t id = 0;
  const auto stream = Start(id);
  stream->Speak(UtteranceId{1}, "1 apple", "");
  executor_.RunReady();
  stream->Cancel();
  RunAll();
  EXPECT_THAT(Given(id), IsEmpty());
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(heard_.back()));
  EXPECT_EQ(manager_->leases(), 0);
}

TEST_F(VoiceStreamTest, ATextWhoseCallerIsGoneHarmsNobody) {
  uint32_t id = 0;
  auto stream = Start(id);
  stream->Speak(UtteranceId{1}, "1 apple", "");
  executor_.RunReady();
  stream.reset();
  executor_.RunReady();
  RunAll();
  EXPECT_EQ(manager_->leases(), 0);
}

TEST_F(VoiceStreamTest, WithoutALanguageTheWritingTellsIt) {
  uint32_t id = 0;
  const auto stream = Start(id);
  stream->Speak(UtteranceId{1}, "价格 3", "");
  stream->Speak(UtteranceId{2}, "3 cats", "");
  RunAll();
  EXPECT_THAT(Given(id), ElementsAre("价格 三", "three cats"));
}

TEST_F(VoiceStreamTest, NothingToSayAmongTextsEndsAtItsTurn) {
  uint32_t id = 0;
  const auto stream = Start(id);
  stream->Speak(UtteranceId{1}, "**", "");
  stream->Speak(UtteranceId{2}, "1", "");
  executor_.RunReady();
  EXPECT_THAT(heard_, IsEmpty());
  RunAll();
  ASSERT_EQ(heard_.size(), 1u);
  EXPECT_EQ(std::get<Voice::Done>(heard_[0]).utterance, UtteranceId{1});
}

}  // namespace
}  // namespace parley::worker
