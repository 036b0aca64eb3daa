#include "cli/doctor_command.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "base/unique_fd.h"
#include "catalog/built_in.h"
#include "catalog/catalog.h"
#include "catalog/engine_manifest.h"
#include "catalog/pack.h"
#include "catalog/versions.h"
#include "cli/client.h"
#include "cli/internal/audio_devices.h"
#include "cli/server_settings.h"
#include "worker/engines.h"

namespace parley::cli {
namespace {

namespace fs = std::filesystem;

constexpr double kMemoryGigabytes = 1.0;  // the default models warm, with room
constexpr double kDiskGigabytes = 1.0;    // the default models, while they are unpacked
constexpr uint16_t kDefaultPort = 8080;

Finding Cpu() {
  Finding finding{.what = "processor"};
  finding.fact = fmt::format("{} threads", std::thread::hardware_concurrency());
#if defined(__x86_64__)
  const bool fast = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  finding.fact += fast ? ", AVX2 and FMA" : ", without AVX2";
  if (!fast) {
    finding.health = Health::kWarning;
    finding.mend = "speech will be slow: the recognizer wants AVX2; use a newer machine";
  }
#endif
  return finding;
}

// A line of /proc/meminfo in gigabytes; 0 when it is not there.
double MeminfoGigabytes(std::string_view name) {
  std::ifstream in("/proc/meminfo");
  std::string word;
  double kilobytes = 0;
  while (in >> word) {
    if (word == name && in >> kilobytes) return kilobytes / 1e6;
  }
  return 0;
}

Finding Memory() {
  const double free = MeminfoGigabytes("MemAvailable:");
  Finding finding{.what = "memory"};
  finding.fact = fmt::format("{:.1f} GB free of {:.1f}", free, MeminfoGigabytes("MemTotal:"));
  if (free < kMemoryGigabytes) {
    finding.health = Health::kWarning;
    finding.mend =
        fmt::format("the default models need about {} GB: end something", kMemoryGigabytes);
  }
  return finding;
}

Finding Disk(const fs::path& models_dir) {
  fs::path folder = models_dir;
  std::error_code error;
  while (!fs::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  const auto space = fs::space(folder, error);
  const double free = error ? 0 : static_cast<double>(space.available) / 1e9;
  Finding finding{.what = "disk"};
  finding.fact = fmt::format("{:.1f} GB free for models in {}", free, models_dir.string());
  if (free < kDiskGigabytes) {
    finding.health = Health::kWarning;
    finding.mend = "make room, or choose another place by models.dir (PARLEY_MODELS_DIR)";
  }
  return finding;
}

Finding Program(const std::string& name) {
  const fs::path path = ProgramFolder() / name;
  Finding finding{.what = name, .fact = path.string()};
  if (::access(path.c_str(), X_OK) == 0) return finding;
  finding.health = Health::kBad;
  finding.fact = "not in " + ProgramFolder().string();
  finding.mend = fmt::format("ninja -C build/release {}", name);
  return finding;
}

// Engines that are described here but lack something, and the default models' that are not here.
void Engines(const Settings& settings, const catalog::Catalog& catalog,
             std::vector<Finding>& findings) {
  worker::EnginesConfig config = settings.servers->worker.engines;
  if (config.programs_dir.empty()) config.programs_dir = ProgramFolder();
  std::vector<Error> problems;
  std::set<std::string> here;
  for (const auto& engine : catalog::ListEngineManifests(worker::EngineDirs(config), &problems)) {
    here.insert(engine.name);
    const auto spec = worker::SpecOf(engine, config);
    Finding finding{.what = "engine " + engine.name, .fact = engine.folder.string()};
    if (!spec) {
      finding = {finding.what, Health::kWarning, spec.error().message,
                 "needed only for models of this engine; parley engine list"};
    }
    findings.push_back(std::move(finding));
  }
  for (const Error& problem : problems) {
    findings.push_back({"engine", Health::kWarning, problem.message, "mend or remove it"});
  }
  for (const catalog::Model& model : catalog.models()) {
    const bool is_inside = model.kind == "vad" || model.kind == "endpoint" || model.kind == "text";
    const bool is_replaced = model.kind == "llm" && !settings.llm.url.empty();
    if (!model.is_default || is_inside || is_replaced || here.contains(model.engine)) continue;
    findings.push_back({"engine " + model.engine, Health::kBad,
                        "not in " + (config.programs_dir / "engines").string(),
                        "ninja -C build/release parley-engine-" + model.engine});
  }
}

void Models(const Settings& settings, std::vector<Finding>& findings) {
  const auto catalog = settings.models.catalog.empty()
                           ? catalog::Catalog::Parse(catalog::BuiltInCatalog(), "catalog.toml")
                           : catalog::Catalog::Load(settings.models.catalog);
  if (!catalog) {
    findings.push_back({"catalogue", Health::kBad, catalog.error().message,
                        "mend the file or leave models.catalog empty"});
    return;
  }
  Engines(settings, *catalog, findings);
  for (const catalog::Model& model : catalog->models()) {
    if (!model.is_default) continue;
    const bool is_replaced = model.kind == "llm" && !settings.llm.url.empty();
    const auto pack = catalog::ReadPack(settings.models.dir / model.id);
    Finding finding{.what = model.id, .fact = "here"};
    if (!pack && !is_replaced) {
      finding.health = Health::kBad;
      finding.fact = pack.error().code == Code::kNotFound ? "not here" : pack.error().message;
      finding.mend = "parley models pull " + model.id;
    }
    findings.push_back(std::move(finding));
  }
  std::vector<Error> problems;
  catalog::ListPacks(settings.models, &problems);
  for (const Error& problem : problems) {
    findings.push_back(
        {"model", Health::kBad, problem.message, "remove its folder, pull it again"});
  }
}

// Package clients are needed to fetch models, not to run.
Finding PackageClient(const std::string& name) {
  Finding finding{.what = name, .fact = "in PATH"};
  const char* path = std::getenv("PATH");
  std::string_view rest(path == nullptr ? "" : path);
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    if (::access(fmt::format("{}/{}", folder, name).c_str(), X_OK) == 0) return finding;
    rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
  }
  return {name, Health::kWarning, "not in PATH", "only needed to fetch models: install " + name};
}

bool IsPortFree(uint16_t port) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

Finding Server(const Settings& settings) {
  const Client client = Client::Find(settings);
  const auto ready = client.Call({.timeout_ms = 2'000}, "/readyz");
  if (ready) return {"server", Health::kGood, client.url() + " is ready", ""};
  if (ready.error().code != Code::kUnavailable) {
    return {"server", Health::kWarning, ready.error().message,
            "see its log; models may be loading"};
  }
  if (IsPortFree(kDefaultPort)) {
    return {"server", Health::kGood, fmt::format("none runs; port {} is free", kDefaultPort), ""};
  }
  return {"server", Health::kWarning,
          fmt::format("none runs, and port {} is taken by another program", kDefaultPort),
          "parley up --port 0 takes a free one"};
}

void Audio(std::vector<Finding>& findings) {
  const internal::AudioDevices devices = internal::FindAudioDevices();
  const auto add = [&](const char* what, const std::string& name) {
    if (!name.empty()) return findings.push_back({what, Health::kGood, name, ""});
    findings.push_back(
        {what, Health::kWarning, "none",
         "parley talk needs one, or --in and --out; the web page uses the browser's"});
  };
  add("microphone", devices.input);
  add("loudspeaker", devices.output);
  findings.push_back({"libraries", Health::kGood, devices.library, ""});
  for (const auto& [name, version] : catalog::LibraryVersions()) {
    findings.back().fact += fmt::format(", {} {}", name, version);
  }
}

Finding Thinking(const Settings& settings) {
  const auto valid = settings.llm.Validate();
  if (!valid) return {"language model", Health::kBad, valid.error().message, "mend [llm]"};
  if (!settings.llm.url.empty()) {
    return {"language model", Health::kGood,
            fmt::format("{} at {}", settings.llm.model, settings.llm.url), ""};
  }
  return {"language model", Health::kGood,
          "the embedded one: a toy that makes the loop whole; name a real one by llm.url", ""};
}

int Report(const std::vector<Finding>& findings, bool as_json) {
  constexpr std::array<std::string_view, 3> kMarks{"ok   ", "note ", "BAD  "};
  constexpr std::array<std::string_view, 3> kNames{"good", "warning", "bad"};
  bool good = true;
  auto json = nlohmann::json::array();
  for (const Finding& finding : findings) {
    const auto health = static_cast<size_t>(finding.health);
    good = good && finding.health != Health::kBad;
    json.push_back({{"what", finding.what},
                    {"health", kNames[health]},
                    {"fact", finding.fact},
                    {"mend", finding.mend}});
    if (as_json) continue;
    fmt::print("{}{:<28} {}\n", kMarks[health], finding.what, finding.fact);
    if (!finding.mend.empty()) fmt::print("{:<33} → {}\n", "", finding.mend);
  }
  if (as_json) {
    fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("\n{}\n", good ? "Parley can run here." : "Parley cannot run as it is; see above.");
  }
  return good ? kDone : kFailed;
}

Result<int> Doctor(const ConfigOptions& options, bool as_json) {
  const auto settings = ReadSettings(options);
  if (!settings) {
    // The rest can still be looked at, as if nothing were configured.
    std::vector<Finding> findings = Examine({});
    findings.insert(findings.begin(), {"configuration", Health::kBad, settings.error().message,
                                       "mend what it names; parley config --reference lists all"});
    return Report(findings, as_json);
  }
  std::vector<Finding> findings = Examine(*settings);
  findings.insert(findings.begin(), {"configuration", Health::kGood, "good", ""});
  return Report(findings, as_json);
}

}  // namespace

std::vector<Finding> Examine(const Settings& settings) {
  std::vector<Finding> findings{Cpu(), Memory(), Disk(settings.models.dir)};
  for (const char* name : {"parley-gateway", "parley-worker"}) findings.push_back(Program(name));
  Models(settings, findings);
  findings.push_back(Thinking(settings));
  findings.push_back(PackageClient("python3"));
  findings.push_back(PackageClient("npm"));
  findings.push_back(Server(settings));
  Audio(findings);
  return findings;
}

void AddDoctorCommand(CLI::App& app, Context& context) {
  CLI::App& doctor = *app.add_subcommand("doctor", "What is here, what is missing, how to mend it");
  auto as_json = std::make_shared<bool>(false);
  doctor.add_flag("--json", *as_json, "As JSON");
  AddConfigOptions(doctor, context);
  SetExamples(doctor, "  parley doctor\n  parley doctor --json\n");
  SetWork(doctor, context, [&context, as_json] { return Doctor(context.config, *as_json); });
}

}  // namespace parley::cli
