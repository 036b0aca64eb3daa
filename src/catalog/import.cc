// Store::Import: models that the user brings.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <utility>

#include "catalog/archive.h"
#include "catalog/internal/folder_lock.h"
#include "catalog/internal/out_file.h"
#include "catalog/internal/sha256.h"
#include "catalog/store.h"

namespace parley::catalog {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGgmlMagic("lmgg", 4);  // 0x67676d6c, little endian
constexpr std::string_view kGgufMagic("GGUF", 4);

std::string FirstBytes(const fs::path& path) {
  std::array<char, 4> bytes{};
  std::ifstream in(path, std::ios::binary);
  in.read(bytes.data(), bytes.size());
  return std::string(bytes.data(), static_cast<size_t>(in.gcount()));
}

bool Exists(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool IsArchiveName(const std::string& name) {
  constexpr std::array<std::string_view, 8> kEndings{".zip",    ".whl",    ".tar",     ".tgz",
                                                     ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst"};
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

// A file's name as the second part of an id: what does not belong there becomes '-'.
std::string NameFrom(const fs::path& path) {
  std::string name = path.filename().string();
  std::replace_if(
      name.begin(), name.end(),
      [](unsigned char c) { return std::isalnum(c) == 0 && c != '.' && c != '_' && c != '-'; },
      '-');
  while (!name.empty() && (name.front() == '.' || name.front() == '-')) name.erase(0, 1);
  return name.empty() ? "model" : name;
}

// The .onnx files of a folder that have their .onnx.json beside them: Piper voices.
std::vector<fs::path> VoicesIn(const fs::path& folder) {
  std::vector<fs::path> voices;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.extension() == ".onnx" && Exists(path.string() + ".json")) voices.push_back(path);
  }
  return voices;
}

// A file that is a model by itself; nullopt when it is none that is known.
std::optional<Pack> PackOfFile(const fs::path& path) {
  Pack pack{.id = NameFrom(path.stem())};
  const std::string magic = FirstBytes(path);
  if (path.extension() == ".onnx" && Exists(path.string() + ".json")) {
    pack.engine = "piper";
    pack.kind = "tts";
    pack.files["config"] = path.filename().string() + ".json";
  } else if (magic == kGgmlMagic) {
    pack.engine = "whisper";
    pack.kind = "asr";
  } else if (magic == kGgufMagic) {
    pack.engine = "llama";
    pack.kind = "llm";
  } else {
    return std::nullopt;
  }
  pack.files["model"] = path.filename().string();
  pack.id = pack.engine + "/" + pack.id;
  return pack;
}

Result<Pack> Unknown(const fs::path& path) {
  return Fail(Code::kInvalidArgument,
              fmt::format("'{}' is none of: a folder or archive with a model.toml, a Piper voice "
                          "(NAME.onnx with NAME.onnx.json), a CTranslate2 Whisper folder "
                          "(model.bin with vocabulary.txt), a ggml Whisper model, a GGUF file",
                          path.string()));
}

}  // namespace

Result<Pack> Store::Import(const fs::path& path, std::optional<std::string> id) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    return Fail(Code::kNotFound, fmt::format("there is no '{}'", path.string()));
  }
  if (fs::is_directory(path, error)) return ImportFolder(path, std::move(id));
  if (IsArchiveName(path.filename().string())) {
    PARLEY_TRY(const fs::path unpacked, Staging("import-" + std::to_string(::getpid())));
    Status done = Unpack(path, unpacked, {});
    Result<Pack> pack = done ? ImportFolder(unpacked, std::move(id)) : Fail(done.error());
    fs::remove_all(unpacked, error);
    return pack;
  }
  auto pack = PackOfFile(path);
  if (!pack) return Unknown(path);
  if (id) pack->id = *id;
  std::vector<fs::path> files;
  for (const auto& [role, name] : pack->files) files.push_back(path.parent_path() / name);
  return Adopt(std::move(*pack), files);
}

Result<Pack> Store::ImportFolder(const fs::path& folder, std::optional<std::string> id) {
  if (Exists(folder / "model.toml")) {
    PARLEY_TRY(Pack pack, ReadPack(folder));
    if (id) pack.id = *id;
    std::vector<fs::path> files;
    for (const auto& [role, name] : pack.files) files.push_back(folder / name);
    return Adopt(std::move(pack), files);
  }
  if (Exists(folder / "model.bin") &&
      (Exists(folder / "vocabulary.txt") || Exists(folder / "vocabulary.json"))) {
    Pack pack{.id = "whisper/" + NameFrom(fs::absolute(folder).lexically_normal()),
              .engine = "whisper",
              .kind = "asr"};
    if (id) pack.id = *id;
    const fs::path converted =
        config_.models_dir / ".partial" / fmt::format("import-{}.bin", ::getpid());
    std::error_code error;
    fs::create_directories(converted.parent_path(), error);
    PARLEY_TRY_STATUS(RunEngine(
        "whisper", {"--import", folder.string(), "--out", converted.string(), "--type", "q8_0"}));
    pack.files["model"] = converted.filename().string();
    auto adopted = Adopt(std::move(pack), {converted});
    fs::remove(converted, error);
    return adopted;
  }
  const auto voices = VoicesIn(folder);
  if (voices.size() == 1) return Import(voices[0], std::move(id));
  // An archive often has all below one folder of its own.
  std::error_code error;
  std::vector<fs::path> inside;
  for (const auto& entry : fs::directory_iterator(folder, error)) inside.push_back(entry.path());
  const bool nested = inside.size() == 1 && !fs::is_symlink(inside[0], error) &&
                      (fs::is_directory(inside[0], error) || PackOfFile(inside[0]));
  if (nested) return Import(inside[0], std::move(id));
  return Unknown(folder);
}

Result<Pack> Store::Adopt(Pack pack, const std::vector<fs::path>& files) {
  PARLEY_TRY(const fs::path home, PackFolder(config_.models_dir, pack.id));
  PARLEY_TRY(const internal::FolderLock lock,
             internal::FolderLock::Take(config_.models_dir, work_));
  std::error_code error;
  if (fs::exists(home, error)) {
    return Fail(
        Code::kAlreadyExists,
        fmt::format("there is a model '{}' already; remove it (parley models rm {}) or give "
                    "another name by --id",
                    pack.id, pack.id));
  }
  PARLEY_TRY(const fs::path staging, Staging(pack.id));
  pack.folder = staging;
  Status copied = CopyFiles(files, staging);
  for (const auto& [role, name] : pack.files) {
    if (!copied) break;
    auto hash = internal::Sha256OfFile(staging / name, work_);
    if (hash) {
      pack.sha256[name] = std::move(*hash);
    } else {
      copied = Fail(hash.error());
    }
  }
  if (copied) copied = WritePack(pack);
  if (copied) copied = Place(staging, pack.id);
  if (!copied) {
    fs::remove_all(staging, error);
    return Fail(copied.error());
  }
  return ReadPack(home);
}

Status Store::CopyFiles(const std::vector<fs::path>& files, const fs::path& staging) {
  using internal::OutFile;
  uint64_t bytes = 0;
  for (const fs::path& file : files) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    if (!error) bytes += size;
  }
  PARLEY_TRY_STATUS(internal::CheckSpace(staging, bytes));
  for (const fs::path& file : files) {
    PARLEY_TRY(OutFile out, OutFile::Open(staging / file.filename(), OutFile::Mode::kFresh));
    PARLEY_TRY_STATUS(internal::Append(file, out));
    PARLEY_TRY_STATUS(out.Finish());
  }
  return {};
}

}  // namespace parley::catalog
