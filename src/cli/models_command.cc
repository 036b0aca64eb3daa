#include "cli/models_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "catalog/built_in.h"
#include "catalog/catalog.h"
#include "catalog/store.h"
#include "cli/interrupt.h"
#include "cli/terminal_progress.h"

namespace parley::cli {
namespace {

using catalog::Catalog;
using catalog::Model;
using catalog::Pack;
using catalog::Store;

// What each of the commands needs, put together once.
class Models {
 public:
  static Result<std::unique_ptr<Models>> Open(const ConfigOptions& options) {
    PARLEY_TRY(Settings settings, ReadSettings(options));
    auto catalog = settings.models.catalog.empty()
                       ? Catalog::Parse(catalog::BuiltInCatalog(), "catalog.toml")
                       : Catalog::Load(settings.models.catalog);
    if (!catalog) return Fail(std::move(catalog.error()));
    return std::make_unique<Models>(std::move(*catalog), settings.models);
  }

  Models(Catalog catalog, const catalog::ModelsConfig& config)
      : catalog(std::move(catalog)),
        config(config),
        progress_(stderr, clock_),
        work_{progress_, InterruptFlag()},
        store({.models_dir = config.dir,
               .engines_dir = ProgramFolder(),
               .hub_endpoint = config.hub_endpoint,
               .hub_token = config.hub_token},
              work_) {}

  const Catalog catalog;
  const catalog::ModelsConfig config;

 private:
  const SteadyClock clock_;
  TerminalProgress progress_;
  catalog::Work work_;

