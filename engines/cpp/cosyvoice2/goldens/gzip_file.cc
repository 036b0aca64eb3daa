#include "cosyvoice2/goldens/gzip_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <memory>

namespace parley::cosyvoice2 {

Result<std::string> ReadGzipFile(const std::filesystem::path& path, size_t size_max) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) return Fail(Code::kNotFound, fmt::format("cannot open '{}'", path.string()));
  std::string bytes;
  char block[1 << 16];
  for (;;) {
    const int count = gzread(file.get(), block, sizeof(block));
    if (count < 0) {
      return Fail(Code::kDataLoss, fmt::format("'{}' is no whole gzip file", path.string()));
    }
    if (count == 0) return bytes;
    if (bytes.size() + static_cast<size_t>(count) > size_max) {
      return Fail(Code::kOutOfRange, fmt::format("'{}' unpacks to more than the {} bytes allowed",
                                                 path.string(), size_max));
    }
    bytes.append(block, static_cast<size_t>(count));
  }
}

}  // namespace parley::cosyvoice2
