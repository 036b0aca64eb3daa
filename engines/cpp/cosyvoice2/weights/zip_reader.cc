#include "cosyvoice2/weights/zip_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include "cosyvoice2/weights/torch_fault.h"

namespace parley::cosyvoice2 {
namespace {

constexpr uint32_t kEndSignature = 0x06054b50;
constexpr uint32_t kEnd64Signature = 0x06064b50;
constexpr uint32_t kLocator64Signature = 0x07064b50;
constexpr uint32_t kCentralSignature = 0x02014b50;
constexpr uint32_t kLocalSignature = 0x04034b50;
constexpr size_t kEndBytes = 22;
constexpr size_t kCommentBytesMax = 0xffff;
constexpr size_t kLocator64Bytes = 20;
constexpr size_t kEnd64Bytes = 56;
constexpr size_t kCentralBytes = 46;
constexpr size_t kLocalBytes = 30;
constexpr uint32_t kIn64 = 0xffffffff;
constexpr uint16_t kEncrypted = 1;
// The largest checkpoint of this model has 1,121 tensors.
constexpr uint64_t kMembersMax = 100'000;

tl::unexpected<Error> Broken(std::string_view what) {
  return RefuseTorch(TorchFault::kNotAZip, what);
}

// Little endian; the caller has checked that the bytes are there.
template <class Integer>
Integer At(std::string_view bytes, size_t offset) {
  Integer value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

struct Directory {
  uint64_t offset = 0;
  uint64_t size = 0;
  uint64_t members = 0;
};

std::optional<size_t> FindEnd(std::string_view bytes) {
  if (bytes.size() < kEndBytes) return std::nullopt;
  const size_t last = bytes.size() - kEndBytes;
  const size_t first = last > kCommentBytesMax ? last - kCommentBytesMax : 0;
  for (size_t at = last + 1; at-- > first;) {
    if (At<uint32_t>(bytes, at) == kEndSignature &&
        At<uint16_t>(bytes, at + 20) == bytes.size() - at - kEndBytes) {
      return at;
    }
  }
  return std::nullopt;
}

// From the zip64 record, which stands in front of the end where PyTorch writes the file; else from
// the end itself.
Result<Directory> FindDirectory(std::string_view bytes, size_t end) {
  if (end >= kLocator64Bytes && At<uint32_t>(bytes, end - kLocator64Bytes) == kLocator64Signature) {
    const auto at = At<uint64_t>(bytes, end - kLocator64Bytes + 8);
    if (at > bytes.size() || bytes.size() - at < kEnd64Bytes ||
        At<uint32_t>(bytes, at) != kEnd64Signature) {
      return Broken("the zip64 end record is not where it should be");
    }
    return Directory{At<uint64_t>(bytes, at + 48), At<uint64_t>(bytes, at + 40),
                     At<uint64_t>(bytes, at + 32)};
  }
  return Directory{At<uint32_t>(bytes, end + 16), At<uint32_t>(bytes, end + 12),
                   At<uint16_t>(bytes, end + 10)};
}

struct Entry {
  std::string_view name;
  uint64_t size = 0;
  uint64_t stored = 0;
  uint64_t local = 0;
};

// The 64-bit values of a central entry's extra field 0x0001, for those that are 0xffffffff.
Status ReadExtra64(std::string_view extra, Entry& entry) {
  while (extra.size() >= 4) {
    const auto id = At<uint16_t>(extra, 0);
    const size_t size = At<uint16_t>(extra, 2);
    if (size > extra.size() - 4) return Broken("an extra field is cut");
    std::string_view field = extra.substr(4, size);
    extra.remove_prefix(4 + size);
    if (id != 1) continue;
    for (uint64_t* value : {&entry.size, &entry.stored, &entry.local}) {
      if (*value != kIn64) continue;
      if (field.size() < 8) return Broken("a zip64 field is cut");
      *value = At<uint64_t>(field, 0);
      field.remove_prefix(8);
    }
  }
  return {};
}

Result<Entry> ReadEntry(std::string_view& directory) {
  if (directory.size() < kCentralBytes || At<uint32_t>(directory, 0) != kCentralSignature) {
    return Broken("the central directory is damaged");
  }
  const size_t name_bytes = At<uint16_t>(directory, 28);
  const size_t extra_bytes = At<uint16_t>(directory, 30);
  const size_t whole = kCentralBytes + name_bytes + extra_bytes + At<uint16_t>(directory, 32);
  if (whole > directory.size()) return Broken("the central directory is cut");
  Entry entry;
  entry.name = directory.substr(kCentralBytes, name_bytes);
  entry.stored = At<uint32_t>(directory, 20);
  entry.size = At<uint32_t>(directory, 24);
  entry.local = At<uint32_t>(directory, 42);
  PARLEY_TRY_STATUS(ReadExtra64(directory.substr(kCentralBytes + name_bytes, extra_bytes), entry));
  const bool plain = At<uint16_t>(directory, 10) == 0 && entry.size == entry.stored &&
                     (At<uint16_t>(directory, 8) & kEncrypted) == 0;
  if (!plain) {
    return RefuseTorch(TorchFault::kCompressedMember,
                       fmt::format("'{}' is compressed or encrypted; PyTorch writes neither, so "
                                   "save the checkpoint with torch.save again",
                                   entry.name));
  }
  directory.remove_prefix(whole);
  return entry;
}

Result<std::string_view> Payload(std::string_view bytes, const Entry& entry) {
  if (entry.local > bytes.size() || bytes.size() - entry.local < kLocalBytes ||
      At<uint32_t>(bytes, entry.local) != kLocalSignature) {
    return Broken(fmt::format("'{}' is not where the directory says", entry.name));
  }
  // The local extra field pads the payload to 64 bytes; it differs from the central one.
  const uint64_t at = entry.local + kLocalBytes + At<uint16_t>(bytes, entry.local + 26) +
                      At<uint16_t>(bytes, entry.local + 28);
  if (at > bytes.size() || entry.size > bytes.size() - at) {
    return Broken(fmt::format("'{}' reaches beyond the file's end", entry.name));
  }
  return bytes.substr(at, entry.size);
}

}  // namespace

Result<ZipMembers> ReadZip(std::string_view bytes) {
  if (bytes.empty()) return RefuseTorch(TorchFault::kEmpty, "the file has no bytes");
  if (bytes.starts_with('\x80')) {
    return RefuseTorch(TorchFault::kLegacyFormat,
                       "the file was written by PyTorch before 1.6; load it there and save it with "
                       "a newer torch.save");
  }
  if (!bytes.starts_with("PK")) {
    return Broken("the file does not begin like a checkpoint of torch.save");
  }
  const auto end = FindEnd(bytes);
  if (!end) return RefuseTorch(TorchFault::kNoEocd, "the file is cut; fetch it again");
  PARLEY_TRY(const Directory found, FindDirectory(bytes, *end));
  if (found.offset > *end || found.size > *end - found.offset || found.members > kMembersMax) {
    return Broken("the central directory is not within the file");
  }
  std::string_view directory = bytes.substr(found.offset, found.size);
  ZipMembers members;
  for (uint64_t i = 0; i < found.members; ++i) {
    PARLEY_TRY(const Entry entry, ReadEntry(directory));
    PARLEY_TRY(const std::string_view payload, Payload(bytes, entry));
    if (!members.emplace(entry.name, payload).second) {
      return Broken(fmt::format("'{}' is there twice", entry.name));
    }
  }
  return members;
}

}  // namespace parley::cosyvoice2
