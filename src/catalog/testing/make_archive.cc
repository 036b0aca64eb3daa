#include "catalog/testing/make_archive.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/check.h"

namespace parley::catalog::testing {

void MakeArchive(const std::filesystem::path& path, const std::vector<ArchiveEntry>& entries) {
  struct archive* out = archive_write_new();
  const bool is_zip = path.extension() == ".zip" || path.extension() == ".whl";
  if (is_zip) {
    archive_write_set_format_zip(out);
  } else {
    archive_write_set_format_pax_restricted(out);
    archive_write_add_filter_gzip(out);
  }
  PARLEY_CHECK(archive_write_open_filename(out, path.c_str()) == ARCHIVE_OK);
  for (const ArchiveEntry& entry : entries) {
    archive_entry* header = archive_entry_new();
    archive_entry_set_pathname(header, entry.name.c_str());
    archive_entry_set_perm(header, 0644);
    archive_entry_set_filetype(header, entry.link_to.empty() ? AE_IFREG : AE_IFLNK);
    if (!entry.link_to.empty()) archive_entry_set_symlink(header, entry.link_to.c_str());
    archive_entry_set_size(header, static_cast<la_int64_t>(entry.bytes.size()));
    PARLEY_CHECK(archive_write_header(out, header) == ARCHIVE_OK);
    archive_write_data(out, entry.bytes.data(), entry.bytes.size());
    archive_entry_free(header);
  }
  archive_write_close(out);
  archive_write_free(out);
}

}  // namespace parley::catalog::testing
