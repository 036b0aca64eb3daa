#include "cosyvoice2/weights/blob_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <system_error>

#include "cosyvoice2/weights/mapped_file.h"
#include "cosyvoice2/weights/sha256.h"

namespace parley::cosyvoice2 {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kMagic = "PARLEYB1";
constexpr size_t kAlignment = 64;
constexpr size_t kHashBytes = 64;  // hexadecimal
constexpr size_t kEndBytes = 2 * sizeof(uint64_t) + kHashBytes + kMagic.size();
constexpr size_t kIndexBytesMax = 64 << 20;

tl::unexpected<Error> Damaged(const std::string& path, std::string_view what) {
  return Fail(Code::kDataLoss, fmt::format("'{}' is damaged: {}; it can be made anew", path, what));
}

uint64_t NumberAt(std::string_view bytes, size_t offset) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

// The index, once its place and hash are as the file's end says.
Result<std::string_view> FindIndex(std::string_view bytes, const std::string& path) {
  if (!bytes.starts_with(kMagic)) {
    return Fail(Code::kFailedPrecondition, fmt::format("'{}' is of another format", path));
  }
  if (bytes.size() < kMagic.size() + kEndBytes || !bytes.ends_with(kMagic)) {
    return Damaged(path, "it is cut");
  }
  const size_t end = bytes.size() - kEndBytes;
  const uint64_t offset = NumberAt(bytes, end);
  const uint64_t size = NumberAt(bytes, end + sizeof(uint64_t));
  if (size > kIndexBytesMax || offset > end || size != end - offset) {
    return Damaged(path, "its index is not where it should be");
  }
  const std::string_view index = bytes.substr(offset, size);
  if (Sha256Hex(index) != bytes.substr(end + 2 * sizeof(uint64_t), kHashBytes)) {
    return Damaged(path, "its index does not have the hash stated");
  }
  return index;
}

}  // namespace

struct BlobFile::Impl {
  std::string path;
  std::unique_ptr<MappedFile> file;
  std::map<std::string, Blob, std::less<>> blobs;

  Status AddBlob(const Json& entry, bool verify) {
    const std::string name = entry["name"];
    const uint64_t offset = entry["offset"];
    const uint64_t size = entry["size"];
    const std::string_view bytes = file->bytes();
    if (offset > bytes.size() || size > bytes.size() - offset || offset % kAlignment != 0) {
      return Damaged(path, fmt::format("'{}' is not within it", name));
    }
    Blob blob{entry["type"], entry["shape"].get<std::vector<int64_t>>(),
              bytes.substr(offset, size)};
    if (verify && Sha256Hex(blob.bytes) != entry["sha256"]) {
      return Damaged(path, fmt::format("'{}' does not have the hash stated", name));
    }
    blobs.emplace(name, std::move(blob));
    return {};
  }
};

BlobFile::BlobFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

BlobFile::~BlobFile() = default;

Result<std::unique_ptr<BlobFile>> BlobFile::Open(const std::filesystem::path& path,
                                                 std::string_view key, bool verify) {
  auto impl = std::make_unique<Impl>();
  impl->path = path.string();
  PARLEY_TRY(impl->file, MappedFile::Open(path));
  PARLEY_TRY(const std::string_view text, FindIndex(impl->file->bytes(), impl->path));
  try {
    const Json index = Json::parse(text);
    if (index["key"] != key) {
      return Fail(Code::kFailedPrecondition,
                  fmt::format("'{}' was made for '{}', not for '{}'", impl->path,
                              index["key"].get<std::string>(), key));
    }
    for (const Json& entry : index["blobs"]) PARLEY_TRY_STATUS(impl->AddBlob(entry, verify));
  } catch (const Json::exception& exception) {
    return Damaged(impl->path, exception.what());
  }
  return std::unique_ptr<BlobFile>(new BlobFile(std::move(impl)));
}

const Blob* BlobFile::Find(std::string_view name) const {
  const auto found = impl_->blobs.find(name);
  return found == impl_->blobs.end() ? nullptr : &found->second;
}

size_t BlobFile::size() const { return impl_->blobs.size(); }

std::string_view BlobFile::bytes() const { return impl_->file->bytes(); }

struct BlobWriter::Impl {
  std::string path;
  std::string part;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{nullptr, std::fclose};
  uint64_t at = 0;
  Json index;
  std::map<std::string, bool> names;

  tl::unexpected<Error> FailErrno() const {
    const int error = errno;
    Code code = Code::kInternal;
    if (error == EACCES || error == EPERM || error == EROFS) code = Code::kPermissionDenied;
    if (error == ENOSPC || error == EDQUOT) code = Code::kResourceExhausted;
    if (error == ENOENT || error == ENOTDIR) code = Code::kNotFound;
    return Fail(code,
                fmt::format("cannot write '{}': {}", path, std::generic_category().message(error)));
  }

  Status Write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size()) return FailErrno();
    at += bytes.size();
    return {};
  }
};

BlobWriter::BlobWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

BlobWriter::~BlobWriter() {
  if (impl_->file) std::remove(impl_->part.c_str());
}

Result<std::unique_ptr<BlobWriter>> BlobWriter::Create(const std::filesystem::path& path,
                                                       std::string_view key) {
  auto impl = std::make_unique<Impl>();
  impl->path = path.string();
  impl->part = fmt::format("{}.{}.part", impl->path, ::getpid());
  impl->file.reset(std::fopen(impl->part.c_str(), "wbe"));
  if (!impl->file) return impl->FailErrno();
  impl->index["key"] = key;
  impl->index["blobs"] = Json::array();
  PARLEY_TRY_STATUS(impl->Write(kMagic));
  return std::unique_ptr<BlobWriter>(new BlobWriter(std::move(impl)));
}

Status BlobWriter::Add(const std::string& name, std::string_view type,
                       const std::vector<int64_t>& shape, std::string_view bytes) {
  if (!impl_->names.emplace(name, true).second) {
    return Fail(Code::kAlreadyExists, fmt::format("'{}' already has '{}'", impl_->path, name));
  }
  const std::string padding((kAlignment - impl_->at % kAlignment) % kAlignment, '\0');
  PARLEY_TRY_STATUS(impl_->Write(padding));
  impl_->index["blobs"].push_back({{"name", name},
                                   {"type", type},
                                   {"shape", shape},
                                   {"offset", impl_->at},
                                   {"size", bytes.size()},
                                   {"sha256", Sha256Hex(bytes)}});
  return impl_->Write(bytes);
}

Status BlobWriter::Commit() {
  const uint64_t offset = impl_->at;
  const std::string index = impl_->index.dump(-1, ' ', false, Json::error_handler_t::replace);
  const uint64_t size = index.size();
  std::string end(reinterpret_cast<const char*>(&offset), sizeof(offset));
  end.append(reinterpret_cast<const char*>(&size), sizeof(size));
  end.append(Sha256Hex(index)).append(kMagic);
  PARLEY_TRY_STATUS(impl_->Write(index));
  PARLEY_TRY_STATUS(impl_->Write(end));
  if (std::fflush(impl_->file.get()) != 0 || ::fsync(::fileno(impl_->file.get())) != 0 ||
      std::rename(impl_->part.c_str(), impl_->path.c_str()) != 0) {
    return impl_->FailErrno();
  }
  impl_->file.reset();
  return {};
}

}  // namespace parley::cosyvoice2
