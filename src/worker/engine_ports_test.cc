// Recognizer and language model streams over engines that do what the test says; voices are tested
// with a real engine in server_test.cc.
#include "worker/engine_ports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/testing/manager_rig.h"

namespace parley::worker {
namespace {

using ports::LanguageModel;
using ports::Recognizer;

class EnginePortsTest : public ::testing::Test, protected testing::ManagerRig {
 protected:
  void SetUp() override {
    config_.defaults = {{ModelKind::kAsr, "ears"}, {ModelKind::kLlm, "mind"}};
    AddPack("ears", "asr");
    AddPack("mind", "llm");
    Open();
    launcher_.answer_at_once = false;
    ears_ = launcher_.engine(0);
    mind_ = launcher_.engine(1);
  }
  void TearDown() override { Close(); }

  EngineDeps Deps() { return {clock_, metrics_, executor_, *manager_}; }
  std::unique_ptr<Recognizer::Stream> Listen(Recognizer::Request request) {
    auto stream = EngineRecognizer(Deps()).Start(
        std::move(request),
        [this](Recognizer::Event event) { heard_.push_back(std::move(event)); });
    executor_.RunReady();
    return stream;
  }
  template <class T>
  std::vector<T> Heard() const {
    std::vector<T> found;
    for (const auto& event : heard_) {
      if (const auto* one = std::get_if<T>(&event)) found.push_back(*one);
    }
    return found;
  }

  testing::FakeLauncher::Engine* ears_ = nullptr;
  testing::FakeLauncher::Engine* mind_ = nullptr;
  std::vector<Recognizer::Event> heard_;
};

TEST_F(EnginePortsTest, AnswersStandInTheCallersCountOfSamples) {
  const auto stream = Listen({});
  const uint32_t id = ears_->newest();
  stream->Audio(5'000, std::vector<int16_t>(1'000));
  stream->Audio(7'000, std::vector<int16_t>(1'000));  // a gap of 1,000
  stream->Flush(FlushId{3}, 8'000);
  executor_.RunReady();
  EXPECT_EQ(ears_->audio_samples(id), 3'000);
  ears_->Give(id, engine::Final{.flush_id = 3,
                                .from_sample = 0,
                                .upto_sample = 3'000,
                                .text = "hello",
                                .words = {{"hello", 500, 2'000, 1.0f}}});
  executor_.RunReady();
  const auto finals = Heard<Recognizer::Final>();
  ASSERT_EQ(finals.size(), 1u);
  EXPECT_EQ(finals[0].from_sample, 5'000);
  EXPECT_EQ(finals[0].upto_sample, 8'000);
  EXPECT_EQ(finals[0].words[0].from_sample, 5'500);
  EXPECT_EQ(finals[0].flush, FlushId{3});
}

TEST_F(EnginePortsTest, AudioGoesAsFarAsTheEnginesCreditAndFlushesKeepTheirPlace) {
  const auto stream = Listen({});
  const uint32_t id = ears_->newest();
  stream->Audio(0, std::vector<int16_t>(16'000));
  stream->Audio(16'000, std::vector<int16_t>(8'000));
  stream->Flush(FlushId{1}, 24'000);
  executor_.RunReady();
  EXPECT_EQ(ears_->audio_samples(id), 16'000);
  EXPECT_EQ(ears_->sent(id).size(), 1u) << "the flush waits behind its audio";
  ears_->Give(id, engine::Credit{16'000});
  executor_.RunReady();
  EXPECT_EQ(ears_->audio_samples(id), 24'000);
  EXPECT_TRUE(std::holds_alternative<engine::Flush>(ears_->sent(id).back()));
  int64_t room = 0;
  for (const auto& credit : Heard<Recognizer::Credit>()) room += credit.samples;
  EXPECT_EQ(room, 30 * 16'000 + 24'000);
}

TEST_F(EnginePortsTest, AnotherRateIsConverted) {
  const auto stream = Listen({.sample_rate_hz = 8'000});
  const uint32_t id = ears_->newest();
  stream->Audio(0, std::vector<int16_t>(4'000));
  stream->End();
  executor_.RunReady();
  EXPECT_EQ(ears_->audio_samples(id), 8'000);
  ears_->Give(id, engine::Final{.upto_sample = 8'000, .text = "hi"});
  ears_->EndStream(id);
  executor_.RunReady();
  EXPECT_EQ(Heard<Recognizer::Final>().at(0).upto_sample, 4'000);
  EXPECT_TRUE(std::holds_alternative<Recognizer::Finished>(heard_.back()));
  EXPECT_EQ(manager_->leases(), 0);
}

TEST_F(EnginePortsTest, AudioThatGoesBackOrFloodsEndsTheStream) {
  const auto back = Listen({});
  back->Audio(100, std::vector<int16_t>(10));
  back->Audio(100, std::vector<int16_t>(10));
  executor_.RunReady();
  EXPECT_EQ(Heard<Recognizer::Failed>().at(0).error.code, Code::kInvalidArgument);
  heard_.clear();
  const auto flood = Listen({});
  for (int s = 0; s < 90; ++s) flood->Audio(s * 16'000, std::vector<int16_t>(16'000));
  executor_.RunReady();
  EXPECT_EQ(Heard<Recognizer::Failed>().at(0).error.code, Code::kResourceExhausted);
  EXPECT_EQ(manager_->leases(), 0);
}

TEST_F(EnginePortsTest, ADestroyedStreamIsCancelledAndItsSlotFree) {
  auto stream = Listen({});
  EXPECT_EQ(manager_->leases(), 1);
  stream.reset();
  executor_.RunReady();
  EXPECT_EQ(ears_->open(), 0);
  EXPECT_EQ(manager_->leases(), 0);
}

TEST_F(EnginePortsTest, ACrashIsRetryable) {
  const auto stream = Listen({});
  ears_->Crash("bad luck");
  executor_.RunReady();
  ASSERT_EQ(Heard<Recognizer::Failed>().size(), 1u);
  EXPECT_TRUE(Heard<Recognizer::Failed>()[0].retryable);
  EXPECT_EQ(manager_->leases(), 0);
}

TEST_F(EnginePortsTest, ALanguageModelAnswersAndIsCancelled) {
  std::vector<LanguageModel::Event> told;
  const auto sink = [&](LanguageModel::Event event) { told.push_back(std::move(event)); };
  LanguageModel::Request request;
  request.messages = {{LanguageModel::Role::kUser, "Capital of France?", {}, ""}};
  EngineLanguageModel model(Deps());
  const auto first = model.Start(request, sink);
  executor_.RunReady();
  const uint32_t id = mind_->newest();
  const auto start = std::get<engine::Start>(mind_->sent(id).at(0));
  EXPECT_EQ(std::get<engine::LlmStart>(start.request).messages, request.messages);
  mind_->Give(id, engine::Delta{"Paris."});
  mind_->Give(id, engine::Done{.reason = engine::DoneReason::kLength, .tokens = 2});
  mind_->Give(id, engine::Idle{});
  executor_.RunReady();
  EXPECT_EQ(std::get<LanguageModel::Delta>(told.at(0)).text, "Paris.");
  EXPECT_EQ(std::get<LanguageModel::Done>(told.at(1)).reason, LanguageModel::DoneReason::kLength);
  told.clear();
  const auto second = model.Start(request, sink);
  executor_.RunReady();
  second->Cancel();
  executor_.RunReady();
  EXPECT_EQ(std::get<LanguageModel::Done>(told.at(0)).reason,
            LanguageModel::DoneReason::kCancelled);
  EXPECT_EQ(manager_->leases(), 0);
}

}  // namespace
}  // namespace parley::worker
