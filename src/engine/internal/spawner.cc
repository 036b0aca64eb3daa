#include "engine/internal/spawner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <future>
#include <string_view>
#include <thread>
#include <utility>

#include "base/bounded_queue.h"

namespace parley::engine::internal {
namespace {

// Sources are moved above this, so that putting them in their places cannot overwrite one.
constexpr int kFirstFreeFd = 16;
constexpr int kExecFailed = 127;

// Everything the child needs, made before the fork: between fork and exec only system calls that
// are safe in a signal handler are made.
struct Plan {
  std::vector<char*> argv;
  std::vector<char*> envp;
  const char* program = nullptr;
  const char* working_directory = nullptr;
  int input = -1;
  int output = -1;
  int error = -1;
  int socket = -1;
  int landlock = -1;
  int report = -1;  // where the child says what failed
  pid_t parent = -1;
  rlimit files{};
  rlimit core{};
};

struct ChildFailure {
  int error_number = 0;
  char what[24] = {};
};

[[noreturn]] void Report(const Plan& plan, const char* what) {
  ChildFailure failure{.error_number = errno};
  std::strncpy(failure.what, what, sizeof failure.what - 1);
  [[maybe_unused]] const ssize_t written = write(plan.report, &failure, sizeof failure);
  _exit(kExecFailed);
}

void ResetSignals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void PlaceDescriptors(const Plan& plan) {
  if (dup2(plan.input, STDIN_FILENO) < 0) Report(plan, "dup2(stdin)");
  if (dup2(plan.output, STDOUT_FILENO) < 0) Report(plan, "dup2(stdout)");
  if (dup2(plan.error, STDERR_FILENO) < 0) Report(plan, "dup2(stderr)");
  if (plan.socket >= 0 && dup2(plan.socket, kChildSocketFd) < 0) Report(plan, "dup2(socket)");
  // What a library of the worker opened without CLOEXEC must not be inherited either.
  const unsigned first = plan.socket >= 0 ? kChildSocketFd + 1 : kChildSocketFd;
  syscall(SYS_close_range, first, UINT_MAX, CLOSE_RANGE_CLOEXEC);
}

[[noreturn]] void RunChild(const Plan& plan) {
  setpgid(0, 0);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) Report(plan, "prctl(PDEATHSIG)");
  if (getppid() != plan.parent) _exit(kExecFailed);
  ResetSignals();
  PlaceDescriptors(plan);
  if (chdir(plan.working_directory) != 0) Report(plan, "chdir");
  if (setrlimit(RLIMIT_NOFILE, &plan.files) != 0) Report(plan, "setrlimit(NOFILE)");
  if (setrlimit(RLIMIT_CORE, &plan.core) != 0) Report(plan, "setrlimit(CORE)");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) Report(plan, "prctl(NO_NEW_PRIVS)");
  if (plan.landlock >= 0 && syscall(SYS_landlock_restrict_self, plan.landlock, 0) != 0) {
    Report(plan, "landlock_restrict_self");
  }
  execve(plan.program, plan.argv.data(), plan.envp.data());
  Report(plan, "exec");
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<UniqueFd> Raised(UniqueFd fd) {
  UniqueFd raised(fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstFreeFd));
  if (raised) return raised;
  return Fail(Code::kResourceExhausted,
              fmt::format("no descriptor left for an engine: {}", std::strerror(errno)));
}

Result<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return Fail(Code::kResourceExhausted,
                fmt::format("no descriptor left for an engine: {}", std::strerror(errno)));
  }
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  PARLEY_TRY(pipe.write, Raised(std::move(pipe.write)));
  return pipe;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

rlimit Limit(int resource, int64_t value) {
  rlimit limit{};
  getrlimit(resource, &limit);
  limit.rlim_max = std::min<rlim_t>(limit.rlim_max, static_cast<rlim_t>(value));
  limit.rlim_cur = limit.rlim_max;
  return limit;
}

