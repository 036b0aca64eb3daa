// The real engine process with the real tiny.en, spoken to as the worker does.
#include "whisper/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/testing/skip.h"
#include "engine/testing/engine_probe.h"
#include "whisper/hearing_policy.h"
#include "whisper/testing/models.h"

namespace parley::whisper {
namespace {

using engine::AllOf;
using ::testing::HasSubstr;

constexpr char kLastThreeSeconds[] = "ask what you can do for your country";

class WhisperEngine : public ::testing::Test {
 protected:
  void SetUp() override {
    if (testing::TinyEn().empty()) SkipCounted("the model whisper/tiny.en is not in the cache");
    engine::EngineSpec spec{.name = "whisper", .kind = ports::ModelKind::kAsr};
    spec.command = {PARLEY_BIN_DIR "/parley-engine-whisper"};
    auto probe = engine::EngineProbe::Spawn(std::move(spec));
    ASSERT_TRUE(probe) << probe.error().message;
    probe_ = std::move(*probe);
  }

  Result<engine::Loaded> Load(std::map<std::string, engine::OptionValue> options = {}) {
    engine::Load load;
    load.pack = testing::TinyEn().parent_path();
    load.device = "cpu";
    load.options = std::move(options);
    return probe_->Load(std::move(load));
  }

  std::shared_ptr<engine::ProbeStream> Start(engine::AsrStart request = {}) {
    auto stream = probe_->Start({.request = std::move(request)});
    EXPECT_TRUE(stream) << stream.error().message;
    return stream ? *stream : nullptr;
  }

  void Say(const engine::ProbeStream& stream, std::span<const float> pcm) {
    for (size_t at = 0; at < pcm.size(); at += 3200) {
      const size_t count = std::min<size_t>(3200, pcm.size() - at);
      ASSERT_TRUE(probe_->process().SendAudio(stream.id(), pcm.subspan(at, count)));
    }
  }

  std::span<const float> LastThreeSeconds() {
    return std::span<const float>(jfk_).subspan(8 * kSampleRateHz);
  }

  const std::vector<float> jfk_ = testing::Jfk();
  std::unique_ptr<engine::EngineProbe> probe_;
};

TEST_F(WhisperEngine, AnswersAFlushWithAllThatWasSaid) {
  const auto loaded = Load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->sample_rate_hz, 16'000);
  EXPECT_GE(loaded->credit_samples, 16'000 * 3);
  const auto stream = Start();
  Say(*stream, LastThreeSeconds());
  ASSERT_TRUE(probe_->process().Send(stream->id(), engine::Flush{.flush_id = 7}));
  ASSERT_TRUE(probe_->process().Send(stream->id(), engine::End{}));
  const auto events = stream->WaitIdle();
  ASSERT_TRUE(events);
  const auto finals = AllOf<engine::Final>(*events);
  ASSERT_GE(finals.size(), 1U);
  EXPECT_EQ(finals[0].flush_id, 7U);
  EXPECT_EQ(finals[0].from_sample, 0);
  EXPECT_EQ(finals[0].upto_sample, static_cast<int64_t>(LastThreeSeconds().size()));
  EXPECT_EQ(Normalized(finals[0].text), kLastThreeSeconds);
  EXPECT_EQ(finals[0].words.size(), 8U);
  EXPECT_FALSE(finals[0].no_speech);
  EXPECT_GT(finals[0].confidence, 0.7);
}

TEST_F(WhisperEngine, SpeechGoesOnAfterAFlush) {
  ASSERT_TRUE(Load());
  const auto stream = Start({.partials = false});
  const auto all = LastThreeSeconds();
  Say(*stream, all.first(kSampleRateHz));
  ASSERT_TRUE(probe_->process().Send(stream->id(), engine::Flush{.flush_id = 1}));
  Say(*stream, all.subspan(kSampleRateHz));
  ASSERT_TRUE(probe_->process().Send(stream->id(), engine::End{}));
  const auto events = stream->WaitIdle();
  ASSERT_TRUE(events);
  const auto finals = AllOf<engine::Final>(*events);
  ASSERT_EQ(finals.size(), 2U);
  EXPECT_EQ(finals[0].upto_sample, kSampleRateHz);
  EXPECT_FALSE(finals[1].flush_id);
  EXPECT_EQ(Normalized(finals[1].text), kLastThreeSeconds);
  EXPECT_TRUE(AllOf<engine::Partial>(*events).empty());
}

TEST_F(WhisperEngine, NobodySpoke) {
  ASSERT_TRUE(Load());
  const auto stream = Start();
  Say(*stream, std::vector<float>(2 * kSampleRateHz, 0.0F));
  ASSERT_TRUE(probe_->process().Send(stream->id(), engine::End{}));
  const auto events = stream->WaitIdle();
  ASSERT_TRUE(events);
  const auto finals = AllOf<engine::Final>(*events);
  ASSERT_EQ(finals.size(), 1U);
  EXPECT_EQ(finals[0].text, "");
  EXPECT_TRUE(finals[0].no_speech);
}

TEST_F(WhisperEngine, ACancelFreesTheSlotInMidPass) {
  ASSERT_TRUE(Load({{"slots", int64_t{1}}, {"final_context", int64_t{1500}}}));
  const auto stream = Start();
  Say(*stream, jfk_);
  ASSERT_TRUE(probe_->process().Send(stream->id(), engine::Flush{.flush_id = 1}));
  probe_->process().Cancel(stream->id());
  const auto events = stream->WaitIdle(10'000);
  ASSERT_TRUE(events);
  EXPECT_TRUE(AllOf<engine::Final>(*events).empty());
  const auto next = Start();  // the only slot
  ASSERT_TRUE(next);
  probe_->process().Cancel(next->id());
  EXPECT_TRUE(next->WaitIdle(10'000));
}

TEST_F(WhisperEngine, RefusesAnotherLanguageAndRateByName) {
  ASSERT_TRUE(Load());
  for (const auto& [request, part] :
       {std::pair{engine::AsrStart{.language = "de"}, "'de'"},
        std::pair{engine::AsrStart{.sample_rate_hz = 8'000}, "8000 Hz"}}) {
    const auto stream = Start(request);
    const auto events = stream->WaitIdle();
    ASSERT_TRUE(events);
    const auto errors = AllOf<engine::ErrorMessage>(*events);
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].code, Code::kInvalidArgument);
    EXPECT_THAT(errors[0].message, HasSubstr(part));
  }
}

TEST_F(WhisperEngine, RefusesAnOptionThatItDoesNotKnow) {
  const auto loaded = Load({{"thread", int64_t{2}}});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("thread"));
}

TEST_F(WhisperEngine, SaysWhichPackIsMissing) {
  engine::Load load;
  load.pack = "/nowhere/tiny";
  const auto loaded = probe_->Load(std::move(load));
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("/nowhere/tiny"));
}

}  // namespace
}  // namespace parley::whisper
