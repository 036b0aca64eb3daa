// The checks, seen to fail: voices that break one rule each are found out by the check of that
// rule.
#include "rpc/worker_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/testing/temp_dir.h"
#include "ports/testing/fake_model_host.h"
#include "ports/testing/fake_voice.h"
#include "rpc/speech_server.h"

namespace parley::rpc {
namespace {

using ports::Voice;
using ::testing::HasSubstr;

// What a voice says, changed on its way: what `tamper` gives takes the event's place.
class Tampered final : public Voice {
 public:
  using Tamper = std::function<std::vector<Event>(Event)>;
  explicit Tampered(Voice& good) : good_(good) {}
  Tamper tamper;
  int64_t more_credit = 0;

  std::unique_ptr<Stream> Start(Request request, Sink sink) override {
    request.credit_samples += more_credit;
    return good_.Start(std::move(request), [this, sink = std::move(sink)](Event event) {
      if (!tamper) return sink(std::move(event));
      for (Event& one : tamper(std::move(event))) sink(std::move(one));
    });
  }

 private:
  Voice& good_;
};

class WorkerCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string address = "unix:" + (dir_.path() / "w.sock").string();
    auto server =
        SpeechServer::Create({.address = address}, {.voice = &tampered_, .model_host = &host_});
    ASSERT_TRUE(server);
    server_ = std::move(*server);
    pump_ = std::thread([this] {
      while (!over_) {
        host_.Run();
        voice_.AdvanceUs(1'000);
        std::this_thread::yield();
      }
    });
    config_.client.address = address;
    config_.answer_ms = 5'000;
  }
  void TearDown() override {
    server_->Shutdown(0);
    over_ = true;
    pump_.join();
  }

  std::string Verdict(const std::string& check) {
    config_.only = {check};
    const auto report = CheckWorker(config_);
    if (report.checks.size() != 1) return "no such check";
    return report.checks[0].outcome == ports::ContractCheck::Outcome::kPassed
               ? ""
               : report.checks[0].reason;
  }
  // A rule that good voices keep and this one breaks.
  void Expect(const std::string& check, const std::string& reason) {
    const auto tamper = std::exchange(tampered_.tamper, nullptr);
    EXPECT_EQ(Verdict(check), "");
    tampered_.tamper = tamper;
    EXPECT_THAT(Verdict(check), HasSubstr(reason));
  }

  parley::testing::TempDir dir_;
  ports::testing::FakeVoice voice_{
      {.first_audio_us = 1'000, .real_time_factor = 0.05, .ms_per_byte = 5}};
  Tampered tampered_{voice_};
  ports::testing::FakeModelHost host_{{.worker_id = "fake",
                                       .version = "1",
                                       .device = "cpu",
                                       .ready = true,
                                       .models = {{.id = "voice",
                                                   .engine = "fake",
                                                   .state = ports::ModelState::kReady,
                                                   .is_default = true,
                                                   .slots = 2}}}};
  std::unique_ptr<SpeechServer> server_;
  WorkerCheckConfig config_;
  std::atomic<bool> over_ = false;
  std::thread pump_;
};

TEST_F(WorkerCheckTest, WhatAWorkerDoesNotServeIsNotHeldAgainstIt) {
  config_.only = {"says_who_it_is", "end_is_answered_by_a_final", "greedy_replies_repeat"};
  const auto report = CheckWorker(config_);
  ASSERT_EQ(report.checks.size(), 3u);
  EXPECT_EQ(report.checks[0].outcome, ports::ContractCheck::Outcome::kPassed);
  EXPECT_EQ(report.checks[1].outcome, ports::ContractCheck::Outcome::kNotApplicable);
  EXPECT_TRUE(report.Passed());
  EXPECT_EQ(report.worker, "fake 1");
  EXPECT_THAT(report.ToJson(), HasSubstr("\"name\": \"says_who_it_is\""));
}

TEST_F(WorkerCheckTest, NobodyThereIsSaid) {
  config_.client.address = "unix:" + (dir_.path() / "nobody").string();
  const auto report = CheckWorker(config_);
  EXPECT_FALSE(report.Passed());
  ASSERT_EQ(report.checks.size(), 1u);
  EXPECT_EQ(report.checks[0].name, "is_there");
}

TEST_F(WorkerCheckTest, ALostFrameIsFound) {
  tampered_.tamper = [](Voice::Event event) -> std::vector<Voice::Event> {
    const auto* audio = std::get_if<Voice::Audio>(&event);
    if (audio && audio->seq == 2) return {};
    return {std::move(event)};
  };
  Expect("sample_sums_are_exact", "stands at");
}

TEST_F(WorkerCheckTest, AWrongSumIsFound) {
  tampered_.tamper = [](Voice::Event event) -> std::vector<Voice::Event> {
    if (auto* done = std::get_if<Voice::Done>(&event)) ++done->stats.samples;
    return {std::move(event)};
  };
  Expect("sample_sums_are_exact", "done says");
}

TEST_F(WorkerCheckTest, SoundAfterTheCancelIsFound) {
  tampered_.tamper = [](Voice::Event event) -> std::vector<Voice::Event> {
    const auto* done = std::get_if<Voice::Done>(&event);
    if (!done || done->reason != Voice::DoneReason::kCancelled) return {std::move(event)};
    const UtteranceId utterance = done->utterance;
    return {std::move(event), Voice::Audio{utterance, 99, 99, std::vector<int16_t>(480)}};
  };
  Expect("cancel_has_the_last_word", "after its cancel was acknowledged");
}

TEST_F(WorkerCheckTest, MoreThanTheCreditIsFound) {
  EXPECT_EQ(Verdict("credit_is_respected"), "");
  tampered_.more_credit = 4'800;
  EXPECT_THAT(Verdict("credit_is_respected"), HasSubstr("samples for a credit of"));
}

TEST_F(WorkerCheckTest, APauseThatIsOnlySaidIsFound) {
  tampered_.tamper = [](Voice::Event event) -> std::vector<Voice::Event> {
    if (auto* paused = std::get_if<Voice::Paused>(&event)) paused->pts_samples += 7;
    return {std::move(event)};
  };
  Expect("pause_loses_nothing", "paused at");
}

TEST_F(WorkerCheckTest, AMarkThatGoesBackIsFound) {
  tampered_.tamper = [](Voice::Event event) -> std::vector<Voice::Event> {
    if (auto* mark = std::get_if<Voice::Mark>(&event)) mark->text_end = 3;
    return {std::move(event)};
  };
  Expect("marks_rise_and_reach_the_end", "goes back");
}

TEST_F(WorkerCheckTest, AnUtteranceThatEndsTwiceIsFound) {
  tampered_.tamper = [](Voice::Event event) -> std::vector<Voice::Event> {
    const auto* done = std::get_if<Voice::Done>(&event);
    if (!done || done->utterance.value != 2) return {std::move(event)};
    return {event, event};
  };
  EXPECT_THAT(Verdict("odd_texts_end_like_others"), HasSubstr("not one end in its turn"));
}

TEST_F(WorkerCheckTest, WhatTheServerItselfKeepsIsKeptForAnyVoice) {
  for (const char* check : {"half_close_ends_the_text", "wrong_fields_are_refused_by_name",
                            "unknown_fields_are_ignored", "vanished_client_frees_its_slot",
                            "speaks_in_order", "frames_are_as_asked_for", "streams_do_not_mix"}) {
    EXPECT_EQ(Verdict(check), "") << check;
  }
}

}  // namespace
}  // namespace parley::rpc
