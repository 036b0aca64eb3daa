#include "cosyvoice2/weights/weight_cache.h"

#include <fmt/format.h>

#include <system_error>

#include "cosyvoice2/weights/mapped_file.h"
#include "cosyvoice2/weights/sha256.h"

namespace parley::cosyvoice2 {

Result<WeightCacheId> IdentifyWeightCache(const std::filesystem::path& cache_folder,
                                          const std::filesystem::path& checkpoint,
                                          std::string_view type, int conversion_version) {
  constexpr size_t kEdgeBytes = 1 << 20;
  PARLEY_TRY(const auto file, MappedFile::Open(checkpoint));
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(checkpoint, error);
  if (error) {
    return Fail(Code::kInternal,
                fmt::format("cannot look at '{}': {}", checkpoint.string(), error.message()));
  }
  const std::string_view bytes = file->bytes();
  Sha256 edges;
  edges.Add(bytes.substr(0, kEdgeBytes));
  edges.Add(bytes.substr(bytes.size() - std::min(bytes.size(), kEdgeBytes)));
  WeightCacheId id;
  id.key = fmt::format("{} of {} bytes changed {} with {}, as {} by conversion {}",
                       checkpoint.filename().string(), bytes.size(),
                       changed.time_since_epoch().count(), edges.Hex(), type, conversion_version);
  constexpr size_t kNameDigits = 16;
  id.path = cache_folder / fmt::format("{}-{}-{}.weights", checkpoint.stem().string(), type,
                                       Sha256Hex(id.key).substr(0, kNameDigits));
  return id;
}

}  // namespace parley::cosyvoice2
