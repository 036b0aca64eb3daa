#include "supervisor/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/testing/temp_dir.h"

namespace parley::supervisor {
namespace {

// What the shell would start as a child of its own is no one's to stop: such a script says exec.
Result<ChildProcess> Shell(const std::string& script) {
  return ChildProcess::Start(
      {.program = "/bin/sh", .args = {"-c", script}, .env = {"PATH=/usr/bin:/bin", "X=7"}});
}

std::optional<Ending> WaitFor(ChildProcess& child) {
  pollfd ended{.fd = child.ended_fd(), .events = POLLIN, .revents = 0};
  ::poll(&ended, 1, 10'000);
  return child.Reap();
}

TEST(ChildProcess, TellsHowItEnded) {
  auto exits = Shell("exit $X");
  ASSERT_TRUE(exits);
  EXPECT_EQ(WaitFor(*exits)->exit_status, 7);
  EXPECT_EQ(exits->Reap()->Words(), "exit status 7");
  auto killed = Shell("exec sleep 1000");
  ASSERT_TRUE(killed);
  EXPECT_FALSE(killed->Reap());
  killed->Signal(SIGKILL);
  EXPECT_EQ(WaitFor(*killed)->signal, SIGKILL);
}

TEST(ChildProcess, AMissingProgramIsNamed) {
  const auto child = ChildProcess::Start({.program = "/nowhere/parley-gateway"});
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, Code::kNotFound);
}

TEST(ChildProcess, EndsWithItsOwner) {
  pid_t pid = 0;
  {
    auto child = Shell("exec sleep 1000");
    ASSERT_TRUE(child);
    pid = child->pid();
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(ChildProcess, DoesNotOutliveAKilledParent) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    // The grandchild holds the write end until it dies.
    ::fcntl(ends[1], F_SETFD, 0);
    const auto child = Shell("exec sleep 1000");
    ::kill(::getpid(), SIGKILL);
  }
  ::close(ends[1]);
  ::waitpid(parent, nullptr, 0);
  pollfd closed{.fd = ends[0], .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&closed, 1, 10'000), 1) << "the grandchild is still alive";
  ::close(ends[0]);
}

}  // namespace
}  // namespace parley::supervisor