Error StartFailure(const ChildFailure& failure, const SpawnRequest& request) {
  const Code code = failure.error_number == ENOENT   ? Code::kNotFound
                    : failure.error_number == EACCES ? Code::kPermissionDenied
                                                     : Code::kInternal;
  return Error{code, fmt::format("cannot start \"{}\" in \"{}\": {}: {}", request.command[0],
                                 request.working_directory, failure.what,
                                 std::strerror(failure.error_number))};
}

// Runs on the spawner's thread.
Result<Spawned> Fork(SpawnRequest& request) {
  PARLEY_TRY(request.command[0], FindProgram(request.command[0]));
  std::vector<std::string> variables;
  for (const auto& [name, value] : request.env) variables.push_back(name + "=" + value);

  PARLEY_TRY(Pipe output, MakePipe());
  PARLEY_TRY(Pipe error, MakePipe());
  PARLEY_TRY(Pipe report, MakePipe());
  PARLEY_TRY(const UniqueFd input, Raised(UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC))));
  UniqueFd landlock;
  if (request.landlock) {
    PARLEY_TRY(landlock, MakeLandlock(request.writable));
    if (landlock) {
      PARLEY_TRY(landlock, Raised(std::move(landlock)));
    }
  }
  if (request.socket) {
    PARLEY_TRY(request.socket, Raised(std::move(request.socket)));
  }

  const Plan plan{.argv = Pointers(request.command),
                  .envp = Pointers(variables),
                  .program = request.command[0].c_str(),
                  .working_directory = request.working_directory.c_str(),
                  .input = input.get(),
                  .output = output.write.get(),
                  .error = error.write.get(),
                  .socket = request.socket.get(),
                  .landlock = landlock.get(),
                  .report = report.write.get(),
                  .parent = getpid(),
                  .files = Limit(RLIMIT_NOFILE, request.limits.open_files_max),
                  .core = Limit(RLIMIT_CORE, request.limits.core_bytes_max)};
  const pid_t pid = fork();
  if (pid == 0) RunChild(plan);
  if (pid < 0) {
    return Fail(Code::kResourceExhausted, fmt::format("cannot fork: {}", std::strerror(errno)));
  }
  setpgid(pid, pid);  // also here, so that a kill of the group cannot come too early
  report.write.Reset();
  ChildFailure failure;
  if (read(report.read.get(), &failure, sizeof failure) == sizeof failure) {
    waitpid(pid, nullptr, 0);
    return Fail(StartFailure(failure, request));
  }
  return Spawned{pid, std::move(output.read), std::move(error.read)};
}

// The thread that forks. It is never ended: PR_SET_PDEATHSIG would take all engines with it.
class Spawner {
 public:
  Spawner() : thread_([this] { Loop(); }) {}

  Result<Spawned> Spawn(SpawnRequest request) {
    Order order{std::move(request), {}};
    std::future<Result<Spawned>> spawned = order.done.get_future();
    orders_.Push(&order);
    return spawned.get();
  }

 private:
  struct Order {
    SpawnRequest request;
    std::promise<Result<Spawned>> done;
  };

  void Loop() {
    while (const auto order = orders_.Pop()) (*order)->done.set_value(Fork((*order)->request));
  }

  BoundedQueue<Order*> orders_{64};
  std::thread thread_;
};

}  // namespace

Result<std::string> FindProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "/usr/local/bin:/usr/bin:/bin";
  const std::string searched(rest);
  while (!rest.empty()) {
    const size_t end = rest.find(':');
    const std::string candidate = fmt::format("{}/{}", rest.substr(0, end), name);
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return Fail(Code::kNotFound, fmt::format("no program \"{}\" in {}", name, searched));
}

Result<Spawned> SpawnChild(SpawnRequest request) {
  static auto& spawner = *new Spawner;
  return spawner.Spawn(std::move(request));
}

}  // namespace parley::engine::internal
