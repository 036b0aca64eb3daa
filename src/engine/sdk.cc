#include "engine/sdk.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "base/unique_fd.h"
#include "engine/internal/engine_session.h"
#include "engine/internal/engine_socket.h"
#include "engine/internal/served_stream.h"

namespace parley::engine {
namespace {

using internal::Link;
using internal::ServedModel;
using internal::ServedStream;

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

void PrintUsage(std::FILE* out, const char* program, const EngineInfo& info) {
  fmt::print(out,
             "{0} is the Parley engine \"{1}\": a worker starts it and speaks the engine protocol "
             "with it.\n\n{2}{3}"
             "Options:\n  --version  print the version\n  --help     print this\n\n"
             "Environment:\n"
             "  PARLEY_ENGINE_FD      number of an inherited, connected socket\n"
             "  PARLEY_ENGINE_SOCKET  or the path of a Unix socket to connect to\n",
             program, info.name, info.help, info.help.empty() ? "" : "\n\n");
}

// An exit code, unless the engine is to serve.
std::optional<int> HandleArguments(int argc, char** argv, const EngineInfo& info) {
  if (argc <= 1) return std::nullopt;
  const std::string_view argument = argv[1];
  if (argument == "--version") {
    fmt::print("{} {} (protocol {} to {})\n", info.name, info.version, kProtocolMin, kProtocolMax);
    return 0;
  }
  if (argument == "--help" || argument == "-h") {
    PrintUsage(stdout, argv[0], info);
    return 0;
  }
  fmt::print(stderr, "{}: unknown argument \"{}\"\n\n", argv[0], argument);
  PrintUsage(stderr, argv[0], info);
  return kExitUsage;
}

int Run(int argc, char** argv, const EngineInfo& info, ServedModel model) {
  if (const auto code = HandleArguments(argc, argv, info)) return *code;
  std::signal(SIGPIPE, SIG_IGN);
  Result<UniqueFd> socket = internal::OpenEngineSocket();
  if (!socket) {
    fmt::print(stderr, "{}: {}\n", info.name, socket.error().message);
    return kExitUsage;
  }
  const Hello hello{
      .engine = info.name, .version = info.version, .kind = model.kind, .runtime = info.runtime};
  internal::EngineSession session(std::move(*socket), hello, std::move(model));
  if (const Status served = session.Run(); !served) {
    fmt::print(stderr, "{}: {}: {}\n", info.name, CodeName(served.error().code),
               served.error().message);
    return kExitFailure;
  }
  return 0;
}

}  // namespace

int RunEngine(int argc, char** argv, const EngineInfo& info, TtsModel& model) {
  return Run(
      argc, argv, info,
      {.kind = ModelKind::kTts,
       .load = [&](const Load& load, LoadProgress& progress) { return model.Load(load, progress); },
       .open = [&](uint32_t id, Link& link, const Loaded&,
                   Start start) -> std::unique_ptr<ServedStream> {
         return std::make_unique<internal::ServedTts>(id, link, model, start.credit_samples,
                                                      std::move(std::get<TtsStart>(start.request)));
       }});
}

int RunEngine(int argc, char** argv, const EngineInfo& info, AsrModel& model) {
  return Run(
      argc, argv, info,
      {.kind = ModelKind::kAsr,
       .load = [&](const Load& load, LoadProgress& progress) { return model.Load(load, progress); },
       .open = [&](uint32_t id, Link& link, const Loaded& loaded,
                   Start start) -> std::unique_ptr<ServedStream> {
         return std::make_unique<internal::ServedAsr>(id, link, model, loaded.credit_samples,
                                                      std::move(std::get<AsrStart>(start.request)));
       }});
}

int RunEngine(int argc, char** argv, const EngineInfo& info, LlmModel& model) {
  return Run(
      argc, argv, info,
      {.kind = ModelKind::kLlm,
       .load = [&](const Load& load, LoadProgress& progress) { return model.Load(load, progress); },
       .open = [&](uint32_t id, Link& link, const Loaded&,
                   Start start) -> std::unique_ptr<ServedStream> {
         return std::make_unique<internal::ServedLlm>(id, link, model,
                                                      std::move(std::get<LlmStart>(start.request)));
       }});
}

// --- Options

namespace {

std::string Text(const OptionValue& value) {
  return std::visit([](const auto& held) { return fmt::format("{}", held); }, value);
}

template <class T>
Result<T> InRange(const std::string& name, T value, T min, T max) {
  if (value >= min && value <= max) return value;
  return Fail(Code::kInvalidArgument,
              fmt::format("option {} is {}: from {} to {} is allowed", name, value, min, max));
}

tl::unexpected<Error> WrongType(const std::string& name, const OptionValue& value,
                                std::string_view wanted) {
  return Fail(Code::kInvalidArgument,
              fmt::format("option {} is \"{}\": it must be {}", name, Text(value), wanted));
}

}  // namespace

std::optional<OptionValue> OptionReader::Take(const std::string& name) {
  known_.push_back(name);
  const auto found = options_.extract(name);
  if (found.empty()) return std::nullopt;
  return found.mapped();
}

Result<bool> OptionReader::Bool(const std::string& name, bool fallback) {
  const auto value = Take(name);
  if (!value) return fallback;
  if (const bool* held = std::get_if<bool>(&*value)) return *held;
  return WrongType(name, *value, "true or false");
}

Result<int64_t> OptionReader::Int(const std::string& name, int64_t fallback, int64_t min,
                                  int64_t max) {
  const auto value = Take(name);
  if (!value) return fallback;
  if (const int64_t* held = std::get_if<int64_t>(&*value)) return InRange(name, *held, min, max);
  return WrongType(name, *value, "a whole number");
}

Result<double> OptionReader::Number(const std::string& name, double fallback, double min,
                                    double max) {
  const auto value = Take(name);
  if (!value) return fallback;
  if (const double* held = std::get_if<double>(&*value)) return InRange(name, *held, min, max);
  if (const int64_t* held = std::get_if<int64_t>(&*value)) {
    return InRange(name, static_cast<double>(*held), min, max);
  }
  return WrongType(name, *value, "a number");
}

Result<std::string> OptionReader::String(const std::string& name, std::string fallback) {
  const auto value = Take(name);
  if (!value) return fallback;
  if (const auto* held = std::get_if<std::string>(&*value)) return *held;
  return WrongType(name, *value, "a string");
}

Status OptionReader::CheckAllUsed() const {
  if (options_.empty()) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("unknown option \"{}\"; known: {}", options_.begin()->first,
                          fmt::join(known_, ", ")));
}

}  // namespace parley::engine