 public:
  Store store;
};

double Megabytes(uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

struct Row {
  std::string id;
  std::string kind;
  std::string state;
  std::string license;
  std::string description;
  uint64_t bytes = 0;
  bool is_default = false;
};

std::vector<Row> Rows(Models& models, const std::vector<Pack>& packs) {
  std::vector<Row> rows;
  for (const Model& model : models.catalog.models()) {
    rows.push_back({model.id, model.kind, models.store.IsThere(model) ? "here" : "not here",
                    model.license, model.description, model.download_bytes(), model.is_default});
  }
  for (const Pack& pack : packs) {
    if (models.catalog.Find(pack.id)) continue;
    rows.push_back({pack.id, pack.kind, "here", pack.license, "imported"});
  }
  return rows;
}

Result<int> List(const ConfigOptions& options, bool as_json) {
  PARLEY_TRY(const auto models, Models::Open(options));
  std::vector<Error> problems;
  const auto packs = catalog::ListPacks(models->config, &problems);
  const std::vector<Row> rows = Rows(*models, packs);
  if (as_json) {
    auto out = nlohmann::json::array();
    for (const Row& row : rows) {
      out.push_back({{"id", row.id},
                     {"kind", row.kind},
                     {"here", row.state == "here"},
                     {"license", row.license},
                     {"bytes", row.bytes},
                     {"default", row.is_default},
                     {"description", row.description}});
    }
    fmt::print("{}\n", out.dump(2));
    return kDone;
  }
  fmt::print("{:<28} {:<9} {:<9} {:>8}  {:<13} {}\n", "MODEL", "KIND", "STATE", "FETCH", "LICENCE",
             "");
  for (const Row& row : rows) {
    fmt::print("{:<28} {:<9} {:<9} {:>5.0f} MB  {:<13} {}\n", row.id, row.kind, row.state,
               Megabytes(row.bytes), row.license, row.description);
  }
  fmt::print("\nModels lie in {}\n", models->store.models_dir().string());
  for (const Error& problem : problems) fmt::print(stderr, "parley: {}\n", problem.message);
  return problems.empty() ? kDone : kFailed;
}

Result<int> Pull(const ConfigOptions& options, const std::vector<std::string>& ids) {
  PARLEY_TRY(const auto models, Models::Open(options));
  std::vector<const Model*> wanted;
  for (const std::string& id : ids) {
    PARLEY_TRY(const Model* model, models->catalog.Find(id));
    wanted.push_back(model);
  }
  for (const Model& model : models->catalog.models()) {
    if (ids.empty() && model.is_default) wanted.push_back(&model);
  }
  std::optional<Error> failure;
  for (const Model* model : wanted) {
    const bool there = models->store.IsThere(*model);
    if (!there) {
      fmt::print(stderr, "{} ({:.0f} MB, {})\n", model->id, Megabytes(model->download_bytes()),
                 model->license);
    }
    const auto pulled = models->store.Pull(*model);
    if (pulled) {
      fmt::print(stderr, "{} {}\n", model->id, there ? "is here already" : "is here now");
      continue;
    }
    if (pulled.error().code == Code::kCancelled) return Fail(pulled.error());
    // The others may still succeed; the exit code is the first failure's.
    if (failure) Complain(*failure);
    failure = Error{pulled.error().code, fmt::format("{}: {}", model->id, pulled.error().message)};
  }
  if (failure) return Fail(std::move(*failure));
  return kDone;
}

Result<int> Import(const ConfigOptions& options, const std::string& path, const std::string& id) {
  PARLEY_TRY(const auto models, Models::Open(options));
  PARLEY_TRY(const Pack pack,
             models->store.Import(path, id.empty() ? std::nullopt : std::optional(id)));
  fmt::print("{} ({}, engine {}) is in {}\n", pack.id, pack.kind, pack.engine,
             pack.folder.string());
  return kDone;
}

Result<int> Remove(const ConfigOptions& options, const std::vector<std::string>& ids) {
  PARLEY_TRY(const auto models, Models::Open(options));
  for (const std::string& id : ids) {
    PARLEY_TRY_STATUS(models->store.Remove(id));
    fmt::print("{} is removed\n", id);
  }
  return kDone;
}

Result<int> Verify(const ConfigOptions& options, std::vector<std::string> ids) {
  PARLEY_TRY(const auto models, Models::Open(options));
  std::vector<Error> problems;
  if (ids.empty()) {
    for (const Pack& pack : catalog::ListPacks(models->store.models_dir(), &problems)) {
      ids.push_back(pack.id);
    }
  }
  bool good = problems.empty();
  for (const Error& problem : problems) fmt::print("BAD   {}\n", problem.message);
  for (const std::string& id : ids) {
    PARLEY_TRY(const auto checks, models->store.Verify(id));
    for (const auto& check : checks) {
      fmt::print("{}  {}/{}{}{}\n", check.good ? "good" : "BAD ", id, check.name,
                 check.good ? "" : ": ", check.problem);
      good = good && check.good;
    }
  }
  if (!good) {
    fmt::print("\nA bad model is mended by: parley models rm MODEL; parley models pull MODEL\n");
  }
  return good ? kDone : kFailed;
}

}  // namespace

void AddModelsCommand(CLI::App& app, Context& context) {
  CLI::App& models = *app.add_subcommand("models", "List, fetch, import, remove and verify models");
  models.require_subcommand(1);
  SetExamples(models,
              "  parley models list\n"
              "  parley models pull                       the default models\n"
              "  parley models pull whisper/base\n"
              "  parley models import ~/voices/amy.onnx   with amy.onnx.json beside it\n"
              "  parley models import ~/faster-whisper-small --id whisper/small\n"
              "  parley models verify\n");
  AddConfigOptions(models, context);

  CLI::App& list = *models.add_subcommand("list", "What the catalogue knows and what is here");
  auto as_json = std::make_shared<bool>(false);
  list.add_flag("--json", *as_json, "As JSON");
  SetWork(list, context, [&context, as_json] { return List(context.config, *as_json); });

  CLI::App& pull = *models.add_subcommand(
      "pull",
      "Fetch models; without a name the default ones. Goes on where it was cut off, uses "
      "no network for what is here");
  auto pull_ids = std::make_shared<std::vector<std::string>>();
  pull.add_option("MODEL", *pull_ids, "Names of the catalogue");
  auto defaults = std::make_shared<bool>(false);
  pull.add_flag("--default", *defaults, "The default models (as without a name)");
  SetWork(pull, context, [&context, pull_ids] { return Pull(context.config, *pull_ids); });

  CLI::App& import = *models.add_subcommand(
      "import",
      "Take in a Piper voice, a Whisper model (CTranslate2 or ggml), a GGUF file, or a "
      "folder or archive with a model.toml");
  auto path = std::make_shared<std::string>();
  auto id = std::make_shared<std::string>();
  import.add_option("PATH", *path, "File, folder or archive")->required();
  import.add_option("--id", *id, "Its name here, as engine/name");
  SetWork(import, context, [&context, path, id] { return Import(context.config, *path, *id); });

  CLI::App& rm = *models.add_subcommand("rm", "Remove models");
  auto rm_ids = std::make_shared<std::vector<std::string>>();
  rm.add_option("MODEL", *rm_ids, "Names as in the list")->required();
  SetWork(rm, context, [&context, rm_ids] { return Remove(context.config, *rm_ids); });

  CLI::App& verify = *models.add_subcommand("verify", "Hash every file and compare");
  auto verify_ids = std::make_shared<std::vector<std::string>>();
  verify.add_option("MODEL", *verify_ids, "Names as in the list; without one, all");
  SetWork(verify, context, [&context, verify_ids] { return Verify(context.config, *verify_ids); });
}

}  // namespace parley::cli
