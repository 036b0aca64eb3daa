// Where the converted weights of a checkpoint are kept between starts, and under which key: other
// bytes, another type of number or another way of converting give another file. The file itself is
// weights/blob_file.h. Thread-safe.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace parley::cosyvoice2 {

struct WeightCacheId {
  std::filesystem::path path;
  std::string key;
};

// For `checkpoint` converted to `type` ("f16", "q8_0", "q4_0"), by code of `conversion_version`,
// which changes whenever the same weights would be converted otherwise. The checkpoint is told by
// its size, its time of change, and the hash of its first and last MiB: the last has the checksums
// of all tensors. Errors: as of MappedFile::Open.
Result<WeightCacheId> IdentifyWeightCache(const std::filesystem::path& cache_folder,
                                          const std::filesystem::path& checkpoint,
                                          std::string_view type, int conversion_version);

}  // namespace parley::cosyvoice2
