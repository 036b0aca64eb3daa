// A client speaks to a server over a real socket, with fakes behind it: what goes in on one side
// comes out on the other, whole and in order, and each end notices when the other is gone.
#include <gtest/gtest.h>

#include <span>
#include <variant>

#include "base/testing/temp_dir.h"
#include "ports/testing/fake_language_model.h"
#include "ports/testing/fake_model_host.h"
#include "ports/testing/fake_recognizer.h"
#include "ports/testing/fake_voice.h"
#include "rpc/speech_client.h"
#include "rpc/speech_server.h"
#include "rpc/testing/collector.h"

namespace parley::rpc {
namespace {

using ports::LanguageModel;
using ports::Recognizer;
using ports::Voice;
using testing::Collector;

class Loopback : public ::testing::Test {
 protected:
  void SetUp() override {
    StartServer();
    SpeechClient::Config config;
    config.address = server_->address();
    auto client = SpeechClient::Create(config);
    ASSERT_TRUE(client) << client.error().message;
    client_ = std::move(*client);
  }

  void StartServer() {
    SpeechServer::Config config;
    config.address = "unix:" + (dir_.path() / "worker.sock").string();
    auto server = SpeechServer::Create(config, {.voice = &voice_,
                                                .recognizer = &recognizer_,
                                                .language_model = &language_model_,
                                                .model_host = &model_host_});
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }

