#include "catalog/catalog.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
#include <set>

#include "base/file.h"
#include "catalog/internal/toml_reader.h"

namespace parley::catalog {
namespace {

using internal::TomlReader;

constexpr size_t kCatalogBytesMax = 1 << 20;
constexpr std::array<std::string_view, 6> kKinds{"tts", "asr", "llm", "vad", "endpoint", "text"};

bool IsSha256(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isdigit(c) != 0 || (c >= 'a' && c <= 'f');
         });
}

Result<File> ParseFile(const toml::table& table, std::string_view document) {
  TomlReader reader(table, document);
  File file;
  reader.Text("role", file.role, TomlReader::kNeeded);
  reader.Text("name", file.name, TomlReader::kNeeded);
  reader.Size("size", file.size_bytes, TomlReader::kNeeded);
  reader.Text("sha256", file.sha256, TomlReader::kNeeded);
  reader.Boolean("keep", file.keep);
  std::vector<std::string> sources;
  reader.Texts("sources", sources, TomlReader::kNeeded);
  if (!IsFileName(file.name)) reader.Wrong("name", "a plain file name");
  if (!IsSha256(file.sha256)) reader.Wrong("sha256", "64 lower-case hexadecimal digits");
  PARLEY_TRY_STATUS(reader.Finish());
  for (const std::string& text : sources) {
    auto source = ParseSource(text);
    if (!source) {
      return Fail(source.error().code,
                  fmt::format("{}: {}", reader.Place("sources"), source.error().message));
    }
    file.sources.push_back(std::move(*source));
  }
  return file;
}

Result<Step> ParseStep(const toml::table& table, std::string_view document) {
  TomlReader reader(table, document);
  Step step;
  reader.Text("engine", step.engine, TomlReader::kNeeded);
  reader.Texts("args", step.args, TomlReader::kNeeded);
  reader.Text("role", step.role, TomlReader::kNeeded);
  reader.Text("name", step.name, TomlReader::kNeeded);
  if (!IsFileName(step.engine)) reader.Wrong("engine", "the name of an engine");
  if (!IsFileName(step.name)) reader.Wrong("name", "a plain file name");
  PARLEY_TRY_STATUS(reader.Finish());
  return step;
}

// Files and steps put distinct names and roles into one folder.
Status CheckNames(const Model& model, std::string_view document) {
  std::set<std::string> names{"model.toml"};
  std::set<std::string> roles;
  const auto add = [&](const std::string& name, const std::string& role, bool keep) -> Status {
    const bool fresh = names.insert(name).second && (!keep || roles.insert(role).second);
    if (fresh) return {};
    return Fail(Code::kInvalidArgument, fmt::format("{}: model '{}' has two files named '{}' or of "
                                                    "role '{}'",
                                                    document, model.id, name, role));
  };
  for (const File& file : model.files) PARLEY_TRY_STATUS(add(file.name, file.role, file.keep));
  for (const Step& step : model.steps) PARLEY_TRY_STATUS(add(step.name, step.role, true));
  if (!roles.empty()) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("{}: model '{}' keeps no file", document, model.id));
}

Result<Model> ParseModel(const toml::table& table, std::string_view document) {
  TomlReader reader(table, document);
  Model model;
  reader.Text("id", model.id, TomlReader::kNeeded);
  reader.Text("kind", model.kind, TomlReader::kNeeded);
  reader.Text("engine", model.engine, TomlReader::kNeeded);
  reader.Text("license", model.license, TomlReader::kNeeded);
  reader.Text("description", model.description);
  reader.Texts("languages", model.languages);
  reader.Boolean("default", model.is_default);
  reader.TextMap("options", model.options);
  const auto files = reader.Tables("file");
  const auto steps = reader.Tables("step");
  if (!IsModelId(model.id)) reader.Wrong("id", "engine/name of letters, digits, '.', '_' and '-'");
  if (!IsKind(model.kind)) reader.Wrong("kind", "one of tts, asr, llm, vad, endpoint, text");
  PARLEY_TRY_STATUS(reader.Finish());
  for (const toml::table* entry : files) {
    PARLEY_TRY(File file, ParseFile(*entry, document));
    model.files.push_back(std::move(file));
  }
  for (const toml::table* entry : steps) {
    PARLEY_TRY(Step step, ParseStep(*entry, document));
    model.steps.push_back(std::move(step));
  }
  PARLEY_TRY_STATUS(CheckNames(model, document));
  return model;
}

}  // namespace

uint64_t Model::download_bytes() const {
  uint64_t total = 0;
  for (const File& file : files) total += file.size_bytes;
  return total;
}

bool IsKind(std::string_view kind) {
  return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

bool IsFileName(std::string_view name) {
  constexpr size_t kNameBytesMax = 128;
  if (name.empty() || name.size() > kNameBytesMax || name.front() == '.' || name.front() == '-') {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
  });
}

bool IsModelId(std::string_view id) {
  const size_t slash = id.find('/');
  if (slash == std::string_view::npos) return IsFileName(id);
  return IsFileName(id.substr(0, slash)) && IsFileName(id.substr(slash + 1));
}

Result<Catalog> Catalog::Parse(std::string_view text, std::string_view name) {
  PARLEY_TRY(const toml::table table, internal::ParseTable(text, name));
  TomlReader reader(table, name);
  const auto entries = reader.Tables("model");
  PARLEY_TRY_STATUS(reader.Finish());
  Catalog catalog;
  for (const toml::table* entry : entries) {
    PARLEY_TRY(Model model, ParseModel(*entry, name));
    if (catalog.Find(model.id)) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("{}: model '{}' stands there twice", name, model.id));
    }
    catalog.models_.push_back(std::move(model));
  }
  return catalog;
}

Result<Catalog> Catalog::Load(const std::filesystem::path& path) {
  PARLEY_TRY(const std::string text, ReadFile(path, kCatalogBytesMax));
  return Parse(text, path.string());
}

Result<const Model*> Catalog::Find(std::string_view id) const {
  std::vector<std::string_view> ids;
  for (const Model& model : models_) {
    if (model.id == id) return &model;
    ids.push_back(model.id);
  }
  return Fail(Code::kNotFound, fmt::format("model '{}' is not in the catalogue; it has {}", id,
                                           fmt::join(ids, ", ")));
}

}  // namespace parley::catalog
