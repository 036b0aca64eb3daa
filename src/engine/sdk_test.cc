// The SDK's recognizer and language model sides, through real processes.
#include "engine/sdk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/conformance.h"
#include "engine/frame.h"
#include "engine/testing/engine_probe.h"
#include "engine/testing/tone_code.h"

namespace parley::engine {
namespace {

using ::testing::HasSubstr;

constexpr ToneRate kRate{.sample_rate_hz = 16'000};

EngineSpec FixtureSpec(ModelKind kind) {
  EngineSpec spec{.name = "fixture", .kind = kind};
  spec.command = {PARLEY_FIXTURE, std::string(ports::ModelKindName(kind))};
  return spec;
}

std::unique_ptr<EngineProbe> Fixture(ModelKind kind) {
  auto probe = EngineProbe::Spawn(FixtureSpec(kind));
  EXPECT_TRUE(probe && (*probe)->Load());
  return std::move(*probe);
}

std::string Passes(ModelKind kind) {
  ConformanceConfig config;
  config.spec = FixtureSpec(kind);
  const ConformanceReport report = CheckConformance(config);
  return report.Passed() ? "" : report.ToText();
}

TEST(Sdk, ARecognizerKeepsTheProtocol) { EXPECT_EQ(Passes(ModelKind::kAsr), ""); }

TEST(Sdk, ALanguageModelKeepsTheProtocol) { EXPECT_EQ(Passes(ModelKind::kLlm), ""); }

TEST(AsrStream, AFlushIsAnsweredForAllBeforeItAndTheStreamGoesOn) {
  auto probe = Fixture(ModelKind::kAsr);
  const auto stream = *probe->Start({.request = AsrStart{}});
  EngineProcess& process = probe->process();
  const auto first = EncodeTone("one ", kRate);
  process.SendAudio(stream->id(), first);
  process.Send(stream->id(), Flush{5});
  process.SendAudio(stream->id(), EncodeTone("two", kRate));
  process.Send(stream->id(), End{});
  const auto events = stream->WaitIdle();
  ASSERT_TRUE(events);
  const auto finals = AllOf<Final>(*events);
  ASSERT_EQ(finals.size(), 2u);
  EXPECT_EQ(finals[0].flush_id, 5u);
  EXPECT_EQ(finals[0].text, "one ");
  EXPECT_EQ(finals[0].upto_sample, static_cast<int64_t>(first.size()));
  EXPECT_EQ(finals[1].flush_id, std::nullopt);
  EXPECT_EQ(finals[1].text, "one two");
}

TEST(AsrStream, AnEndRightAfterAFlushNeedsNoSecondFinal) {
  auto probe = Fixture(ModelKind::kAsr);
  const auto stream = *probe->Start({.request = AsrStart{}});
  probe->process().SendAudio(stream->id(), EncodeTone("hm", kRate));
  probe->process().Send(stream->id(), Flush{1});
  probe->process().Send(stream->id(), End{});
  const auto events = stream->WaitIdle();
  ASSERT_TRUE(events);
  EXPECT_EQ(AllOf<Final>(*events).size(), 1u);
  EXPECT_EQ(AllOf<Done>(*events).size(), 1u);
}

TEST(AsrStream, AudioBeyondTheCreditFailsTheStreamOnly) {
  auto probe = Fixture(ModelKind::kAsr);
  const auto stream = *probe->Start({.request = AsrStart{}});
  // One frame of four seconds, with credit for two: no taking in between can help.
  probe->process().SendAudio(stream->id(), std::vector<float>(kAudioSamplesMax));
  const auto events = stream->WaitIdle();
  ASSERT_TRUE(events);
  EXPECT_THAT(AllOf<ErrorMessage>(*events).at(0).message, HasSubstr("with credit for 32000"));
  EXPECT_EQ(probe->process().state(), EngineProcess::State::kReady);
}

TEST(AsrStream, AMessageOfAnotherKindFailsTheStreamOnly) {
  auto probe = Fixture(ModelKind::kAsr);
  const auto stream = *probe->Start({.request = AsrStart{}});
  probe->process().Send(stream->id(), Text{.utterance = 1, .text = "say this"});
  const auto events = stream->WaitIdle();
  ASSERT_TRUE(events);
  EXPECT_THAT(AllOf<ErrorMessage>(*events).at(0).message, HasSubstr("does not belong"));
}

TEST(LlmStream, DeltasComeInOrderAndDoneCounts) {
  auto probe = Fixture(ModelKind::kLlm);
  LlmStart request;
  request.messages.resize(2);
  request.sampling.max_tokens = 5;
  const auto events = (*probe->Start({.request = request}))->WaitIdle();
  ASSERT_TRUE(events);
  std::string text;
  for (const Delta& delta : AllOf<Delta>(*events)) text += delta.text;
  EXPECT_EQ(text, "1 2 3 4 5 ");
  const auto dones = AllOf<Done>(*events);
  ASSERT_EQ(dones.size(), 1u);
  EXPECT_EQ(dones[0].reason, DoneReason::kLength);
  EXPECT_EQ(dones[0].tokens, 5);
  EXPECT_EQ(dones[0].prompt_tokens, 2);
  EXPECT_LE(dones[0].first_ms, dones[0].compute_ms + 1000);
}

TEST(LlmStream, AStartTooLongForAFrameIsRefusedBeforeItIsSent) {
  auto probe = Fixture(ModelKind::kLlm);
  LlmStart request;
  request.messages = {{ports::LanguageModel::Role::kUser, std::string(kJsonBytesMax, 'x'), {}, ""}};
  const auto refused = probe->Start({.request = request});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
  EXPECT_EQ(probe->process().state(), EngineProcess::State::kReady);
}

TEST(OptionReader, TypesAndRangesAreHeldTo) {
  Load load;
  load.options = {{"flag", true}, {"count", int64_t{3}}, {"share", int64_t{1}}, {"name", "x"}};
  OptionReader options(load);
  EXPECT_EQ(*options.Bool("flag", false), true);
  EXPECT_EQ(*options.Int("count", 0, 0, 5), 3);
  EXPECT_EQ(*options.Number("share", 0, 0, 2), 1.0) << "a whole number is a number";
  EXPECT_EQ(*options.String("absent", "fallback"), "fallback");
  EXPECT_THAT(options.CheckAllUsed().error().message, HasSubstr("unknown option \"name\""));
  EXPECT_EQ(*options.String("name", ""), "x");
  EXPECT_TRUE(options.CheckAllUsed());
}

TEST(OptionReader, RefusalsNameTheOption) {
  Load load;
  load.options = {{"flag", int64_t{1}}, {"count", int64_t{9}}, {"rate", "fast"}};
  OptionReader options(load);
  EXPECT_THAT(options.Bool("flag", false).error().message, HasSubstr("option flag is \"1\""));
  EXPECT_THAT(options.Int("count", 0, 0, 5).error().message, HasSubstr("from 0 to 5"));
  EXPECT_THAT(options.Number("rate", 0, 0, 1).error().message, HasSubstr("must be a number"));
}

}  // namespace
}  // namespace parley::engine
