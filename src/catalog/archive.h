// Unpacking what came from outside: zip, and tar plain or compressed. Bounded in entries and bytes,
// and no entry can reach outside its folder: names are checked, links and devices are refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace parley::catalog {

struct ArchiveLimits {
  size_t entries_max = 50'000;
  uint64_t bytes_max = uint64_t{32} << 30;  // unpacked, all together
};

// Writes the one regular file `member` to `out`. kNotFound when the archive has no such file;
// kOutOfRange past a limit; kDataLoss for a broken archive.
Status ExtractMember(const std::filesystem::path& archive, std::string_view member,
                     const std::filesystem::path& out, const ArchiveLimits& limits);

// Unpacks all into the existing `folder`. An entry with an unsafe name, a link or a device refuses
// the whole archive (kInvalidArgument, naming it).
Status Unpack(const std::filesystem::path& archive, const std::filesystem::path& folder,
              const ArchiveLimits& limits);

}  // namespace parley::catalog
