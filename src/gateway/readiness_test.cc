#include "gateway/readiness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::gateway {
namespace {

using ::testing::ElementsAre;

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

TEST(Readiness, TellsOnceEachTimeItBecomesReady) {
  const std::vector<ports::ModelInfo> warm = {
      Model("piper/joe", ports::ModelKind::kTts, ports::ModelState::kReady),
      Model("whisper/tiny", ports::ModelKind::kAsr, ports::ModelState::kReady)};
  int told = 0;
  Readiness readiness(false, [&] { ++told; });
  EXPECT_FALSE(readiness.state().ready);
  readiness.Update(warm);
  readiness.Update(warm);
  EXPECT_TRUE(readiness.state().ready);
  EXPECT_EQ(told, 1);
  readiness.Update(Fail(Code::kUnavailable, "cannot be reached"));
  EXPECT_THAT(readiness.state().missing, ElementsAre("worker: cannot be reached"));
  readiness.Update(warm);
  EXPECT_EQ(told, 2);
}

}  // namespace
}  // namespace parley::gateway
