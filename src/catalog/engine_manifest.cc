#include "catalog/engine_manifest.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>

#include "base/file.h"
#include "catalog/catalog.h"
#include "catalog/internal/toml_reader.h"
#include "catalog/pack.h"

namespace parley::catalog {
namespace {

namespace fs = std::filesystem;
using internal::TomlReader;

constexpr size_t kManifestBytesMax = 64 << 10;
constexpr uint64_t kMemoryMibMax = 1 << 30;

std::vector<fs::path> Resolved(const std::vector<std::string>& paths, const fs::path& folder) {
  std::vector<fs::path> resolved;
  resolved.reserve(paths.size());
  for (const std::string& path : paths) resolved.push_back((folder / path).lexically_normal());
  return resolved;
}

// "3.10" → 10; nothing for another form.
std::optional<int> MinorOf(std::string_view version) {
  if (!version.starts_with("3.")) return std::nullopt;
  int minor = 0;
  const char* const end = version.data() + version.size();
  const auto [at, error] = std::from_chars(version.data() + 2, end, minor);
  if (error != std::errc() || at != end || minor < 0 || minor > 99) return std::nullopt;
  return minor;
}

// ">=3.8", "<3.14", or both with a comma.
bool ParseVersions(std::string text, EngineManifest::Python& python) {
  std::erase(text, ' ');
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const bool is_lower = part.starts_with(">=");
    if (!is_lower && !part.starts_with("<")) return false;
    const auto minor = MinorOf(part.substr(is_lower ? 2 : 1));
    if (!minor) return false;
    (is_lower ? python.minor_min : python.minor_end) = *minor;
  }
  return !text.empty() && python.minor_min < python.minor_end;
}

Status ReadEngine(const toml::table& table, const std::string& name, EngineManifest& manifest) {
  TomlReader reader(table, name);
  reader.Text("name", manifest.name, TomlReader::kNeeded);
  reader.Text("kind", manifest.kind, TomlReader::kNeeded);
  reader.Text("license", manifest.license, TomlReader::kNeeded);
  reader.Text("about", manifest.about);
  reader.Text("program", manifest.program, TomlReader::kNeeded);
  reader.Texts("arguments", manifest.arguments);
  reader.Texts("takes", manifest.takes);
  reader.Text("voice_command", manifest.voice_command);
  PARLEY_TRY_STATUS(reader.Finish());
  if (!IsFileName(manifest.name)) reader.Wrong("name", "letters, digits, '.', '_' and '-'");
  if (manifest.kind != "tts" && manifest.kind != "asr" && manifest.kind != "llm") {
    reader.Wrong("kind", "one of tts, asr, llm");
  }
  if (manifest.program.empty()) reader.Wrong("program", "the name or path of a program");
  return reader.Finish();
}

Status ReadPython(const toml::table& table, const std::string& name, EngineManifest& manifest) {
  TomlReader reader(table, name);
  std::string versions, environment;
  reader.Text("versions", versions, TomlReader::kNeeded);
  reader.Text("environment", environment);
  PARLEY_TRY_STATUS(reader.Finish());
  EngineManifest::Python& python = manifest.python.emplace(EngineManifest::Python{});
  if (!ParseVersions(versions, python)) {
    reader.Wrong("versions", "a range of Python 3 like \">=3.8, <3.14\"");
  }
  if (!environment.empty()) {
    python.environment = (manifest.folder / environment).lexically_normal();
  }
  return reader.Finish();
}

Status ReadSandbox(const toml::table& table, const std::string& name, EngineManifest& manifest) {
  TomlReader reader(table, name);
  std::vector<std::string> writable;
  reader.Texts("writable", writable);
  reader.Size("memory_mib_max", manifest.sandbox.memory_mib_max);
  PARLEY_TRY_STATUS(reader.Finish());
  manifest.sandbox.writable = Resolved(writable, manifest.folder);
  if (manifest.sandbox.memory_mib_max > kMemoryMibMax) {
    reader.Wrong("memory_mib_max", fmt::format("0 to {}", kMemoryMibMax));
  }
  return reader.Finish();
}

// Folders in `dir` that hold an engine.toml, in order of name.
std::vector<fs::path> EngineFolders(const fs::path& dir) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (fs::exists(entry->path() / "engine.toml", ignored)) found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

Result<EngineManifest> ParseEngineManifest(std::string_view text, const fs::path& folder) {
  const std::string name = (folder / "engine.toml").string();
  PARLEY_TRY(const toml::table root, internal::ParseTable(text, name));
  TomlReader document(root, name);
  const toml::table* engine = document.Table("engine", TomlReader::kNeeded);
  const toml::table* python = document.Table("python");
  const toml::table* sandbox = document.Table("sandbox");
  PARLEY_TRY_STATUS(document.Finish());
  EngineManifest manifest{.folder = folder};
  PARLEY_TRY_STATUS(ReadEngine(*engine, name, manifest));
  if (python != nullptr) PARLEY_TRY_STATUS(ReadPython(*python, name, manifest));
  if (sandbox != nullptr) PARLEY_TRY_STATUS(ReadSandbox(*sandbox, name, manifest));
  return manifest;
}

Result<EngineManifest> ReadEngineManifest(const fs::path& folder) {
  PARLEY_TRY(const std::string text, ReadFile(folder / "engine.toml", kManifestBytesMax));
  std::error_code error;
  const fs::path absolute = fs::absolute(folder, error);
  return ParseEngineManifest(text, error ? folder : absolute.lexically_normal());
}

std::vector<EngineManifest> ListEngineManifests(const std::vector<fs::path>& dirs,
                                                std::vector<Error>* problems) {
  std::vector<EngineManifest> engines;
  const auto complain = [&](Error error) {
    if (problems != nullptr) problems->push_back(std::move(error));
  };
  for (const fs::path& dir : dirs) {
    for (const fs::path& folder : EngineFolders(dir)) {
      auto manifest = ReadEngineManifest(folder);
      if (!manifest) {
        complain(std::move(manifest.error()));
        continue;
      }
      const auto same = std::find_if(engines.begin(), engines.end(), [&](const auto& known) {
        return known.name == manifest->name;
      });
      if (same == engines.end()) {
        engines.push_back(std::move(*manifest));
      } else {
        complain({Code::kAlreadyExists,
                  fmt::format("engine '{}' in {} is hidden by that in {}", manifest->name,
                              manifest->folder.string(), same->folder.string())});
      }
    }
  }
  std::sort(engines.begin(), engines.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return engines;
}

fs::path DefaultEnginesDir() { return DefaultModelsDir().parent_path() / "engines"; }

}  // namespace parley::catalog
