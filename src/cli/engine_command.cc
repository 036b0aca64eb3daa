#include "cli/engine_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/log.h"
#include "catalog/engine_manifest.h"
#include "catalog/pack.h"
#include "cli/server_settings.h"
#include "engine/conformance.h"
#include "worker/engines.h"

namespace parley::cli {
namespace {

namespace fs = std::filesystem;
using catalog::EngineManifest;

// An engine, and what stands in the way of starting it.
struct Row {
  EngineManifest manifest;
  std::vector<std::string> models;
  std::optional<engine::Hello> hello;
  std::string problem;  // empty: it starts
};

worker::EnginesConfig EnginesOf(const Settings& settings) {
  worker::EnginesConfig config = settings.servers->worker.engines;
  if (config.programs_dir.empty()) config.programs_dir = ProgramFolder();
  return config;
}

// Starts the engine up to its hello, and ends it.
void TryStart(const worker::EnginesConfig& config, Row& row) {
  auto spec = worker::SpecOf(row.manifest, config);
  if (!spec) {
    row.problem = spec.error().message;
    return;
  }
  const auto report = engine::CheckConformance({.spec = std::move(*spec), .only = {"says_hello"}});
  row.hello = report.hello;
  if (!report.Passed()) row.problem = report.checks.at(0).reason;
}

nlohmann::json ToJson(const Row& row) {
  nlohmann::json json{{"name", row.manifest.name},
                      {"kind", row.manifest.kind},
                      {"license", row.manifest.license},
                      {"about", row.manifest.about},
                      {"folder", row.manifest.folder.string()},
                      {"models", row.models},
                      {"starts", row.problem.empty()},
                      {"problem", row.problem}};
  if (row.hello) {
    json["version"] = row.hello->version;
    json["runtime"] = row.hello->runtime;
  }
  return json;
}

void Print(const Row& row) {
  fmt::print("{:<14} {:<5} {:<17} {:<8} {}\n", row.manifest.name, row.manifest.kind,
             row.manifest.license, row.problem.empty() ? "starts" : "BAD",
             row.models.empty() ? "none here" : fmt::format("{}", fmt::join(row.models, ", ")));
  if (!row.problem.empty()) fmt::print("{:<14} → {}\n", "", row.problem);
}

std::vector<Row> Rows(const Settings& settings, const worker::EnginesConfig& config,
                      std::vector<Error>& problems) {
  const std::vector<catalog::Pack> packs = catalog::ListPacks(settings.models);
  std::vector<Row> rows;
  for (EngineManifest& manifest :
       catalog::ListEngineManifests(worker::EngineDirs(config), &problems)) {
    Row& row = rows.emplace_back(Row{.manifest = std::move(manifest)});
    for (const catalog::Pack& pack : packs) {
      if (pack.engine == row.manifest.name) row.models.push_back(pack.id);
    }
    TryStart(config, row);
  }
  return rows;
}

Result<int> List(const ConfigOptions& options, bool as_json) {
  PARLEY_TRY(const Settings settings, ReadSettings(options));
  PARLEY_TRY_STATUS(log::Init("parley", "off"));
  const worker::EnginesConfig config = EnginesOf(settings);
  std::vector<Error> problems;
  const std::vector<Row> rows = Rows(settings, config, problems);
  for (const Error& problem : problems) fmt::print(stderr, "parley: {}\n", problem.message);
  const bool good = problems.empty() && std::all_of(rows.begin(), rows.end(), [](const Row& row) {
                      return row.problem.empty();
                    });
  if (as_json) {
    auto json = nlohmann::json::array();
    for (const Row& row : rows) json.push_back(ToJson(row));
    fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return good ? kDone : kFailed;
  }
  fmt::print("{:<14} {:<5} {:<17} {:<8} {}\n", "ENGINE", "KIND", "LICENCE", "", "MODELS");
  for (const Row& row : rows) Print(row);
  fmt::print("\nEngines are looked for in\n");
  for (const fs::path& dir : worker::EngineDirs(config)) fmt::print("  {}\n", dir.string());
  return good ? kDone : kFailed;
}

struct CheckOptions {
  std::string engine;  // a name, a program, or a folder with an engine.toml
  std::string model;   // a name or a folder
  std::vector<std::string> only;
  bool as_json = false;
};

// A folder is an engine of its own; a file becomes one whose kind its hello tells; else a name.
Result<EngineManifest> FindEngine(const std::string& engine, const worker::EnginesConfig& config) {
  std::error_code error;
  if (fs::is_directory(engine, error)) return catalog::ReadEngineManifest(engine);
  if (fs::is_regular_file(engine, error)) {
    const fs::path program = fs::absolute(engine, error);
    EngineManifest manifest{.folder = program.parent_path(),
                            .name = program.filename().string(),
                            .kind = "tts",
                            .program = program.string()};
    PARLEY_TRY(engine::EngineSpec spec, worker::SpecOf(manifest, config));
    const auto report = engine::CheckConformance({.spec = std::move(spec), .only = {"says_hello"}});
    if (!report.hello) return Fail(Code::kFailedPrecondition, report.checks.at(0).reason);
    manifest.kind = ports::ModelKindName(report.hello->kind);
    manifest.name = report.hello->engine;
    return manifest;
  }
  std::vector<std::string> known;
  for (EngineManifest& manifest : catalog::ListEngineManifests(worker::EngineDirs(config))) {
    if (manifest.name == engine) return std::move(manifest);
    known.push_back(manifest.name);
  }
  return Fail(Code::kNotFound,
              fmt::format("no engine '{}', and no such program or folder; there are {}", engine,
                          fmt::join(known, ", ")));
}

// The model named, else the first that uses the engine; none: an engine may need none.
Result<catalog::Pack> FindModel(const EngineManifest& engine, const std::string& model,
                                const catalog::ModelsConfig& models) {
  std::error_code error;
  if (fs::exists(fs::path(model) / "model.toml", error)) return catalog::ReadPack(model);
  if (!model.empty() && fs::is_directory(model, error)) {
    return catalog::Pack{.folder = fs::absolute(model, error),
                         .id = model,
                         .engine = engine.name,
                         .kind = engine.kind};
  }
  for (catalog::Pack& pack : catalog::ListPacks(models)) {
    if (model.empty() ? pack.engine == engine.name : pack.id == model) return std::move(pack);
  }
  if (model.empty()) return catalog::Pack{.engine = engine.name, .kind = engine.kind};
  return Fail(Code::kNotFound,
              fmt::format("no model '{}' in {}, and no such folder; 'parley models "
                          "list' shows what there is",
                          model, models.dir.string()));
}

Result<int> Check(const ConfigOptions& config_options, const CheckOptions& options) {
  PARLEY_TRY(const Settings settings, ReadSettings(config_options));
  PARLEY_TRY_STATUS(log::Init("parley", "off"));
  const worker::EnginesConfig config = EnginesOf(settings);
  PARLEY_TRY(const EngineManifest manifest, FindEngine(options.engine, config));
  PARLEY_TRY(const catalog::Pack pack, FindModel(manifest, options.model, settings.models));
  engine::ConformanceConfig check;
  PARLEY_TRY(check.spec, worker::SpecFor(manifest, pack, config));
  check.load = worker::LoadFor(pack, &manifest, config, settings.servers->worker.device);
  check.only = options.only;
  if (!options.as_json) {
    fmt::print("engine   {} ({}, {})\nprogram  {}\nmodel    {}\n\n", manifest.name, manifest.kind,
               manifest.license.empty() ? "licence not stated" : manifest.license,
               fmt::join(check.spec.command, " "),
               pack.folder.empty() ? "none" : pack.folder.string());
    check.on_check = [](const ports::ContractCheck& done) {
      fmt::print("{}\n", done.ToText());
      std::fflush(stdout);
    };
  }
  const engine::ConformanceReport report = engine::CheckConformance(check);
  if (options.as_json) {
    fmt::print("{}\n", report.ToJson());
    return report.Passed() ? kDone : kFailed;
  }
  fmt::print("\n{}\n", report.Summary());
  return report.Passed() ? kDone : kFailed;
}

}  // namespace

void AddEngineCommand(CLI::App& app, Context& context) {
  CLI::App& engine = *app.add_subcommand("engine", "List engines, and hold them to the protocol");
  engine.require_subcommand(1);
  SetExamples(engine,
              "  parley engine list\n"
              "  parley engine check piper\n"
              "  parley engine check whisper --model whisper/base\n"
              "  parley engine check ./build/my-engine --model ~/voices/amy --json\n"
              "  parley engine check ~/engines/xtts             a folder with an engine.toml\n");
  AddConfigOptions(engine, context);

  CLI::App& list = *engine.add_subcommand("list",
                                          "Every engine here: kind, licence, models, and "
                                          "whether it starts");
  auto as_json = std::make_shared<bool>(false);
  list.add_flag("--json", *as_json, "As JSON");
  SetWork(list, context, [&context, as_json] { return List(context.config, *as_json); });

  CLI::App& check = *engine.add_subcommand(
      "check", "Hold an engine to the protocol with its model, a line for each claim");
  auto options = std::make_shared<CheckOptions>();
  check
      .add_option("ENGINE", options->engine, "A name of the list, a program, or an engine's folder")
      ->required();
  check.add_option("--model", options->model,
                   "A model's name or folder; without it the first that uses the engine");
  check.add_option("--only", options->only, "Names of claims, with commas; without it, all")
      ->delimiter(',')
      ->allow_extra_args(false);
  check.add_flag("--json", options->as_json, "As JSON");
  SetWork(check, context, [&context, options] { return Check(context.config, *options); });
}

}  // namespace parley::cli
