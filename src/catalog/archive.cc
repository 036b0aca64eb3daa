#include "catalog/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>

#include "catalog/internal/out_file.h"
#include "catalog/internal/paths.h"

namespace parley::catalog {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBlockBytes = 64 * 1024;

class Reader {
 public:
  Reader(const fs::path& path, const ArchiveLimits& limits)
      : path_(path), limits_(limits), archive_(archive_read_new(), &archive_read_free) {}

  Status Open() {
    archive_read_support_format_zip(archive_.get());
    archive_read_support_format_tar(archive_.get());
    archive_read_support_filter_gzip(archive_.get());
    archive_read_support_filter_xz(archive_.get());
    archive_read_support_filter_bzip2(archive_.get());
    archive_read_support_filter_zstd(archive_.get());
    if (archive_read_open_filename(archive_.get(), path_.c_str(), kBlockBytes) != ARCHIVE_OK) {
      return Broken();
    }
    return {};
  }

  // The next entry; nullptr at the end.
  Result<archive_entry*> Next() {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(archive_.get(), &entry);
    if (status == ARCHIVE_EOF) return nullptr;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return Broken();
    if (++entries_ > limits_.entries_max) {
      return Fail(Code::kOutOfRange, fmt::format("'{}' has more than the {} entries allowed",
                                                 path_.string(), limits_.entries_max));
    }
    return entry;
  }

  Status CopyData(internal::OutFile& out) {
    const void* block = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    for (;;) {
      const int status = archive_read_data_block(archive_.get(), &block, &size, &offset);
      if (status == ARCHIVE_EOF) return out.Finish();
      if (status != ARCHIVE_OK) return Broken();
      bytes_ += size;
      const bool sparse = static_cast<uint64_t>(offset) != out.size_bytes();
      if (bytes_ > limits_.bytes_max || sparse) {
        return Fail(Code::kOutOfRange, fmt::format("'{}' unpacks to more than the {} bytes allowed",
                                                   path_.string(), limits_.bytes_max));
      }
      PARLEY_TRY_STATUS(out.Write({static_cast<const char*>(block), size}));
    }
  }

 private:
  tl::unexpected<Error> Broken() {
    const char* why = archive_error_string(archive_.get());
    return Fail(Code::kDataLoss, fmt::format("'{}' is no archive that can be read: {}",
                                             path_.string(), why == nullptr ? "unknown" : why));
  }

  const fs::path path_;
  const ArchiveLimits limits_;
  const std::unique_ptr<struct archive, decltype(&archive_read_free)> archive_;
  size_t entries_ = 0;
  uint64_t bytes_ = 0;
};

std::string NameOf(archive_entry* entry) {
  const char* name = archive_entry_pathname(entry);
  return name == nullptr ? std::string() : std::string(name);
}

bool IsRegular(archive_entry* entry) {
  return archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == nullptr;
}

Status UnpackEntry(Reader& reader, archive_entry* entry, const fs::path& folder) {
  std::string name = NameOf(entry);
  const bool is_folder = archive_entry_filetype(entry) == AE_IFDIR;
  while (name.ends_with('/')) name.pop_back();
  if (name.starts_with("./")) name.erase(0, 2);
  if (is_folder && (name.empty() || name == ".")) return {};
  if (!internal::IsSafeRelativePath(name) || (!is_folder && !IsRegular(entry))) {
    return Fail(Code::kInvalidArgument,
                fmt::format("the archive holds '{}', which is no plain file or folder inside it",
                            name.substr(0, 200)));
  }
  const fs::path target = folder / name;
  std::error_code error;
  fs::create_directories(is_folder ? target : target.parent_path(), error);
  if (error) {
    return Fail(Code::kInternal,
                fmt::format("cannot make a folder for '{}': {}", target.string(), error.message()));
  }
  if (is_folder) return {};
  PARLEY_TRY(internal::OutFile out,
             internal::OutFile::Open(target, internal::OutFile::Mode::kFresh));
  return reader.CopyData(out);
}

}  // namespace

Status ExtractMember(const fs::path& archive, std::string_view member, const fs::path& out,
                     const ArchiveLimits& limits) {
  Reader reader(archive, limits);
  PARLEY_TRY_STATUS(reader.Open());
  for (;;) {
    PARLEY_TRY(archive_entry * entry, reader.Next());
    if (entry == nullptr) {
      return Fail(Code::kNotFound,
                  fmt::format("'{}' holds no file '{}'", archive.string(), member));
    }
    if (NameOf(entry) != member || !IsRegular(entry)) continue;
    PARLEY_TRY(internal::OutFile file,
               internal::OutFile::Open(out, internal::OutFile::Mode::kFresh));
    return reader.CopyData(file);
  }
}

Status Unpack(const fs::path& archive, const fs::path& folder, const ArchiveLimits& limits) {
  Reader reader(archive, limits);
  PARLEY_TRY_STATUS(reader.Open());
  for (;;) {
    PARLEY_TRY(archive_entry * entry, reader.Next());
    if (entry == nullptr) return {};
    PARLEY_TRY_STATUS(UnpackEntry(reader, entry, folder));
  }
}

}  // namespace parley::catalog
