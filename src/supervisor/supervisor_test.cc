// Real processes in the place of gateway and worker: small Python programs that keep to what
// supervisor.h says a child learns and does.
#include "supervisor/supervisor.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "net/client.h"

namespace parley::supervisor {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr std::string_view kGateway = R"(#!/usr/bin/env python3
import http.server, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = (os.environ["PARLEY_GATEWAY_WORKER"] + " " + str(os.getpid())).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body)))
        self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
http.server.HTTPServer.allow_reuse_address = True
port = int(os.environ.get("PARLEY_GATEWAY_PORT", "0"))
server = http.server.HTTPServer(("127.0.0.1", port), Handler)
path = os.environ["PARLEY_GATEWAY_ADDRESS_FILE"]
open(path + ".part", "w").write("http://127.0.0.1:%d\n" % server.server_port)
os.rename(path + ".part", path)
server.serve_forever()
)";
constexpr std::string_view kWorker = R"(#!/bin/sh
echo "$PARLEY_WORKER_LISTEN" > "$0.listen"
echo $$ > "$0.pid"
exec sleep 1000
)";

class SupervisorTest : public ::testing::Test {
 protected:
  SupervisorTest() {
    Program("parley-gateway", kGateway);
    Program("parley-worker", kWorker);
    config_.programs_dir = dir_.path();
    config_.endpoint_file = dir_.path() / "endpoint";
    config_.log_file = dir_.path() / "log";
    config_.restart_first_ms = 10;
    config_.env = {{"PARLEY_GATEWAY_PORT", "0"}};
  }
  ~SupervisorTest() override { Stop(SIGKILL); }

  void Program(const std::string& name, std::string_view text) {
    ASSERT_TRUE(WriteFileAtomically(dir_.path() / name, text, 0755));
  }
  // In a process of its own, as its lives are tied to a main thread; exit status 0 is success.
  void Start() {
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::setpgid(0, 0);
    const Status ended = Supervise(config_, [&](std::string_view line) {
      (void)WriteFileAtomically(dir_.path() / "announced", line);
    });
    if (!ended) (void)WriteFileAtomically(dir_.path() / "error", ended.error().message);
    ::_exit(ended ? 0 : 1);
  }
  int Stop(int signal = SIGTERM) {
    if (pid_ <= 0) return -1;
    ::kill(pid_, signal);
    return WaitForEnd();
  }
  int WaitForEnd() {
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string Text(const std::string& name) {
    std::string text = ReadFile(dir_.path() / name, 1 << 20).value_or("");
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }
  // Polls until the condition holds; false after ten seconds.
  static bool Eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }
  // "unix:… PID" of the gateway.
  std::string Answer() {
    const auto answer = net::Fetch({.url = Text("endpoint") + "/readyz", .timeout_ms = 1000});
    return answer ? answer->body : "";
  }
  static pid_t PidIn(const std::string& answer) {
    return answer.empty() ? 0 : std::stoi(answer.substr(answer.find(' ') + 1));
  }

  parley::testing::TempDir dir_;
  Config config_;
  pid_t pid_ = 0;
};

TEST_F(SupervisorTest, SaysWhereToTalkOnceAllIsWarmAndLeavesNothingBehind) {
  Start();
  ASSERT_TRUE(Eventually([&] { return !Text("announced").empty(); })) << Text("log");
  const std::string url = Text("endpoint");
  EXPECT_THAT(Text("announced"), HasSubstr(url));
  EXPECT_EQ(Answer(), fmt::format("{} {}", Text("parley-worker.listen"), PidIn(Answer())));
  const pid_t worker = std::stoi(Text("parley-worker.pid"));
  const pid_t gateway = PidIn(Answer());
  EXPECT_EQ(Stop(), 0);
  EXPECT_EQ(::kill(worker, 0), -1);
  EXPECT_EQ(::kill(gateway, 0), -1);
  EXPECT_FALSE(fs::exists(config_.endpoint_file));
  EXPECT_FALSE(fs::exists(fs::path(Text("parley-worker.listen").substr(5)).parent_path()));
}

TEST_F(SupervisorTest, AKilledGatewayComesBackOnItsPort) {
  Start();
  ASSERT_TRUE(Eventually([&] { return !Text("announced").empty(); })) << Text("log");
  const pid_t first = PidIn(Answer());
  ::kill(first, SIGKILL);
  EXPECT_TRUE(Eventually([&] {
    const pid_t now = PidIn(Answer());
    return now != 0 && now != first;
  })) << Text("log");
  EXPECT_EQ(Stop(), 0);
}

TEST_F(SupervisorTest, AKilledWorkerComesBack) {
  Start();
  ASSERT_TRUE(Eventually([&] { return !Text("announced").empty(); })) << Text("log");
  const std::string first = Text("parley-worker.pid");
  ::kill(std::stoi(first), SIGKILL);
  EXPECT_TRUE(Eventually([&] { return Text("parley-worker.pid") != first; }));
  EXPECT_EQ(Stop(), 0);
}

TEST_F(SupervisorTest, ItsOwnDeathTakesTheChildrenAlong) {
  Start();
  ASSERT_TRUE(Eventually([&] { return !Text("announced").empty(); })) << Text("log");
  const pid_t worker = std::stoi(Text("parley-worker.pid"));
  const pid_t gateway = PidIn(Answer());
  Stop(SIGKILL);
  EXPECT_TRUE(Eventually([&] { return ::kill(worker, 0) != 0 && ::kill(gateway, 0) != 0; }));
}

TEST_F(SupervisorTest, AChildThatRefusesItsConfigurationIsNotStartedAgain) {
  Program("parley-gateway", "#!/bin/sh\necho gateway.port = 99999 is too large >&2\nexit 2\n");
  Start();
  EXPECT_EQ(WaitForEnd(), 1);
  EXPECT_THAT(Text("error"), HasSubstr("gateway.port = 99999 is too large"));
}

TEST_F(SupervisorTest, AChildThatNeverLivesIsGivenUp) {
  Program("parley-gateway", kWorker);  // never ready, like the real one without its worker
  Program("parley-worker", "#!/bin/sh\necho no luck >&2\nexit 1\n");
  Start();
  EXPECT_EQ(WaitForEnd(), 1);
  EXPECT_THAT(Text("error"), HasSubstr("parley-worker cannot run: exit status 1"));
}

TEST_F(SupervisorTest, AMissingProgramIsNamed) {
  fs::remove(dir_.path() / "parley-worker");
  Start();
  EXPECT_EQ(WaitForEnd(), 1);
  EXPECT_THAT(Text("error"), HasSubstr("there is no program"));
}

}  // namespace
}  // namespace parley::supervisor