  void Pump() {
    voice_.AdvanceUs(5'000);
    recognizer_.AdvanceUs(5'000);
    language_model_.AdvanceUs(5'000);
    model_host_.Run();
  }
  template <class Event>
  bool WaitForLast(Collector<Event>& heard) {
    return heard.WaitFor(
        [](const auto& events) { return !events.empty() && IsLast(events.back()); },
        [this] { Pump(); });
  }
  bool WaitUntilNoneLive() {
    Collector<int> nothing;
    return nothing.WaitFor([this](const auto&) {
      return voice_.live() + recognizer_.live() + language_model_.live() == 0;
    });
  }

  parley::testing::TempDir dir_;
  ports::testing::FakeVoice voice_;
  ports::testing::FakeRecognizer recognizer_{{.script = {{"hello", 0, 1600}, {"there", 0, 3200}}}};
  ports::testing::FakeLanguageModel language_model_{
      {{.deltas = {"Par", "is."}, .tool_calls = {{"c1", "clock", "{\"a\":1}"}}}}};
  ports::testing::FakeModelHost model_host_{
      {.worker_id = "w1",
       .models = {{.id = "tone", .engine = "tone"}, {.id = "joe", .pinned = true}}}};
  std::unique_ptr<SpeechServer> server_;
  std::unique_ptr<SpeechClient> client_;
};

// Every sample has the value of its place, so a lost, doubled or swapped frame shows.
void ExpectWhole(const std::vector<Voice::Audio>& frames, UtteranceId utterance, int64_t samples) {
  int64_t next = 0;
  uint32_t seq = 0;
  for (const Voice::Audio& frame : frames) {
    if (frame.utterance != utterance) continue;
    ASSERT_EQ(frame.seq, seq++);
    ASSERT_EQ(frame.pts_samples, next);
    const auto sound = std::span(frame.pcm).first(frame.pcm.size() - frame.padding_samples);
    for (const int16_t sample : sound) {
      ASSERT_EQ(sample, ports::testing::FakeVoice::SampleAt(next++));
    }
  }
  EXPECT_EQ(next, samples);
}

TEST_F(Loopback, SpeechArrivesWholeAndInOrder) {
  Collector<Voice::Event> heard;
  auto stream = client_->voice().Start(
      {.work = ports::FloorWork(TurnId{3}), .model = "tone", .credit_samples = 1 << 30},
      heard.Sink());
  stream->Speak(UtteranceId{1}, "Hello there.", "before");
  stream->Speak(UtteranceId{2}, "And again.", "");
  stream->EndOfText();
  ASSERT_TRUE(WaitForLast(heard));
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(heard.events().back()));
  ExpectWhole(heard.Of<Voice::Audio>(), UtteranceId{1}, 12 * 50 * 48);
  ExpectWhole(heard.Of<Voice::Audio>(), UtteranceId{2}, 10 * 50 * 48);
  EXPECT_EQ(heard.Of<Voice::Mark>().size(), 4u);
  EXPECT_EQ(heard.Of<Voice::Done>().size(), 2u);
  EXPECT_EQ(voice_.requests().at(0).work, ports::FloorWork(TurnId{3}));
  EXPECT_EQ(voice_.requests().at(0).model, "tone");
  EXPECT_EQ(voice_.spoken(), (std::vector<std::string>{"1:Hello there.", "2:And again."}));
}

TEST_F(Loopback, WithoutCreditNothingComesAndWithItTheRest) {
  Collector<Voice::Event> heard;
  auto stream = client_->voice().Start({.credit_samples = 2 * 960}, heard.Sink());
  stream->Speak(UtteranceId{1}, "Hello there.", "");
  stream->EndOfText();
  ASSERT_TRUE(
      heard.WaitFor([](const auto& events) { return events.size() >= 2; }, [this] { Pump(); }));
  for (int i = 0; i < 100; ++i) Pump();
  EXPECT_EQ(heard.Of<Voice::Audio>().size(), 2u);
  stream->Grant(1 << 20);
  ASSERT_TRUE(WaitForLast(heard));
  ExpectWhole(heard.Of<Voice::Audio>(), UtteranceId{1}, 12 * 50 * 48);
}

TEST_F(Loopback, PauseAndResumeLoseNothing) {
  Collector<Voice::Event> heard;
  auto stream = client_->voice().Start({.credit_samples = 1 << 30}, heard.Sink());
  stream->Speak(UtteranceId{1}, "A rather long sentence for pausing in.", "");
  stream->EndOfText();
  ASSERT_TRUE(heard.WaitFor([](const auto& events) { return events.size() >= 3; },
                            [this] { voice_.AdvanceUs(1'000); }));
  stream->Pause();
  ASSERT_TRUE(heard.WaitFor(
      [](const auto& events) { return std::holds_alternative<Voice::Paused>(events.back()); },
      [this] { voice_.AdvanceUs(0); }));
  const size_t frames = heard.Of<Voice::Audio>().size();
  EXPECT_EQ(heard.Of<Voice::Paused>().at(0).pts_samples, static_cast<int64_t>(frames) * 960);
  stream->Resume();
  ASSERT_TRUE(WaitForLast(heard));
  ExpectWhole(heard.Of<Voice::Audio>(), UtteranceId{1}, 38 * 50 * 48);
}

TEST_F(Loopback, CancelIsAcknowledgedForEachUtterance) {
  Collector<Voice::Event> heard;
  auto stream = client_->voice().Start({.credit_samples = 1 << 30}, heard.Sink());
  stream->Speak(UtteranceId{1}, "Hello there.", "");
  stream->Speak(UtteranceId{2}, "Never heard.", "");
  stream->Cancel();
  ASSERT_TRUE(WaitForLast(heard));
  EXPECT_TRUE(heard.Of<Voice::Audio>().empty());
  ASSERT_EQ(heard.Of<Voice::Done>().size(), 2u);
  EXPECT_EQ(heard.Of<Voice::Done>()[1].reason, Voice::DoneReason::kCancelled);
}

TEST_F(Loopback, ADestroyedStreamFreesTheWorker) {
  Collector<Voice::Event> heard;
  auto stream = client_->voice().Start({.credit_samples = 1 << 30}, heard.Sink());
  stream->Speak(UtteranceId{1}, "Hello there.", "");
  ASSERT_TRUE(heard.WaitFor([](const auto& events) { return !events.empty(); },
                            [this] { voice_.AdvanceUs(1'000); }));
  stream.reset();
  const size_t before = heard.events().size();
  EXPECT_TRUE(WaitUntilNoneLive());
  Pump();
  EXPECT_EQ(heard.events().size(), before);
}

TEST_F(Loopback, AnUtteranceMayFailWhileItsStreamGoesOn) {
  Collector<Voice::Event> heard;
  auto stream = client_->voice().Start({.credit_samples = 1 << 30}, heard.Sink());
  stream->Speak(UtteranceId{1}, "Hello there.", "");
  stream->Speak(UtteranceId{2}, "And again.", "");
  stream->EndOfText();
  Collector<int> nothing;
  ASSERT_TRUE(nothing.WaitFor([this](const auto&) { return voice_.spoken().size() == 2; }));
  voice_.FailUtterances({Code::kInternal, "the engine crashed"}, /*retryable=*/true);
  ASSERT_TRUE(WaitForLast(heard));
  const auto failed = heard.Of<Voice::Failed>();
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].utterance, UtteranceId{1});
  EXPECT_TRUE(failed[0].retryable);
  EXPECT_EQ(failed[0].error.message, "the engine crashed");
  ExpectWhole(heard.Of<Voice::Audio>(), UtteranceId{2}, 10 * 50 * 48);
}

TEST_F(Loopback, AServerThatGoesDownFailsItsStreamsAsRetryable) {
  Collector<Voice::Event> heard;
  auto stream = client_->voice().Start({.credit_samples = 1 << 30}, heard.Sink());
  stream->Speak(UtteranceId{1}, "Hello there.", "");
  ASSERT_TRUE(heard.WaitFor([](const auto& events) { return !events.empty(); },
                            [this] { voice_.AdvanceUs(1'000); }));
  server_.reset();
  ASSERT_TRUE(heard.WaitFor([](const auto& events) { return IsLast(events.back()); }));
  const auto failed = std::get<Voice::Failed>(heard.events().back());
  EXPECT_TRUE(failed.retryable);
  EXPECT_EQ(failed.error.code, Code::kUnavailable) << failed.error.message;
  EXPECT_EQ(voice_.live(), 0);
}

TEST_F(Loopback, TheChannelFindsAServerThatCameBack) {
  server_.reset();
  Collector<Voice::Event> lost;
  auto first = client_->voice().Start({}, lost.Sink());
  ASSERT_TRUE(lost.WaitFor([](const auto& events) { return !events.empty(); }));
  EXPECT_TRUE(std::get<Voice::Failed>(lost.events().back()).retryable);
  StartServer();
  // Calls fail at once until the channel's back-off of 0.1 s is over.
  const auto deadline = std::chrono::steady_clock::now() + testing::kPatience;
  bool spoken = false;
  while (!spoken && std::chrono::steady_clock::now() < deadline) {
    Collector<Voice::Event> heard;
    auto stream = client_->voice().Start({.credit_samples = 1 << 30}, heard.Sink());
    stream->Speak(UtteranceId{1}, "Hi.", "");
    stream->EndOfText();
    ASSERT_TRUE(WaitForLast(heard));
    spoken = std::holds_alternative<Voice::Finished>(heard.events().back());
  }
  EXPECT_TRUE(spoken);
}

TEST_F(Loopback, SpeechIsRecognized) {
  Collector<Recognizer::Event> heard;
  auto stream =
      client_->recognizer().Start({.segment = SegmentId{5}, .language = "en"}, heard.Sink());
  std::vector<int16_t> pcm(3200);
  for (size_t i = 0; i < pcm.size(); ++i) pcm[i] = static_cast<int16_t>(i);
  stream->Audio(1000, std::span(pcm).first(1600));
  stream->Audio(2600, std::span(pcm).last(1600));
  stream->Flush(FlushId{9}, 4200);
  stream->End();
  ASSERT_TRUE(WaitForLast(heard));
  EXPECT_EQ(recognizer_.heard(), pcm);
  EXPECT_FALSE(heard.Of<Recognizer::Partial>().empty());
  EXPECT_GT(heard.Of<Recognizer::Credit>().at(0).samples, 0);
  const auto finals = heard.Of<Recognizer::Final>();
  ASSERT_EQ(finals.size(), 2u);
  EXPECT_EQ(finals[0].flush, FlushId{9});
  EXPECT_EQ(finals[0].text, "hello there");
  EXPECT_EQ(finals[0].upto_sample, 4200);
  EXPECT_FALSE(finals[1].flush);
  EXPECT_EQ(recognizer_.requests().at(0).segment, SegmentId{5});
}

TEST_F(Loopback, LongAudioInOneCallGoesInParts) {
  Collector<Recognizer::Event> heard;
  auto stream = client_->recognizer().Start({.sample_rate_hz = 48'000}, heard.Sink());
  const std::vector<int16_t> pcm(12 * 48'000, 3);
  stream->Audio(0, pcm);
  stream->End();
  ASSERT_TRUE(WaitForLast(heard));
  EXPECT_EQ(recognizer_.heard().size(), pcm.size());
}

TEST_F(Loopback, ALanguageModelAnswers) {
  Collector<LanguageModel::Event> heard;
  LanguageModel::Request request;
  request.messages = {{LanguageModel::Role::kUser, "Capital of France?", {}, ""}};
  request.prefix_key = "session 1";
  auto stream = client_->language_model().Start(request, heard.Sink());
  ASSERT_TRUE(WaitForLast(heard));
  const auto deltas = heard.Of<LanguageModel::Delta>();
  ASSERT_EQ(deltas.size(), 2u);
  EXPECT_EQ(deltas[0].text + deltas[1].text, "Paris.");
  EXPECT_EQ(heard.Of<LanguageModel::ToolCall>().at(0).arguments, "{\"a\":1}");
  EXPECT_EQ(heard.Of<LanguageModel::Done>().at(0).reason, LanguageModel::DoneReason::kToolCalls);
  EXPECT_EQ(language_model_.requests().at(0).messages, request.messages);
}

TEST_F(Loopback, AWrongRequestFailsWithTheReasonAndIsNotRetryable) {
  Collector<Voice::Event> heard;
  auto stream = client_->voice().Start({.speed = 99}, heard.Sink());
  ASSERT_TRUE(WaitForLast(heard));
  const auto failed = std::get<Voice::Failed>(heard.events().back());
  EXPECT_EQ(failed.error.code, Code::kInvalidArgument);
  EXPECT_NE(failed.error.message.find("speed is 99"), std::string::npos) << failed.error.message;
  EXPECT_FALSE(failed.retryable);
}

TEST_F(Loopback, AHugeTextIsRefused) {
  Collector<Voice::Event> heard;
  auto stream = client_->voice().Start({}, heard.Sink());
  stream->Speak(UtteranceId{1}, std::string(17'000, 'a'), "");
  ASSERT_TRUE(WaitForLast(heard));
  EXPECT_EQ(std::get<Voice::Failed>(heard.events().back()).error.code, Code::kInvalidArgument);
}

TEST_F(Loopback, ModelsAreManagedFromAfar) {
  Collector<Result<std::vector<ports::ModelInfo>>> listed;
  client_->model_host().List(listed.Sink());
  const auto pump = [this] { Pump(); };
  const auto any = [](const auto& events) { return !events.empty(); };
  ASSERT_TRUE(listed.WaitFor(any, pump));
  EXPECT_EQ(listed.events()[0]->at(1).id, "joe");

  Collector<ports::ModelHost::LoadEvent> loaded;
  client_->model_host().Load("tone", 1000, loaded.Sink());
  using Outcome = Result<ports::ModelInfo>;
  const auto over = [](const auto& events) {
    return !events.empty() && std::holds_alternative<Outcome>(events.back());
  };
  ASSERT_TRUE(loaded.WaitFor(over, pump));
  EXPECT_EQ(std::get<Outcome>(loaded.events().back())->state, ports::ModelState::kReady);

  Collector<ports::ModelHost::LoadEvent> unknown;
  client_->model_host().Load("nothing", 1000, unknown.Sink());
  ASSERT_TRUE(unknown.WaitFor(over, pump));
  EXPECT_EQ(std::get<Outcome>(unknown.events().back()).error().code, Code::kNotFound);

  Collector<Status> unloaded;
  client_->model_host().Unload("joe", false, unloaded.Sink());
  ASSERT_TRUE(unloaded.WaitFor(any, pump));
  EXPECT_EQ(unloaded.events()[0].error().code, Code::kFailedPrecondition);

  Collector<Result<ports::ModelHost::ReloadReport>> reloaded;
  client_->model_host().Reload(reloaded.Sink());
  ASSERT_TRUE(reloaded.WaitFor(any, pump));
  EXPECT_EQ(reloaded.events()[0]->added, std::vector<std::string>{"new/model"});

  Collector<Status> drained;
  client_->model_host().Drain(100, drained.Sink());
  ASSERT_TRUE(drained.WaitFor(any, pump));
  Collector<Result<ports::WorkerCapabilities>> capabilities;
  client_->model_host().Capabilities(capabilities.Sink());
  ASSERT_TRUE(capabilities.WaitFor(any, pump));
  EXPECT_TRUE(capabilities.events()[0]->draining);
}

TEST_F(Loopback, ManyStreamsAtOnceAreKeptApart) {
  constexpr size_t kStreams = 20;
  std::vector<std::unique_ptr<Collector<Voice::Event>>> heard;
  std::vector<std::unique_ptr<Voice::Stream>> streams;
  for (size_t i = 0; i < kStreams; ++i) {
    heard.push_back(std::make_unique<Collector<Voice::Event>>());
    streams.push_back(client_->voice().Start({.sample_rate_hz = 8'000, .credit_samples = 1 << 30},
                                             heard[i]->Sink()));
    streams[i]->Speak(UtteranceId{1}, std::string(1 + i, 'x'), "");
    streams[i]->EndOfText();
  }
  for (size_t i = 0; i < kStreams; ++i) {
    if (i % 4 == 3) {
      streams[i].reset();
      continue;
    }
    ASSERT_TRUE(WaitForLast(*heard[i]));
    ExpectWhole(heard[i]->Of<Voice::Audio>(), UtteranceId{1}, static_cast<int64_t>(i + 1) * 400);
  }
  EXPECT_TRUE(WaitUntilNoneLive());
}

}  // namespace
}  // namespace parley::rpc
