#include "catalog/pack.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>

#include "base/file.h"
#include "catalog/catalog.h"
#include "catalog/internal/paths.h"
#include "catalog/internal/toml_reader.h"

namespace parley::catalog {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPackBytesMax = 1 << 20;
constexpr std::array<std::string_view, 3> kNormalizerNames = {"worker", "engine", "none"};

toml::table ToTable(const std::map<std::string, std::string>& map) {
  toml::table table;
  for (const auto& [key, value] : map) table.insert(key, value);
  return table;
}

// A user's own file may have spaces and letters of any script, but is one name in the folder.
bool IsInFolder(std::string_view name) {
  return internal::IsSafeRelativePath(name) && name.find('/') == std::string_view::npos;
}

bool IsPackFolder(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "model.toml", ignored);
}

// Folders below `folder` that are not hidden, in order of name.
std::vector<fs::path> Subfolders(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    const bool hidden = entry->path().filename().string().starts_with(".");
    if (!hidden && entry->is_directory(ignored)) found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

Result<fs::path> Pack::FileOf(std::string_view role) const {
  const auto found = files.find(std::string(role));
  if (found != files.end()) return folder / found->second;
  std::vector<std::string> roles;
  for (const auto& [known, name] : files) roles.push_back(known);
  return Fail(Code::kNotFound, fmt::format("model '{}' has no file of role '{}'; it has {}", id,
                                           role, fmt::join(roles, ", ")));
}

Result<Pack> ParsePack(std::string_view text, std::string_view name) {
  using internal::TomlReader;
  PARLEY_TRY(const toml::table root, internal::ParseTable(text, name));
  TomlReader document(root, name);
  const toml::table* model = document.Table("model", TomlReader::kNeeded);
  Pack pack;
  document.TextMap("files", pack.files, TomlReader::kNeeded);
  document.TextMap("options", pack.options);
  document.TextMap("sha256", pack.sha256);
  PARLEY_TRY_STATUS(document.Finish());
  TomlReader reader(*model, name);
  reader.Text("id", pack.id, TomlReader::kNeeded);
  reader.Text("engine", pack.engine, TomlReader::kNeeded);
  reader.Text("kind", pack.kind, TomlReader::kNeeded);
  reader.Text("license", pack.license);
  reader.Texts("languages", pack.languages);
  std::string normalizer(kNormalizerNames[0]);
  reader.Text("normalizer", normalizer);
  const auto named = std::find(kNormalizerNames.begin(), kNormalizerNames.end(), normalizer);
  if (named == kNormalizerNames.end()) reader.Wrong("normalizer", "one of worker, engine, none");
  pack.normalizer = static_cast<TextNormalizer>(named - kNormalizerNames.begin());
  if (!IsModelId(pack.id)) reader.Wrong("id", "engine/name of letters, digits, '.', '_' and '-'");
  if (!IsFileName(pack.engine)) reader.Wrong("engine", "the name of an engine");
  if (!IsKind(pack.kind)) reader.Wrong("kind", "one of tts, asr, llm, vad, endpoint, text");
  PARLEY_TRY_STATUS(reader.Finish());
  for (const auto& [role, file] : pack.files) {
    if (!IsInFolder(file)) reader.Wrong("files." + role, "a plain file name");
  }
  for (const auto& [file, hash] : pack.sha256) {
    if (!IsInFolder(file)) reader.Wrong("sha256." + file, "the hash of a plain file name");
  }
  PARLEY_TRY_STATUS(reader.Finish());
  return pack;
}

Result<Pack> ReadPack(const fs::path& folder) {
  const fs::path path = folder / "model.toml";
  PARLEY_TRY(const std::string text, ReadFile(path, kPackBytesMax));
  PARLEY_TRY(Pack pack, ParsePack(text, path.string()));
  pack.folder = folder;
  for (const auto& [role, name] : pack.files) {
    std::error_code error;
    if (fs::is_regular_file(folder / name, error)) continue;
    return Fail(
        Code::kNotFound,
        fmt::format("model '{}' lacks its file '{}' (role {}) in {}; 'parley models pull {}' "
                    "fetches it again",
                    pack.id, name, role, folder.string(), pack.id));
  }
  return pack;
}

Status WritePack(const Pack& pack) {
  toml::array languages;
  for (const std::string& language : pack.languages) languages.push_back(language);
  toml::table model;
  model.insert("id", pack.id);
  model.insert("engine", pack.engine);
  model.insert("kind", pack.kind);
  model.insert("license", pack.license);
  model.insert("languages", languages);
  if (pack.normalizer != TextNormalizer::kWorker) {
    model.insert("normalizer", kNormalizerNames[static_cast<size_t>(pack.normalizer)]);
  }
  toml::table root;
  root.insert("model", model);
  root.insert("files", ToTable(pack.files));
  root.insert("options", ToTable(pack.options));
  root.insert("sha256", ToTable(pack.sha256));
  std::ostringstream text;
  text << root << "\n";
  return WriteFileAtomically(pack.folder / "model.toml", text.str());
}

std::vector<Pack> ListPacks(const fs::path& models_dir, std::vector<Error>* problems) {
  std::vector<fs::path> folders;
  for (const fs::path& first : Subfolders(models_dir)) {
    if (IsPackFolder(first)) folders.push_back(first);
    for (const fs::path& second : Subfolders(first)) {
      if (IsPackFolder(second)) folders.push_back(second);
    }
  }
  std::vector<Pack> packs;
  for (const fs::path& folder : folders) {
    auto pack = ReadPack(folder);
    if (pack) {
      packs.push_back(std::move(*pack));
    } else if (problems != nullptr) {
      problems->push_back(pack.error());
    }
  }
  return packs;
}

Result<fs::path> PackFolder(const fs::path& models_dir, std::string_view id) {
  if (IsModelId(id)) return models_dir / id;
  return Fail(Code::kInvalidArgument,
              fmt::format("model id '{}' must be engine/name of letters, digits, '.', '_' and '-'",
                          id.substr(0, 200)));
}

fs::path DefaultModelsDir() {
  const char* cache = std::getenv("PARLEY_CACHE");
  if (cache != nullptr && *cache != '\0') return fs::path(cache) / "models";
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr && *home != '\0' ? home : "/tmp") / ".cache/parley/models";
}

}  // namespace parley::catalog
