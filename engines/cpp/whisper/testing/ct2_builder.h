// Makes CTranslate2 files for tests: any variables, or a whole Whisper of the smallest size.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "whisper/ct2_reader.h"

namespace parley::whisper::testing {

class Ct2Builder {
 public:
  explicit Ct2Builder(std::string_view spec = "WhisperSpec");

  void Add(std::string_view name, std::vector<uint32_t> dims, Ct2Type type, std::string_view data);
  // A tensor of f16 whose elements are `value`.
  void Add(std::string_view name, std::vector<uint32_t> dims, float value);
  void AddScalar(std::string_view name, int16_t value);
  void AddAlias(std::string_view alias, std::string_view target);

  std::string Bytes() const;

 private:
  std::string head_;
  std::string variables_;
  std::string aliases_;
  uint32_t variable_count_ = 0;
  uint32_t alias_count_ = 0;
};

// A Whisper with one layer on each side, a state of 64 and English vocabulary: 7 MB. The rows of
// the fused projections hold 1 (query), 2 (key) and 3 (value).
Ct2Builder SmallestWhisper();

// A vocabulary.txt of `count` ordinary tokens.
std::string Vocabulary(int count);

}  // namespace parley::whisper::testing
