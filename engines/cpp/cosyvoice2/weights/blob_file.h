// A file of named arrays that were computed once and are mapped from then on: converted weights,
// prompts of voices. A key says from what and how they were computed; a file of another key, or of
// another version of this format, is not used. Every array has its hash.
//
// Layout, little endian: "PARLEYB1"; the arrays, each at a multiple of 64; an index in JSON {"key",
// "blobs": [{"name", "type", "shape", "offset", "size", "sha256"}]}; u64 offset and u64 size of the
// index; its SHA-256 in 64 hexadecimal digits; "PARLEYB1". An unfinished file has no such end.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::cosyvoice2 {

struct Blob {
  std::string type;            // the writer's word: "f32", "q8_0"
  std::vector<int64_t> shape;  // likewise
  std::string_view bytes;      // at a multiple of 64
};

// Immutable, thread-safe.
class BlobFile {
 public:
  // kNotFound; kFailedPrecondition: of another key or version, so make it anew; kDataLoss: damaged,
  // so make it anew too. With `verify` every array is read and held against its hash.
  static Result<std::unique_ptr<BlobFile>> Open(const std::filesystem::path& path,
                                                std::string_view key, bool verify);
  ~BlobFile();

  // Null if there is none. Valid as long as this object lives.
  const Blob* Find(std::string_view name) const;
  size_t size() const;
  // The whole file, in which all arrays lie.
  std::string_view bytes() const;

 private:
  struct Impl;
  explicit BlobFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Writes beside the target; Commit renames, so that a reader sees a whole file or none. Without
// Commit nothing is left. One sequence.
class BlobWriter {
 public:
  static Result<std::unique_ptr<BlobWriter>> Create(const std::filesystem::path& path,
                                                    std::string_view key);
  ~BlobWriter();

  // kAlreadyExists for a name that was added before; else what the disk says.
  Status Add(const std::string& name, std::string_view type, const std::vector<int64_t>& shape,
             std::string_view bytes);
  Status Commit();

 private:
  struct Impl;
  explicit BlobWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::cosyvoice2
