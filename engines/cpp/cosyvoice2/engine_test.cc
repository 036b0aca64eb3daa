// The engine as users run it: its own process, spoken to over its socket, with a model folder that
// is made up. What it says is noise, but all of it is said.
#include "cosyvoice2/engine.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "cosyvoice2/pack/make_test_pack.h"
#include "cosyvoice2/testing/tiny_models.h"
#include "engine/testing/engine_probe.h"

namespace parley::cosyvoice2 {
namespace {

using engine::AllOf;
using engine::EngineProbe;

constexpr int64_t kPlenty = int64_t{1} << 40;

// One folder for all tests: it takes a moment to write.
const std::filesystem::path& Pack() {
  static const parley::testing::TempDir folder;
  static const bool made = [] {
    const Status status =
        MakeTestPack(folder.path(), {.shape = TinyShape(), .max_token_text_ratio = 8});
    EXPECT_TRUE(status) << status.error().message;
    for (const char* name : {"anna", "bert"}) {
      const FlowPrompt prompt = testing::TinyPrompt(30, name[0]);
      std::filesystem::create_directories(folder.path() / "voices");
      const Status saved = SavePrompt(folder.path() / "voices" / (std::string(name) + ".voice"),
                                      {.transcript = "These words were said.",
                                       .text_tokens = {},
                                       .speech_tokens = prompt.tokens,
                                       .mel = prompt.mel,
                                       .embedding = prompt.embedding});
      EXPECT_TRUE(saved) << saved.error().message;
    }
    const Status toml = WriteFileAtomically(folder.path() / "voices.toml",
                                            "default = \"anna\"\n"
                                            "[styles.happy]\n"
                                            "instruct = \"Speak happily.\"\n");
    return status.has_value() && toml.has_value();
  }();
  EXPECT_TRUE(made);
  return folder.path();
}

class CosyVoiceProcess : public ::testing::Test {
 protected:
  void SetUp() override { Open({}); }

  void Open(std::map<std::string, engine::OptionValue> options,
            std::vector<std::string> writable = {}) {
    engine::EngineSpec spec{.name = "cosyvoice2", .kind = engine::ModelKind::kTts};
    spec.sandbox.writable = std::move(writable);
    spec.command = {PARLEY_BIN_DIR "/parley-engine-cosyvoice2"};
    auto probe = EngineProbe::Spawn(std::move(spec));
    ASSERT_TRUE(probe) << probe.error().message;
    probe_ = std::move(*probe);
    auto loaded = probe_->Load({.pack = Pack(), .device = "cpu", .options = std::move(options)});
    ASSERT_TRUE(loaded) << loaded.error().message;
    loaded_ = *std::move(loaded);
  }

  std::shared_ptr<engine::ProbeStream> Start(engine::TtsStart start,
                                             int64_t credit_samples = kPlenty) {
    auto stream = probe_->Start({.credit_samples = credit_samples, .request = std::move(start)});
    EXPECT_TRUE(stream) << stream.error().message;
    return *stream;
  }

  std::vector<engine::StreamEvent> Say(const std::string& text, engine::TtsStart start) {
    const auto stream = Start(std::move(start));
    probe_->process().Send(stream->id(), engine::Text{.utterance = 1, .text = text});
    probe_->process().Send(stream->id(), engine::End{});
    return stream->WaitIdle().value_or(std::vector<engine::StreamEvent>{});
  }

