// Writes the pieces of a whisper.cpp model file, and the number formats they need.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "whisper/ct2_reader.h"
#include "whisper/importer.h"

namespace parley::whisper {

// The variable's elements as f32; nothing for a type that holds no real numbers.
std::optional<std::vector<float>> ToFloats(const Ct2Variable& variable);

// One sequence. Shapes are given outermost first, as in CTranslate2; on disk they are reversed.
// What fails shows in the state of `out`.
class GgmlWriter {
 public:
  GgmlWriter(std::ostream& out, WeightType type) : out_(out), type_(type) {}

  void Begin();     // the magic number
  void FileType();  // ggml's number for the weight type
  void Int(uint32_t value);
  void Floats(std::span<const float> values);
  void Token(std::string_view bytes);

  // A tensor in the type that its kind is stored in: matrices as WeightType says, convolution
  // kernels f16, everything else f32. A matrix has an inner dimension that is a multiple of 32.
  void Matrix(std::string_view name, std::vector<uint32_t> dims, std::span<const float> values);
  void Convolution(std::string_view name, std::vector<uint32_t> dims,
                   std::span<const float> values);
  void Vector(std::string_view name, std::vector<uint32_t> dims, std::span<const float> values);

 private:
  void TensorHeader(std::string_view name, const std::vector<uint32_t>& dims, uint32_t type);
  void Bytes(const void* data, size_t size);

  std::ostream& out_;
  const WeightType type_;
  std::vector<char> scratch_;
};

}  // namespace parley::whisper
