#include "gateway/readiness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/testing/manual_executor.h"
#include "ports/testing/fake_model_host.h"

namespace parley::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ports::ModelInfo Model(std::string id, ports::ModelKind kind, ports::ModelState state,
                       std::string reason = "") {
  ports::ModelInfo info;
  info.id = std::move(id);
  info.kind = kind;
  info.state = state;
  info.reason = std::move(reason);
  info.is_default = true;
  return info;
}

TEST(Readiness, SaysWhichIsNotWarm) {
  const std::vector<ports::ModelInfo> models = {
      Model("piper/joe", ports::ModelKind::kTts, ports::ModelState::kWarming),
      Model("whisper/tiny", ports::ModelKind::kAsr, ports::ModelState::kFailed, "no file"),
  };
  const ReadyState state = JudgeReadiness(models, true);
  EXPECT_FALSE(state.ready);
  EXPECT_THAT(state.missing, ElementsAre("voice: piper/joe is warming",
                                         "recognizer: whisper/tiny is failed: no file",
                                         "language model: the worker has no default one"));
}

TEST(Readiness, ALanguageModelElsewhereIsNotWaitedFor) {
  const std::vector<ports::ModelInfo> models = {
      Model("piper/joe", ports::ModelKind::kTts, ports::ModelState::kReady),
      Model("whisper/tiny", ports::ModelKind::kAsr, ports::ModelState::kReady),
  };
  EXPECT_TRUE(JudgeReadiness(models, false).ready);
  EXPECT_FALSE(JudgeReadiness(models, true).ready);
}

TEST(Readiness, FollowsTheWorkerAndTellsOnceEachTime) {
  FakeClock clock;
  net::testing::ManualExecutor executor(clock);
  ports::WorkerCapabilities worker;
  worker.models = {Model("piper/joe", ports::ModelKind::kTts, ports::ModelState::kReady),
                   Model("whisper/tiny", ports::ModelKind::kAsr, ports::ModelState::kReady)};
  ports::testing::FakeModelHost host(worker);
  Readiness readiness({.needs_language_model = false}, host, clock, executor);
  int told = 0;
  readiness.OnReady([&] { ++told; });
  readiness.Start();
  EXPECT_FALSE(readiness.state().ready);
  host.Run();
  executor.RunReady();
  EXPECT_TRUE(readiness.state().ready);
  EXPECT_EQ(told, 1);
  // The next question stays without an answer: the worker is gone.
  executor.AdvanceMs(2'000);
  executor.AdvanceMs(5'000);
  EXPECT_FALSE(readiness.state().ready);
  EXPECT_THAT(readiness.state().missing, ElementsAre(HasSubstr("no answer within 5000 ms")));
  // It is back; the late answer of the lost question changes nothing.
  executor.AdvanceMs(100);
  host.Run();
  executor.RunReady();
  EXPECT_TRUE(readiness.state().ready);
  EXPECT_EQ(told, 2);
}

TEST(Readiness, ALateAnswerAfterItsEndIsDropped) {
  FakeClock clock;
  net::testing::ManualExecutor executor(clock);
  ports::testing::FakeModelHost host({});
  {
    Readiness readiness({}, host, clock, executor);
    readiness.Start();
  }
  host.Run();
  executor.RunReady();
}

}  // namespace
}  // namespace parley::gateway
