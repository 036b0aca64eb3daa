#include "cosyvoice2/weights/weight_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "cosyvoice2/weights/mapped_file.h"
#include "cosyvoice2/weights/sha256.h"

namespace parley::cosyvoice2 {

Result<WeightCacheId> IdentifyWeightCache(const std::filesystem::path& folder,
                                          const std::filesystem::path& checkpoint,
                                          std::string_view form, int conversion_version) {
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
                       changed.time_since_epoch().count(), edges.Hex(), form, conversion_version);
  constexpr size_t kNameDigits = 16;
  id.path = folder / fmt::format("{}-{}-{}.weights", checkpoint.stem().string(), form,
                                 Sha256Hex(id.key).substr(0, kNameDigits));
  return id;
}

WeightCache::WeightCache(const std::filesystem::path& folder,
                         const std::filesystem::path& checkpoint, std::string_view form,
                         int conversion_version) {
  auto id = IdentifyWeightCache(folder, checkpoint, form, conversion_version);
  if (!id) return;  // whoever opens the checkpoint will say why
  id_ = std::move(*id);
  auto file = BlobFile::Open(id_.path, id_.key, true);
  if (file) {
    file_ = std::move(*file);
  } else if (file.error().code != Code::kNotFound) {
    log::Warn("weight_cache_unusable reason={}", file.error().message);
  }
}

Result<std::unique_ptr<BlobWriter>> WeightCache::Begin() const {
  if (id_.key.empty()) {
    return Fail(Code::kFailedPrecondition, "the checkpoint could not be read, so nothing is kept");
  }
  std::error_code ignored;  // what is wrong shows when the file is made
  std::filesystem::create_directories(id_.path.parent_path(), ignored);
  return BlobWriter::Create(id_.path, id_.key);
}

}  // namespace parley::cosyvoice2
