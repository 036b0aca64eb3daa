#include "catalog/internal/cosyvoice_packs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/file.h"

namespace parley::catalog::internal {
namespace {

namespace fs = std::filesystem;

constexpr size_t kRefBytesMax = 256;

bool Has(const fs::path& folder, const char* file) {
  std::error_code error;
  return fs::exists(folder / file, error);
}

// `folder` as the model `id`, whatever its model.toml, if it has one, calls it.
Result<Pack> PackOf(const fs::path& folder, const std::string& id) {
  if (Has(folder, "model.toml")) {
    PARLEY_TRY(Pack pack, ReadPack(folder));
    pack.id = id;
    return pack;
  }
  const std::string where = folder.string();
  if (!Has(folder, "llm.pt")) {
    return Fail(Code::kNotFound, fmt::format("model '{}' is not whole: '{}' has neither a llm.pt "
                                             "nor a model.toml",
                                             id, where));
  }
  if (!Has(folder, "CosyVoice-BlankEN")) {
    return Fail(Code::kInvalidArgument,
                fmt::format("model '{}': '{}' has no CosyVoice-BlankEN, as CosyVoice version 1 has "
                            "none; what is needed is version 2 (CosyVoice2-0.5B)",
                            id, where));
  }
  return Pack{.folder = folder,
              .id = id,
              .engine = "cosyvoice2",
              .kind = "tts",
              .license = "Apache-2.0",
              .languages = {"zh", "en", "ja", "ko", "yue"},
              .files = {{"llm", "llm.pt"}, {"flow", "flow.pt"}, {"hift", "hift.pt"}}};
}

// The snapshot that the cache's client fetched last.
Result<fs::path> Snapshot(const fs::path& cache, std::string repo) {
  for (size_t at = 0; (at = repo.find('/', at)) != std::string::npos;) repo.replace(at, 1, "--");
  const fs::path folder = cache / ("models--" + repo);
  auto commit = ReadFile(folder / "refs" / "main", kRefBytesMax);
  if (!commit) {
    return Fail(Code::kNotFound,
                fmt::format("no CosyVoice in '{}': {}", cache.string(), commit.error().message));
  }
  while (!commit->empty() && commit->back() <= ' ') commit->pop_back();
  return folder / "snapshots" / fs::path(*commit).filename();
}

std::vector<fs::path> FoldersIn(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored)) found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

std::vector<Pack> CosyVoicePacks(const CosyVoicePlaces& places, std::vector<Error>* problems) {
  std::vector<Pack> packs;
  const auto take = [&](Result<Pack> pack) {
    if (pack) {
      packs.push_back(std::move(*pack));
    } else if (problems != nullptr) {
      problems->push_back(std::move(pack.error()));
    }
  };
  if (!places.model.empty()) {
    take(PackOf(places.model, places.model_id));
  } else if (!places.hf_cache.empty()) {
    const auto snapshot = Snapshot(places.hf_cache, places.hf_repo);
    take(snapshot ? PackOf(*snapshot, places.model_id) : Result<Pack>(Fail(snapshot.error())));
  }
  for (const fs::path& folder : FoldersIn(places.voicepacks)) {
    take(PackOf(folder, "cosyvoice2-" + folder.filename().string()));
  }
  return packs;
}

}  // namespace parley::catalog::internal