  std::unique_ptr<EngineProbe> probe_;
  engine::Loaded loaded_;
};

TEST_F(CosyVoiceProcess, SaysWhatItCanAndSpeaks) {
  EXPECT_EQ(loaded_.sample_rate_hz, 24'000);
  EXPECT_EQ(loaded_.voices, (std::vector<std::string>{"anna", "bert", "demo"}));
  const auto events = Say("Hello there.", {.seed = 7});
  const auto sound = AudioOf(events);
  EXPECT_GT(sound.size(), 2400U);
  EXPECT_EQ(sound.size() % 960, 0U);
  for (float sample : sound) ASSERT_LE(std::fabs(sample), 0.99f);
  ASSERT_EQ(AllOf<engine::Done>(events).size(), 2U);
}

TEST_F(CosyVoiceProcess, ASeedGivesTheSameBytesInAnotherProcess) {
  const auto first = AudioOf(Say("The same words.", {.voice = "bert", .seed = 3}));
  EXPECT_NE(AudioOf(Say("The same words.", {.voice = "bert", .seed = 4})), first);
  Open({});
  EXPECT_EQ(AudioOf(Say("The same words.", {.voice = "bert", .seed = 3})), first);
}

TEST_F(CosyVoiceProcess, VoicesAndStylesAreHeard) {
  const auto plain = AudioOf(Say("Good morning.", {.seed = 1}));
  EXPECT_NE(AudioOf(Say("Good morning.", {.voice = "bert", .seed = 1})), plain);
  EXPECT_NE(AudioOf(Say("Good morning.", {.style = "happy", .seed = 1})), plain);
  const auto events = Say("Good morning.", {.style = "furious"});
  const auto errors = AllOf<engine::ErrorMessage>(events);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_NE(errors[0].message.find("happy"), std::string::npos) << errors[0].message;
}

TEST_F(CosyVoiceProcess, ADefaultStyleIsThatOfWhoeverAsksForNone) {
  const auto plain = AudioOf(Say("Good morning.", {.seed = 1}));
  const auto happy = AudioOf(Say("Good morning.", {.style = "happy", .seed = 1}));
  Open({{"default_style", std::string("happy")}});
  EXPECT_EQ(AudioOf(Say("Good morning.", {.seed = 1})), happy);
  EXPECT_EQ(AudioOf(Say("Good morning.", {.style = "neutral", .seed = 1})), plain);
}

TEST_F(CosyVoiceProcess, WithoutStyleControlNothingOfMannerIsFollowed) {
  const auto plain = AudioOf(Say("Good morning.", {.seed = 1}));
  Open({{"style_control", false}});
  EXPECT_EQ(AudioOf(Say("Good morning.", {.style = "happy", .seed = 1})), plain);
  EXPECT_EQ(AudioOf(Say("Good morning.", {.style = "no such", .seed = 1})), plain);
  EXPECT_EQ(AudioOf(Say("Good morning.", {.instruct = "Whisper.", .seed = 1})), plain);
}

TEST_F(CosyVoiceProcess, AProfileHasASpanOfEachStage) {
  const parley::testing::TempDir folder;
  Open({{"profile_dir", folder.path().string()}}, {folder.path().string()});
  EXPECT_FALSE(AudioOf(Say("Good morning.", {.seed = 1})).empty());
  const std::filesystem::directory_iterator written(folder.path());
  const auto text = ReadFile(written->path(), size_t{1} << 27);
  ASSERT_TRUE(text) << text.error().message;
  std::map<std::string, int> spans;
  for (const auto& event : nlohmann::json::parse(*text)) ++spans[event.at("name")];
  for (const char* stage : {"normalize", "tokenize", "lm", "encoder", "cfm step", "vocoder"}) {
    EXPECT_GT(spans[stage], 0) << stage;
  }
  EXPECT_EQ(spans["cfm step"] % 10, 0);
}

TEST_F(CosyVoiceProcess, TwoStreamsAtOnceGiveTheBytesOfOneAfterTheOther) {
  const auto first_alone = AudioOf(Say("One of two.", {.seed = 1}));
  const auto second_alone = AudioOf(Say("Two of two.", {.voice = "bert", .seed = 2}));
  const auto first = Start({.seed = 1});
  const auto second = Start({.voice = "bert", .seed = 2});
  const auto say = [&](const engine::ProbeStream& stream, const char* text) {
    probe_->process().Send(stream.id(), engine::Text{.utterance = 1, .text = text});
    probe_->process().Send(stream.id(), engine::End{});
  };
  say(*first, "One of two.");
  say(*second, "Two of two.");
  EXPECT_EQ(AudioOf(first->WaitIdle().value()), first_alone);
  EXPECT_EQ(AudioOf(second->WaitIdle().value()), second_alone);
}

TEST_F(CosyVoiceProcess, AnInterruptedStreamEndsAndTheNextIsServed) {
  const auto stream = Start({.seed = 1}, 960);  // credit for one token: it must wait
  probe_->process().Send(stream->id(),
                         engine::Text{.utterance = 1, .text = "A sentence of many words to say."});
  ASSERT_TRUE(stream->WaitSamples(960));
  probe_->process().Send(stream->id(), engine::Cancel{});
  EXPECT_TRUE(stream->WaitIdle());
  EXPECT_GT(AudioOf(Say("And on.", {.seed = 1})).size(), 0U);
}

TEST_F(CosyVoiceProcess, TextWithoutSoundIsDoneWithoutSamples) {
  const auto events = Say(" ... \n", {});
  ASSERT_EQ(AllOf<engine::Done>(events).size(), 2U);
  EXPECT_TRUE(AudioOf(events).empty());
  EXPECT_TRUE(AllOf<engine::ErrorMessage>(events).empty());
}

TEST_F(CosyVoiceProcess, AnOptionThatMayNotBeIsRefusedByName) {
  engine::EngineSpec spec{.name = "cosyvoice2", .kind = engine::ModelKind::kTts};
  spec.command = {PARLEY_BIN_DIR "/parley-engine-cosyvoice2"};
  auto probe = EngineProbe::Spawn(std::move(spec));
  ASSERT_TRUE(probe);
  const auto loaded = (*probe)->Load({.pack = Pack(), .options = {{"flow_cache", "q2"}}});
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("f32, f16, q8_0"), std::string::npos)
      << loaded.error().message;
}

TEST_F(CosyVoiceProcess, ADefaultStyleThatNoVoiceHasIsRefusedWithThoseThatThereAre) {
  engine::EngineSpec spec{.name = "cosyvoice2", .kind = engine::ModelKind::kTts};
  spec.command = {PARLEY_BIN_DIR "/parley-engine-cosyvoice2"};
  auto probe = EngineProbe::Spawn(std::move(spec));
  ASSERT_TRUE(probe);
  const auto loaded =
      (*probe)->Load({.pack = Pack(), .options = {{"default_style", std::string("furious")}}});
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("happy, neutral"), std::string::npos)
      << loaded.error().message;
}

}  // namespace
}  // namespace parley::cosyvoice2
