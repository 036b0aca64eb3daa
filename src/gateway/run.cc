#include "gateway/run.h"

#include <fmt/format.h>
#include <signal.h>

#include <cstdio>
#include <optional>
#include <string_view>

#include "base/log.h"
#include "config/loader.h"
#include "config/reference.h"
#include "gateway/gateway.h"

namespace parley::gateway {
namespace {

constexpr int kCannotRun = 1;
constexpr int kDoNotRestart = 2;

struct CommandLine {
  bool help = false;
  bool check = false;
  std::optional<std::filesystem::path> file;
  std::vector<std::pair<std::string, std::string>> flags;
};

// The setting that a flag such as "--port" stands for.
const config::Setting* SettingOf(const config::Binder& binder, std::string_view flag) {
  for (const config::Setting& setting : binder.settings()) {
    if (setting.flag == flag) return &setting;
  }
  return nullptr;
}

// A secret leaves the process list as soon as it is read.
void Wipe(char* argument) {
  for (char* c = argument; *c != '\0'; ++c) *c = '*';
}

// One flag with its value; `argument` is where the value stands in the process list.
Status TakeFlag(config::Binder& binder, const std::string& flag, const std::string& value,
                char* argument, CommandLine& line) {
  if (flag == "--config") {
    line.file = value;
    return {};
  }
  std::string key, text = value;
  if (flag == "--set") {
    const size_t split = value.find('=');
    key = value.substr(0, split);
    if (split == std::string::npos) {
      return Fail(Code::kInvalidArgument, fmt::format("--set {} must be KEY=VALUE", value));
    }
    text = value.substr(split + 1);
  } else if (const config::Setting* setting = SettingOf(binder, flag)) {
    key = setting->key;
  } else {
    return Fail(Code::kInvalidArgument, fmt::format("unknown flag {}; --help lists all", flag));
  }
  const config::Setting* known = binder.Find(key);
  if (known != nullptr && known->type == config::Type::kSecret) Wipe(argument);
  line.flags.emplace_back(std::move(key), std::move(text));
  return {};
}

Result<CommandLine> ReadCommandLine(config::Binder& binder, int argc, char** argv) {
  CommandLine line;
  for (int i = 1; i < argc; ++i) {
    std::string flag = argv[i];
    if (flag == "--help" || flag == "-h") {
      line.help = true;
      continue;
    }
    if (flag == "--check-config") {
      line.check = true;
      continue;
    }
    std::string value;
    const size_t equals = flag.find('=');
    const config::Setting* setting = SettingOf(binder, flag.substr(0, equals));
    if (equals != std::string::npos) {
      value = flag.substr(equals + 1);
      flag.resize(equals);
    } else if (setting != nullptr && setting->type == config::Type::kBoolean) {
      value = "true";
    } else if (i + 1 < argc) {
      value = argv[++i];
    } else {
      return Fail(Code::kInvalidArgument, fmt::format("{} needs a value", flag));
    }
    PARLEY_TRY_STATUS(TakeFlag(binder, flag, value, argv[i], line));
  }
  return line;
}

void PrintHelp(const config::Binder& binder) {
  std::string text =
      "parley-gateway: the part of Parley that clients talk to\n\n"
      "  parley-gateway --port 8080 --gateway-worker unix:/run/parley.sock\n\n"
      "  --config FILE    settings from this TOML file\n"
      "  --set KEY=VALUE  any setting by its name in that file\n"
      "  --check-config   print the settings in force and end\n"
      "  --help           this\n\n";
  for (const config::Setting& setting : binder.settings()) {
    text +=
        fmt::format("  {} ({})\n      {}\n", setting.flag, config::Allowed(setting), setting.doc);
  }
  std::fputs(text.c_str(), stdout);
}

int Complain(const Error& error) {
  std::fprintf(stderr, "parley-gateway: %s\n", error.message.c_str());
  const bool lasting = error.code == Code::kInvalidArgument || error.code == Code::kNotFound ||
                       error.code == Code::kPermissionDenied || error.code == Code::kUnavailable ||
                       error.code == Code::kFailedPrecondition;
  return lasting ? kDoNotRestart : kCannotRun;
}

// Blocked before any thread is made, so that all of them leave these to Wait.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return signals;
}

Status Serve(const Settings& settings, const sigset_t& signals) {
  PARLEY_TRY_STATUS(log::Init("gateway", settings.log_level));
  PARLEY_TRY(const auto gateway, Gateway::Start(settings));
  constexpr timespec kRestInterval{.tv_sec = 5, .tv_nsec = 0};
  int signal = -1;
  while ((signal = ::sigtimedwait(&signals, nullptr, &kRestInterval)) < 0) gateway->Rest();
  log::Info("gateway_stopping signal={}", signal);
  gateway->Stop();
  return {};
}

}  // namespace

int RunGateway(int argc, char** argv) {
  const sigset_t signals = BlockSignals();
  Settings settings;
  config::Binder binder;
  BindSettings(binder, settings);
  const auto line = ReadCommandLine(binder, argc, argv);
  if (!line) return Complain(line.error());
  if (line->help) {
    PrintHelp(binder);
    return 0;
  }
  config::Sources sources{.file = line->file ? line->file : config::FindFile(),
                          .env = config::ProcessEnvironment(),
                          .flags = line->flags};
  if (auto loaded = config::Load(binder, sources); !loaded) return Complain(loaded.error());
  if (auto valid = settings.Validate(); !valid) return Complain(valid.error());
  if (line->check) {
    std::fputs(config::EffectiveToml(binder).c_str(), stdout);
    return 0;
  }
  if (auto served = Serve(settings, signals); !served) return Complain(served.error());
  return 0;
}

}  // namespace parley::gateway
