#include "supervisor/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace parley::supervisor {
namespace {

constexpr int kExecFailed = 127;

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Only async-signal-safe calls: runs between fork and exec.
[[noreturn]] void BecomeChild(const char* program, char* const* args, char* const* env, int output,
                              pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kExecFailed);  // it died before the line above
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (::dup2(null, 0) >= 0 && ::dup2(output, 1) >= 0 && ::dup2(output, 2) >= 0) {
    ::execve(program, args, env);
  }
  ::_exit(kExecFailed);
}

}  // namespace

std::string Ending::Words() const {
  if (signal == 0) return fmt::format("exit status {}", exit_status);
  const char* name = ::strsignal(signal);
  return fmt::format("signal {} ({})", signal, name == nullptr ? "?" : name);
}

Result<ChildProcess> ChildProcess::Start(const ChildCommand& command) {
  if (::access(command.program.c_str(), X_OK) != 0) {
    return Fail(Code::kNotFound, fmt::format("there is no program '{}'", command.program.string()));
  }
  std::vector<std::string> texts{command.program.string()};
  texts.insert(texts.end(), command.args.begin(), command.args.end());
  const auto args = Pointers(texts);
  const auto env = Pointers(command.env);
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    return Fail(Code::kResourceExhausted,
                fmt::format("cannot start '{}': {}", command.program.string(), ::strerror(errno)));
  }
  if (pid == 0) BecomeChild(args[0], args.data(), env.data(), command.output_fd, self);
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return Fail(Code::kUnimplemented, "this kernel has no pidfd_open (Linux 5.3 has)");
  }
  return ChildProcess(pid, std::move(pidfd));
}

ChildProcess::~ChildProcess() {
  if (!pidfd_ || Reap()) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void ChildProcess::Signal(int signal) const {
  if (!ending_) ::kill(pid_, signal);
}

std::optional<Ending> ChildProcess::Reap() {
  if (ending_) return ending_;
  int status = 0;
  const pid_t reaped = ::waitpid(pid_, &status, WNOHANG);
  if (reaped == 0 || (reaped < 0 && errno == EINTR)) return std::nullopt;
  Ending ending;
  if (WIFEXITED(status)) ending.exit_status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ending.signal = WTERMSIG(status);
  ending_ = ending;
  return ending_;
}

}  // namespace parley::supervisor
