#include "engine/internal/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "engine/internal/resident_bytes.h"
#include "engine/internal/spawner.h"

namespace parley::engine::internal {
namespace {

// The only variables of the worker's that an engine sees.
constexpr const char* kPassedOn[] = {"CUDA_VISIBLE_DEVICES",   "CUDA_DEVICE_ORDER",
                                     "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES",
                                     "LD_LIBRARY_PATH",        "TZ",
                                     "ASAN_OPTIONS",           "LSAN_OPTIONS",
                                     "TSAN_OPTIONS",           "UBSAN_OPTIONS"};
constexpr size_t kReadBytes = size_t{64} << 10;
// What one call of Drain reads at most of each output, so that a chatty engine cannot keep the
// keeper from its watch.
constexpr int kReadsMax = 16;

std::map<std::string, std::string> Environment(const EngineSpec& spec, const std::string& scratch,
                                               bool inherits_socket) {
  std::map<std::string, std::string> env = {
      {"PATH", "/usr/local/bin:/usr/bin:/bin"},
      {"LANG", "C.UTF-8"},
      {"HOME", scratch},
      {"TMPDIR", scratch},
      {"PYTHONUNBUFFERED", "1"},
      {"PYTHONNOUSERSITE", "1"},
      {"PYTHONDONTWRITEBYTECODE", "1"},
      // A spinning barrier starves everything else on a busy machine.
      {"OMP_WAIT_POLICY", "passive"},
  };
  for (const char* name : kPassedOn) {
    if (const char* value = std::getenv(name)) env[name] = value;
  }
  for (const auto& [name, value] : spec.env) env[name] = value;
  if (inherits_socket) {
    env["PARLEY_ENGINE_FD"] = std::to_string(kChildSocketFd);
  } else {
    env["PARLEY_ENGINE_SOCKET"] = spec.socket_path;
  }
  return env;
}

Result<std::string> MakeScratch() {
  const char* base = std::getenv("TMPDIR");
  std::string folder = fmt::format("{}/parley-engine-XXXXXX", base ? base : "/tmp");
  if (mkdtemp(folder.data())) return folder;
  return Fail(Code::kInternal,
              fmt::format("cannot make a scratch folder \"{}\": {}", folder, std::strerror(errno)));
}

// False at the end of the output.
bool DrainOne(int fd, LineSplitter& lines) {
  const auto buffer = std::make_unique<char[]>(kReadBytes);
  for (int i = 0; i < kReadsMax; ++i) {
    const ssize_t count = read(fd, buffer.get(), kReadBytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN;
    if (count == 0) return false;
    lines.Feed({buffer.get(), static_cast<size_t>(count)});
  }
  return true;
}

}  // namespace

std::string ExitStatus::Describe() const {
  if (signal != 0) return fmt::format("was killed by signal {} ({})", signal, strsignal(signal));
  return fmt::format("ended with code {}", exit_code);
}

Result<std::unique_ptr<Child>> Child::Start(const EngineSpec& spec, UniqueFd socket,
                                            OutputLog& log) {
  PARLEY_TRY(const std::string scratch, MakeScratch());
  std::unique_ptr<Child> child(new Child(log, scratch));
  SpawnRequest request{
      .command = spec.command,
      .env = Environment(spec, scratch, static_cast<bool>(socket)),
      .working_directory = spec.working_directory.empty() ? scratch : spec.working_directory,
      .socket = std::move(socket),
      .limits = spec.limits,
      .landlock = spec.sandbox.on,
      .writable = spec.sandbox.writable};
  request.writable.push_back(scratch);
  PARLEY_TRY(Spawned spawned, SpawnChild(std::move(request)));
  child->pid_ = spawned.pid;
  child->out_ = std::move(spawned.out);
  child->err_ = std::move(spawned.err);
  for (const int fd : child->outputs()) fcntl(fd, F_SETFL, O_NONBLOCK);
  return child;
}

Child::~Child() {
  if (pid_ > 0 && !reaped_) {
    Signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(scratch_, ignored);
}

void Child::Drain() {
  if (out_ && !DrainOne(out_.get(), lines_[0])) {
    lines_[0].Finish();
    out_.Reset();
  }
  if (err_ && !DrainOne(err_.get(), lines_[1])) {
    lines_[1].Finish();
    err_.Reset();
  }
}

void Child::Signal(int number) {
  const std::lock_guard lock(mutex_);
  if (!reaped_) kill(-pid_, number);
}

std::optional<ExitStatus> Child::TryReap() {
  const std::lock_guard lock(mutex_);
  siginfo_t info{};
  // The group is killed while its leader, though dead, still holds the number.
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid != pid_) {
    return std::nullopt;
  }
  kill(-pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  reaped_ = true;
  if (WIFSIGNALED(status)) return ExitStatus{.signal = WTERMSIG(status)};
  return ExitStatus{.exit_code = WEXITSTATUS(status)};
}

int64_t Child::ResidentBytes() const {
  const std::lock_guard lock(mutex_);
  if (reaped_) return 0;
  return ResidentBytesOf(pid_);
}

}  // namespace parley::engine::internal
