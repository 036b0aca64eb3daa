#include "supervisor/supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "net/client.h"
#include "supervisor/backoff.h"
#include "supervisor/child_process.h"

namespace parley::supervisor {
namespace {

namespace fs = std::filesystem;

constexpr int kProbeMs = 50;              // while not ready
constexpr int kReadyTimeoutMs = 2'000;    // of one probe
constexpr int64_t kImpatientMs = 10'000;  // then the log says what is waited for
constexpr int kStillbornMax = 5;          // deaths in a row before anything was ever ready
constexpr size_t kLogTailBytes = 2'000;
constexpr uintmax_t kLogBytesMax = 64 << 20;

// Signals arrive as readable bytes while this lives.
class SignalInbox {
 public:
  SignalInbox() {
    sigemptyset(&wanted_);
    sigaddset(&wanted_, SIGINT);
    sigaddset(&wanted_, SIGTERM);
    sigaddset(&wanted_, SIGHUP);
    ::sigprocmask(SIG_BLOCK, &wanted_, &before_);
    fd_ = UniqueFd(::signalfd(-1, &wanted_, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~SignalInbox() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  int fd() const { return fd_.get(); }

 private:
  sigset_t wanted_;
  sigset_t before_;
  UniqueFd fd_;
};

// A folder that only we can enter, gone with this object.
class PrivateFolder {
 public:
  static Result<PrivateFolder> Make() {
    const char* runtime = ::getenv("XDG_RUNTIME_DIR");
    std::error_code error;
    const bool usable =
        runtime != nullptr && fs::is_directory(runtime, error) && ::access(runtime, W_OK) == 0;
    std::string name = fmt::format("{}/parley-XXXXXX", usable ? runtime : "/tmp");
    if (::mkdtemp(name.data()) == nullptr) {
      return Fail(Code::kInternal, fmt::format("cannot make a folder like '{}'", name));
    }
    return PrivateFolder(name);
  }
  PrivateFolder(PrivateFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  ~PrivateFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit PrivateFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

// stderr goes to `fd` while this lives (when there is one): our own log lines stand between the
// children's.
class StderrInto {
 public:
  explicit StderrInto(int fd) {
    if (fd < 0) return;
    before_ = UniqueFd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
    ::dup2(fd, STDERR_FILENO);
  }
  ~StderrInto() {
    if (before_) ::dup2(before_.get(), STDERR_FILENO);
  }
  StderrInto(const StderrInto&) = delete;
  StderrInto& operator=(const StderrInto&) = delete;

 private:
  UniqueFd before_;
};

// Appends to the log, after putting away one that has grown large.
Result<UniqueFd> OpenLog(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  const auto size = fs::file_size(path, error);
  if (!error && size > kLogBytesMax) fs::rename(path, path.string() + ".1", error);
  UniqueFd log(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (log) return log;
  return Fail(
      Code::kPermissionDenied,
      fmt::format("cannot write to the log '{}'; choose another by --log-file", path.string()));
}

// One of the two programs and its lives.
struct Part {
  std::string name;
  Backoff backoff;
  std::optional<ChildProcess> child;
  int64_t started_ms = 0;
  int64_t start_at_ms = 0;  // while there is no child
};

class Supervision {
 public:
  Supervision(const Config& config, const Announce& announce, PrivateFolder folder, UniqueFd log)
      : config_(config),
        announce_(announce),
        folder_(std::move(folder)),
        log_(std::move(log)),
        parts_{Part{"parley-worker", {config.restart_first_ms, config.restart_last_ms}},
               Part{"parley-gateway", {config.restart_first_ms, config.restart_last_ms}}} {}

  Status Run() {
    Status ended;
    while (ended && !stopping_) ended = Step();
    Stop();
    RemoveEndpoint();
    return ended;
  }

 private:
  int64_t NowMs() const { return clock_.NowUs() / 1000; }
  fs::path AddressFile() const { return folder_.path() / "address"; }

  Status Step() {
    for (Part& part : parts_) {
      if (!part.child && NowMs() >= part.start_at_ms) PARLEY_TRY_STATUS(Start(part));
    }
    Wait();
    for (Part& part : parts_) PARLEY_TRY_STATUS(Look(part));
    if (!ready_ && !stopping_) Probe();
    return {};
  }

  // Until something ends, a signal comes, or it is time to look again.
  void Wait() {
    std::array<pollfd, 3> wanted{};
    wanted[0] = {.fd = signals_.fd(), .events = POLLIN, .revents = 0};
    int64_t wait_ms = ready_ ? -1 : kProbeMs;
    for (size_t i = 0; i < parts_.size(); ++i) {
      const int fd = parts_[i].child ? parts_[i].child->ended_fd() : -1;
      wanted[i + 1] = {.fd = fd, .events = POLLIN, .revents = 0};
      if (parts_[i].child) continue;
      const int64_t left_ms = std::max<int64_t>(0, parts_[i].start_at_ms - NowMs());
      wait_ms = wait_ms < 0 ? left_ms : std::min(wait_ms, left_ms);
    }
    ::poll(wanted.data(), wanted.size(), static_cast<int>(wait_ms));
    signalfd_siginfo signal{};
    if (::read(signals_.fd(), &signal, sizeof signal) == sizeof signal) stopping_ = true;
  }

  std::vector<std::string> Environment() const {
    std::map<std::string, std::string> variables;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
      const std::string_view line(*entry);
      const size_t equals = line.find('=');
      if (equals == std::string_view::npos) continue;
      variables[std::string(line.substr(0, equals))] = line.substr(equals + 1);
    }
    for (const auto& [name, value] : config_.env) variables[name] = value;
    const std::string socket = "unix:" + (folder_.path() / "worker").string();
    variables[config::EnvName("worker.listen")] = socket;
    variables[config::EnvName("gateway.worker")] = socket;
    variables[config::EnvName("gateway.address_file")] = AddressFile().string();
    if (!port_.empty()) variables[config::EnvName("gateway.port")] = port_;
    std::vector<std::string> env;
    for (const auto& [name, value] : variables) env.push_back(name + "=" + value);
    return env;
  }

  Status Start(Part& part) {
    ChildCommand command{.program = config_.programs_dir / part.name, .env = Environment()};
    command.output_fd = log_ ? log_.get() : STDERR_FILENO;
    PARLEY_TRY(ChildProcess child, ChildProcess::Start(command));
    log::Info("child_started name={} pid={}", part.name, child.pid());
    part.child = std::move(child);
    part.started_ms = NowMs();
    return {};
  }

  // Takes note of an end.
  Status Look(Part& part) {
    if (!part.child) return {};
    const auto ending = part.child->Reap();
    if (!ending || stopping_) return {};
    const int64_t lived_ms = NowMs() - part.started_ms;
    const int64_t wait_ms = part.backoff.OnDeath(lived_ms);
    part.child.reset();
    part.start_at_ms = NowMs() + wait_ms;
    log::Warn("child_ended name={} how=\"{}\" lived_ms={} restart_in_ms={}", part.name,
              ending->Words(), lived_ms, wait_ms);
    const bool refuses = ending->signal == 0 && ending->exit_status == kDoNotRestart;
    const bool stillborn = !was_ready_ && part.backoff.deaths() >= kStillbornMax;
    if (refuses || stillborn) {
      return Fail(refuses ? Code::kInvalidArgument : Code::kUnavailable,
                  fmt::format("{} cannot run: {}{}", part.name, ending->Words(), LogTail()));
    }
    ready_ = false;
    waiting_since_ms_ = NowMs();
    return {};
  }

  void Probe() {
    const auto address = ReadFile(AddressFile(), 4096);
    if (!address) return;
    const std::string url = address->substr(0, address->find_first_of("\r\n"));
    if (url.empty()) return;
    net::HttpCall call{.url = url + "/readyz", .timeout_ms = kReadyTimeoutMs};
    call.trust.verify = false;  // our own gateway, on this machine
    const auto answer = net::Fetch(call);
    if (answer && answer->status == 200) return BecomeReady(url);
    if (NowMs() - waiting_since_ms_ < kImpatientMs) return;
    waiting_since_ms_ = NowMs();
    log::Info("not_ready url={} why=\"{}\"", url,
              answer ? answer->body.substr(0, 300) : answer.error().message);
  }

  void BecomeReady(const std::string& url) {
    ready_ = true;
    const size_t colon = url.rfind(':');
    if (colon != std::string::npos) port_ = url.substr(colon + 1);
    log::Info("ready url={} after_ms={}", url, NowMs() - begun_ms_);
    if (std::exchange(was_ready_, true)) return;
    if (!config_.endpoint_file.empty()) {
      std::error_code ignored;
      fs::create_directories(config_.endpoint_file.parent_path(), ignored);
      const Status written = WriteFileAtomically(config_.endpoint_file, url + "\n");
      if (!written) log::Error("endpoint_file error=\"{}\"", written.error().message);
    }
    announce_(fmt::format("Parley is ready: open {} and talk (Ctrl-C ends it)", url));
  }

  // The gateway first, so that nobody is still being served when the worker goes.
  void Stop() {
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
      if (!part->child) continue;
      part->child->Signal(SIGTERM);
      pollfd ended{.fd = part->child->ended_fd(), .events = POLLIN, .revents = 0};
      ::poll(&ended, 1, config_.stop_timeout_ms);
      const auto ending = part->child->Reap();
      log::Info("child_stopped name={} how=\"{}\"", part->name,
                ending ? ending->Words() : "killed after SIGTERM");
      part->child.reset();
    }
  }

  void RemoveEndpoint() {
    std::error_code ignored;
    if (was_ready_ && !config_.endpoint_file.empty()) fs::remove(config_.endpoint_file, ignored);
  }

  // What the children last wrote, when it went to a file and not before the person's eyes.
  std::string LogTail() const {
    if (config_.log_file.empty()) return "";
    std::array<char, kLogTailBytes> block{};
    const off_t size = ::lseek(log_.get(), 0, SEEK_END);
    const off_t from = std::max<off_t>(0, size - static_cast<off_t>(block.size()));
    const ssize_t count = ::pread(log_.get(), block.data(), block.size(), from);
    if (count <= 0) return "";
    return fmt::format("\nthe end of {}:\n{}", config_.log_file.string(),
                       std::string_view(block.data(), static_cast<size_t>(count)));
  }

  const Config& config_;
  const Announce& announce_;
  const SteadyClock clock_;
  const SignalInbox signals_;
  const PrivateFolder folder_;
  const UniqueFd log_;
  std::array<Part, 2> parts_;  // in the order of starting
  std::string port_;
  bool ready_ = false;
  bool was_ready_ = false;
  bool stopping_ = false;
  const int64_t begun_ms_ = clock_.NowUs() / 1000;
  int64_t waiting_since_ms_ = begun_ms_;
};

}  // namespace

Status Supervise(const Config& config, const Announce& announce) {
  PARLEY_TRY(PrivateFolder folder, PrivateFolder::Make());
  UniqueFd log;
  if (!config.log_file.empty()) {
    PARLEY_TRY(log, OpenLog(config.log_file));
  }
  const StderrInto redirected(log.get());
  return Supervision(config, announce, std::move(folder), std::move(log)).Run();
}

}  // namespace parley::supervisor
