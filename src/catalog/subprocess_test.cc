#include "catalog/internal/subprocess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

namespace parley::catalog::internal {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Subprocess, HandsOutLinesAndSucceeds) {
  std::vector<std::string> lines;
  Callbacks callbacks;
  callbacks.on_line = [&](std::string_view line) { lines.emplace_back(line); };
  const Command command{.args = {"sh", "-c", "echo one; echo two >&2; printf three"},
                        .env = CleanEnvironment({})};
  ASSERT_TRUE(RunCommand(command, callbacks));
  EXPECT_THAT(lines, ElementsAre("one", "two", "three"));
}

TEST(Subprocess, AFailureCarriesTheLastWords) {
  const Command command{.args = {"sh", "-c", "echo no such package; exit 3"},
                        .env = CleanEnvironment({})};
  const Status ran = RunCommand(command, {});
  ASSERT_FALSE(ran);
  EXPECT_THAT(ran.error().message, HasSubstr("exit status 3"));
  EXPECT_THAT(ran.error().message, HasSubstr("no such package"));
}

TEST(Subprocess, AMissingProgramIsNamed) {
  const Command command{.args = {"parley-no-such-program"}, .env = CleanEnvironment({})};
  EXPECT_EQ(RunCommand(command, {}).error().code, Code::kNotFound);
}

TEST(Subprocess, IsKilledWithItsChildrenWhenToldTo) {
  // The grandchild holds the pipe: the call returns only when it is dead too.
  const Command command{.args = {"sh", "-c", "sleep 1000 & echo started; wait"},
                        .env = CleanEnvironment({})};
  bool started = false;
  Callbacks callbacks;
  callbacks.on_line = [&](std::string_view) { started = true; };
  callbacks.on_tick = [&] { return !started; };
  EXPECT_EQ(RunCommand(command, callbacks).error().code, Code::kCancelled);
}

TEST(Subprocess, TooLongIsTooLong) {
  const Command command{.args = {"sleep", "1000"}, .env = CleanEnvironment({}), .timeout_ms = 100};
  EXPECT_EQ(RunCommand(command, {}).error().code, Code::kDeadlineExceeded);
}

TEST(Subprocess, TheEnvironmentCarriesNoSecretsOfOurs) {
  ::setenv("PARLEY_LLM_KEY", "sk-1", 1);
  ::setenv("PIP_TIMEOUT_FOR_TEST", "7", 1);
  const auto env = CleanEnvironment({"TMPDIR=/x"});
  EXPECT_THAT(env, Not(Contains(StartsWith("PARLEY_LLM_KEY"))));
  EXPECT_THAT(env, Contains("PIP_TIMEOUT_FOR_TEST=7"));
  EXPECT_THAT(env, Contains("TMPDIR=/x"));
}

}  // namespace
}  // namespace parley::catalog::internal
