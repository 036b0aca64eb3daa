// Reads a CTranslate2 model file (`model.bin`, version 6) without copying its weights. The file is
// foreign: every count, length and shape is checked against the bytes that are there before it is
// used, and nothing is allocated in proportion to a number that the file merely claims.
//
// Layout, little endian: u32 version; string spec; u32 revision; u32 count of variables; each
// string name, u8 rank, rank × u32 dims, u8 type, u32 bytes, row-major data; u32 count of aliases;
// each string alias, string target. A string is a u16 length that counts its closing NUL, then the
// bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::whisper {

enum class Ct2Type : uint8_t { kF32 = 0, kI8 = 1, kI16 = 2, kI32 = 3, kF16 = 4, kBf16 = 5 };

// Bytes of one element; the type must be one of the above.
size_t Ct2ElementBytes(Ct2Type type);
std::string_view Ct2TypeName(Ct2Type type);

// A tensor; rank 0 is a scalar. `data` lies in the bytes that were read and is not aligned.
struct Ct2Variable {
  std::vector<uint32_t> dims;
  Ct2Type type = Ct2Type::kF32;
  std::string_view data;

  size_t ElementCount() const;
};

struct Ct2File {
  std::string spec;
  uint32_t revision = 0;
  std::map<std::string, Ct2Variable, std::less<>> variables;
  std::map<std::string, std::string, std::less<>> aliases;  // alias → variable
};

// kDataLoss with the place and the reason if the bytes are not such a file; kUnimplemented for a
// version other than 6. The result refers to `bytes`, which must outlive it. Thread-safe.
Result<Ct2File> ReadCt2(std::string_view bytes);

}  // namespace parley::whisper
