#include "catalog/internal/subprocess.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/unique_fd.h"

namespace parley::catalog::internal {
namespace {

constexpr size_t kLineBytesMax = 8192;
constexpr size_t kTailLines = 12;
constexpr int kTickMs = 200;
constexpr int kExecFailed = 127;

constexpr std::array<std::string_view, 20> kPassedOn{"PATH",
                                                     "HOME",
                                                     "USER",
                                                     "TMPDIR",
                                                     "LANG",
                                                     "LC_ALL",
                                                     "TERM",
                                                     "http_proxy",
                                                     "https_proxy",
                                                     "no_proxy",
                                                     "HTTP_PROXY",
                                                     "HTTPS_PROXY",
                                                     "NO_PROXY",
                                                     "SSL_CERT_FILE",
                                                     "SSL_CERT_DIR",
                                                     "CURL_CA_BUNDLE",
                                                     "REQUESTS_CA_BUNDLE",
                                                     "NODE_EXTRA_CA_CERTS",
                                                     "XDG_CACHE_HOME",
                                                     "XDG_CONFIG_HOME"};
constexpr std::array<std::string_view, 4> kPassedOnPrefixes{"PIP_", "npm_config_", "NPM_CONFIG_",
                                                            "PYENV_"};

// Splits what arrives into lines and keeps the last ones.
class Lines {
 public:
  explicit Lines(const Callbacks& callbacks) : callbacks_(callbacks) {}

  void Take(std::string_view bytes) {
    for (const char c : bytes) {
      if (c == '\n' || c == '\r' || line_.size() >= kLineBytesMax) Flush();
      if (c != '\n' && c != '\r') line_ += c;
    }
  }
  void Flush() {
    if (line_.empty()) return;
    if (callbacks_.on_line) callbacks_.on_line(line_);
    tail_.push_back(std::exchange(line_, {}));
    if (tail_.size() > kTailLines) tail_.pop_front();
  }
  std::string Tail() const { return fmt::format("{}", fmt::join(tail_, "\n  ")); }

 private:
  const Callbacks& callbacks_;
  std::string line_;
  std::deque<std::string> tail_;
};

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// The path of a program by PATH; empty when there is none. Done before the fork, where it may
// allocate.
std::string FindProgram(const std::string& name, const std::vector<std::string>& env) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : "";
  for (const std::string& entry : env) {
    if (!entry.starts_with("PATH=")) continue;
    std::string_view rest = std::string_view(entry).substr(5);
    while (!rest.empty()) {
      const size_t colon = std::min(rest.find(':'), rest.size());
      std::string path = fmt::format("{}/{}", rest.substr(0, colon), name);
      if (::access(path.c_str(), X_OK) == 0) return path;
      rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
  }
  return "";
}

// Only async-signal-safe calls: runs between fork and exec.
[[noreturn]] void BecomeChild(const char* program, char* const* args, char* const* env,
                              const char* folder, int out, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kExecFailed);  // it died before the line above
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const bool ready = ::dup2(null, 0) >= 0 && ::dup2(out, 1) >= 0 && ::dup2(out, 2) >= 0;
  if (ready && (*folder == '\0' || ::chdir(folder) == 0)) ::execve(program, args, env);
  ::_exit(kExecFailed);
}

struct Child {
  pid_t pid = -1;
  UniqueFd output;
};

Result<Child> Spawn(const Command& command) {
  const std::string program = FindProgram(command.args.at(0), command.env);
  if (program.empty()) {
    return Fail(
        Code::kNotFound,
        fmt::format("there is no program '{}'; install it or put it into PATH", command.args[0]));
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Fail(Code::kInternal, "cannot make a pipe");
  UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  const auto args = Pointers(command.args);
  const auto env = Pointers(command.env);
  const std::string folder = command.folder.string();
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return Fail(Code::kResourceExhausted, "cannot start another process");
  if (pid == 0)
    BecomeChild(program.c_str(), args.data(), env.data(), folder.c_str(), ends[1], self);
  ::setpgid(pid, pid);
  Child child;
  child.pid = pid;
  child.output = std::move(read_end);
  return child;
}

// Reads until the output ends; the reason to kill the child before that, if there is one.
std::optional<Error> Drain(const Child& child, const Command& command, const Callbacks& callbacks,
                           Lines& lines) {
  const SteadyClock clock;
  const int64_t end_us = clock.NowUs() + command.timeout_ms * 1000;
  std::array<char, 4096> block{};
  for (;;) {
    pollfd wanted{.fd = child.output.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&wanted, 1, kTickMs);
    if (callbacks.on_tick && !callbacks.on_tick()) {
      return Error{Code::kCancelled, fmt::format("'{}' was stopped", command.args[0])};
    }
    if (clock.NowUs() > end_us) {
      return Error{Code::kDeadlineExceeded, fmt::format("'{}' took more than {} s", command.args[0],
                                                        command.timeout_ms / 1000)};
    }
    if (ready <= 0) continue;
    const ssize_t count = ::read(child.output.get(), block.data(), block.size());
    if (count == 0 || (count < 0 && errno != EINTR)) return std::nullopt;
    if (count > 0) lines.Take({block.data(), static_cast<size_t>(count)});
  }
}

}  // namespace

Status RunCommand(const Command& command, const Callbacks& callbacks) {
  PARLEY_TRY(const Child child, Spawn(command));
  Lines lines(callbacks);
  const std::optional<Error> stopped = Drain(child, command, callbacks, lines);
  if (stopped) ::kill(-child.pid, SIGKILL);
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  lines.Flush();
  if (stopped) return Fail(*stopped);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string how = WIFEXITED(status) ? fmt::format("exit status {}", WEXITSTATUS(status))
                                            : fmt::format("signal {}", WTERMSIG(status));
  return Fail(Code::kUnknown, fmt::format("'{}' ended with {}:\n  {}", fmt::join(command.args, " "),
                                          how, lines.Tail()));
}

std::vector<std::string> CleanEnvironment(std::vector<std::string> also) {
  const auto is_passed_on = [](std::string_view entry) {
    const std::string_view name = entry.substr(0, entry.find('='));
    return std::find(kPassedOn.begin(), kPassedOn.end(), name) != kPassedOn.end() ||
           std::any_of(kPassedOnPrefixes.begin(), kPassedOnPrefixes.end(),
                       [&](std::string_view prefix) { return name.starts_with(prefix); });
  };
  const auto is_replaced = [&](std::string_view entry) {
    const std::string_view name = entry.substr(0, entry.find('=') + 1);
    return std::any_of(also.begin(), also.end(),
                       [&](const std::string& own) { return own.starts_with(name); });
  };
  std::vector<std::string> env;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (is_passed_on(*entry) && !is_replaced(*entry)) env.emplace_back(*entry);
  }
  std::move(also.begin(), also.end(), std::back_inserter(env));
  return env;
}

}  // namespace parley::catalog::internal
