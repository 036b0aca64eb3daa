#include "cli/bench/own_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>
#include <thread>

#include "base/file.h"

extern char** environ;

namespace parley::cli::bench {
namespace {

constexpr int kWarmTimeoutS = 120;
constexpr int kStopTimeoutS = 15;
constexpr auto kPoll = std::chrono::milliseconds(50);

// The fields of /proc/PID/stat after the name, which may hold spaces: [0] is the state.
std::vector<std::string> StatFields(pid_t pid) {
  const auto stat = ReadFile(fmt::format("/proc/{}/stat", pid), 1 << 16);
  if (!stat) return {};
  std::istringstream text(stat->substr(std::min(stat->size(), stat->rfind(')') + 2)));
  std::vector<std::string> fields;
  for (std::string field; text >> field;) fields.push_back(field);
  return fields.size() > 22 ? fields : std::vector<std::string>();
}

ProcessUse UseOf(pid_t pid) {
  const auto fields = StatFields(pid);
  ProcessUse use{.pid = pid};
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink(fmt::format("/proc/{}/exe", pid), ignored);
  use.name = program.filename().string();
  if (fields.empty()) return use;
  const double ticks = std::stod(fields[11]) + std::stod(fields[12]);
  use.cpu_s = ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  use.memory_mb = std::stod(fields[21]) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
  return use;
}

}  // namespace

Result<std::unique_ptr<OwnServer>> OwnServer::Start(const std::filesystem::path& program,
                                                    const std::vector<std::string>& options) {
  std::string folder = (std::filesystem::temp_directory_path() / "parley-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    return Fail(Code::kUnavailable, fmt::format("cannot make a folder like '{}'", folder));
  }
  std::vector<std::string> words{program.string(),    "up", "--port", "0", "--endpoint-file",
                                 folder + "/endpoint"};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const std::string log = folder + "/log";
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    std::filesystem::remove_all(folder);
    return Fail(Code::kUnavailable, fmt::format("cannot start '{} up': {}", program.string(),
                                                std::generic_category().message(error)));
  }
  std::unique_ptr<OwnServer> server(new OwnServer(pid, folder));
  PARLEY_TRY_STATUS(server->WaitUntilWarm());
  return server;
}

Status OwnServer::WaitUntilWarm() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kWarmTimeoutS);
  const auto tail = [this] {
    const auto log = ReadFile(folder_ / "log", 8 << 20);
    return log ? log->substr(log->size() - std::min<size_t>(log->size(), 2000)) : std::string();
  };
  for (;;) {
    if (const auto text = ReadFile(folder_ / "endpoint", 4096); text && !text->empty()) {
      url_ = text->substr(0, text->find_first_of("\r\n"));
      return {};
    }
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    if (info.si_pid == pid_) {
      return Fail(Code::kUnavailable, "parley up ended before it was warm:\n" + tail());
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return Fail(Code::kDeadlineExceeded,
                  fmt::format("parley up was not warm after {} s:\n{}", kWarmTimeoutS, tail()));
    }
    std::this_thread::sleep_for(kPoll);
  }
}

OwnServer::~OwnServer() {
  ::kill(pid_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kStopTimeoutS);
  while (::waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      break;
    }
    std::this_thread::sleep_for(kPoll);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::vector<ProcessUse> UseOfTree(pid_t root) {
  std::multimap<pid_t, pid_t> children;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename().string();
    if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      continue;
    }
    const pid_t pid = std::stoi(name);
    if (const auto fields = StatFields(pid); !fields.empty()) {
      children.emplace(std::stoi(fields[1]), pid);
    }
  }
  std::vector<ProcessUse> use;
  std::vector<pid_t> frontier{root};
  while (!frontier.empty()) {
    const pid_t pid = frontier.back();
    frontier.pop_back();
    use.push_back(UseOf(pid));
    const auto [first, last] = children.equal_range(pid);
    for (auto child = first; child != last; ++child) frontier.push_back(child->second);
  }
  return use;
}

}  // namespace parley::cli::bench
