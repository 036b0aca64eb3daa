// The engine as users run it: its own process, spoken to over its socket.

#include <gtest/gtest.h>

#include "base/testing/skip.h"
#include "base/testing/temp_dir.h"
#include "engine/testing/engine_probe.h"
#include "piper/testing/tiny_voice.h"
#include "piper/testing/voices.h"

namespace parley::piper {
namespace {

using engine::AllOf;
using engine::EngineProbe;

constexpr int64_t kPlenty = int64_t{1} << 40;

class PiperProcess : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::WriteTinyVoice(folder_.path());
    Open(folder_.path());
  }

  void Open(const std::filesystem::path& pack) {
    engine::EngineSpec spec{.name = "piper", .kind = engine::ModelKind::kTts};
    spec.command = {PARLEY_BIN_DIR "/parley-engine-piper"};
    auto probe = EngineProbe::Spawn(std::move(spec));
    ASSERT_TRUE(probe) << probe.error().message;
    probe_ = std::move(*probe);
    const auto loaded = probe_->Load({.pack = pack});
    ASSERT_TRUE(loaded) << loaded.error().message;
    sample_rate_hz_ = loaded->sample_rate_hz;
  }

  std::shared_ptr<engine::ProbeStream> Start(int64_t credit_samples = kPlenty) {
    auto stream =
        probe_->Start({.credit_samples = credit_samples, .request = engine::TtsStart{.seed = 7}});
    EXPECT_TRUE(stream) << stream.error().message;
    return *stream;
  }

  std::vector<engine::StreamEvent> Say(const std::string& text) {
    const auto stream = Start();
    probe_->process().Send(stream->id(), engine::Text{.utterance = 1, .text = text});
    probe_->process().Send(stream->id(), engine::End{});
    return stream->WaitIdle().value_or(std::vector<engine::StreamEvent>{});
  }

  const parley::testing::TempDir folder_;
  std::unique_ptr<EngineProbe> probe_;
  int sample_rate_hz_ = 0;
};

TEST_F(PiperProcess, SaysItsVersionsAndSpeaksATextWithMarks) {
  EXPECT_EQ(probe_->process().hello()->engine, "piper");
  EXPECT_TRUE(probe_->process().hello()->runtime.contains("onnxruntime"));
  const auto events = Say("Hello there. How are you?");
  const auto done = AllOf<engine::Done>(events);
  ASSERT_EQ(done.size(), 2u);
  EXPECT_EQ(done[0].samples, static_cast<int64_t>(AudioOf(events).size()));
  EXPECT_GT(done[0].samples, 0);
  EXPECT_EQ(AllOf<engine::Mark>(events).size(), 5u);
}

TEST_F(PiperProcess, TwoProcessesGiveTheSameBytesForASeed) {
  const auto first = AudioOf(Say("The same words."));
  Open(folder_.path());
  EXPECT_EQ(AudioOf(Say("The same words.")), first);
}

TEST_F(PiperProcess, TextWithoutSoundIsDoneWithoutSamples) {
  const auto events = Say("\x01 ... \n");
  const auto done = AllOf<engine::Done>(events);
  ASSERT_EQ(done.size(), 2u);
  EXPECT_EQ(done[0].samples, 0);
  EXPECT_TRUE(AllOf<engine::ErrorMessage>(events).empty());
}

TEST_F(PiperProcess, ACancelWhileItWaitsForCreditFreesItsSlot) {
  const auto stream = Start(200);
  probe_->process().Send(stream->id(),
                         engine::Text{.utterance = 1, .text = "Many words are still to come."});
  ASSERT_TRUE(stream->WaitSamples(200));
  probe_->process().Cancel(stream->id());
  const auto events = stream->WaitIdle();
  ASSERT_TRUE(events);
  EXPECT_EQ(AllOf<engine::Cancelled>(*events).size(), 1u);
  EXPECT_GT(AudioOf(Say("And on.")).size(), 0u);
}

TEST_F(PiperProcess, SlotsSpeakAtTheSameTimeEachItsOwnBytes) {
  const auto alone = AudioOf(Say("Four people speak at once."));
  std::vector<std::shared_ptr<engine::ProbeStream>> streams;
  for (int i = 0; i < 4; ++i) {
    streams.push_back(Start());
    probe_->process().Send(streams.back()->id(),
                           engine::Text{.utterance = 1, .text = "Four people speak at once."});
    probe_->process().Send(streams.back()->id(), engine::End{});
  }
  for (const auto& stream : streams) {
    const auto events = stream->WaitIdle();
    ASSERT_TRUE(events);
    EXPECT_EQ(AudioOf(*events), alone);
  }
}

TEST_F(PiperProcess, EndsCleanlyWhenItIsTold) {
  Say("Bye.");
  probe_->process().Stop();
  const auto exit = probe_->WaitExit();
  ASSERT_TRUE(exit);
  EXPECT_TRUE(exit->expected);
  EXPECT_EQ(exit->exit_code, 0);
}

TEST_F(PiperProcess, AMissingVoiceIsAnErrorOfTheLoad) {
  engine::EngineSpec spec{.name = "piper", .kind = engine::ModelKind::kTts};
  spec.command = {PARLEY_BIN_DIR "/parley-engine-piper"};
  auto probe = *EngineProbe::Spawn(std::move(spec));
  const auto loaded = probe->Load({.pack = "/nonexistent/voice"});
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("/nonexistent/voice"), std::string::npos)
      << loaded.error().message;
}

TEST_F(PiperProcess, TheDefaultVoiceStopsWithinANodeOfItsGraph) {
  if (!std::filesystem::exists(testing::DefaultVoiceFolder() / "en_US-joe-medium.onnx")) {
    SkipCounted("the voice en_US-joe-medium is not pulled");
  }
  Open(testing::DefaultVoiceFolder());
  const auto stream = Start();
  std::string text = "This sentence is long enough that it is still being spoken, ";
  text += "when somebody on the other side has heard enough of it and wants silence at once.";
  probe_->process().Send(stream->id(), engine::Text{.utterance = 1, .text = text});
  ASSERT_TRUE(stream->WaitSamples(1));
  probe_->process().Cancel(stream->id());
  const auto events = stream->WaitIdle();
  ASSERT_TRUE(events);
  EXPECT_EQ(AllOf<engine::Cancelled>(*events).size(), 1u);
  EXPECT_LT(AudioOf(*events).size(), static_cast<size_t>(5 * sample_rate_hz_));
}

}  // namespace
}  // namespace parley::piper
