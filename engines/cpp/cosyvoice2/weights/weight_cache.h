// The converted weights of a checkpoint, kept between starts: found, or made and written once.
// Other bytes, another form or another way of converting are another file (weights/blob_file.h),
// which is mapped, so that processes share it. What goes wrong with it is said in the log and costs
// the time that it would have saved, never the start. Immutable, thread-safe.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cosyvoice2/weights/blob_file.h"

namespace parley::cosyvoice2 {

struct WeightCacheId {
  std::filesystem::path path;
  std::string key;
};

// For `checkpoint` converted to `form` ("f16", "q8_0"), by code of `conversion_version`, which
// changes whenever the same weights would be converted otherwise. The checkpoint is told by its
// size, its time of change, and the hash of its first and last MiB: the last has the checksums of
// all tensors. Errors: as of MappedFile::Open.
Result<WeightCacheId> IdentifyWeightCache(const std::filesystem::path& folder,
                                          const std::filesystem::path& checkpoint,
                                          std::string_view form, int conversion_version);

class WeightCache {
 public:
  // Looks for the file in `folder` and reads it against its hashes.
  WeightCache(const std::filesystem::path& folder, const std::filesystem::path& checkpoint,
              std::string_view form, int conversion_version);

  // Null if there is none that can be used.
  const std::shared_ptr<const BlobFile>& file() const { return file_; }

  // Writes the file that was not there; the folder is made. kFailedPrecondition if the checkpoint
  // could not be told.
  Result<std::unique_ptr<BlobWriter>> Begin() const;
  const std::filesystem::path& path() const { return id_.path; }

 private:
  WeightCacheId id_;
  std::shared_ptr<const BlobFile> file_;
};

}  // namespace parley::cosyvoice2
