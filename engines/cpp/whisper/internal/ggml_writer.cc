#include "whisper/internal/ggml_writer.h"

#include <ggml.h>

#include <cstring>
#include <ostream>

namespace parley::whisper {

std::optional<std::vector<float>> ToFloats(const Ct2Variable& variable) {
  const size_t count = variable.ElementCount();
  std::vector<float> floats(count);
  const char* data = variable.data.data();
  switch (variable.type) {
    case Ct2Type::kF32:
      std::memcpy(floats.data(), data, count * sizeof(float));
      return floats;
    case Ct2Type::kF16: {
      std::vector<ggml_fp16_t> halves(count);
      std::memcpy(halves.data(), data, count * sizeof(ggml_fp16_t));
      ggml_fp16_to_fp32_row(halves.data(), floats.data(), static_cast<int64_t>(count));
      return floats;
    }
    case Ct2Type::kBf16: {
      std::vector<ggml_bf16_t> halves(count);
      std::memcpy(halves.data(), data, count * sizeof(ggml_bf16_t));
      ggml_bf16_to_fp32_row(halves.data(), floats.data(), static_cast<int64_t>(count));
      return floats;
    }
    default:
      return std::nullopt;
  }
}

void GgmlWriter::Bytes(const void* data, size_t size) {
  out_.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
}

void GgmlWriter::Begin() { Int(GGML_FILE_MAGIC); }

void GgmlWriter::FileType() {
  Int(type_ == WeightType::kF16
          ? uint32_t{GGML_FTYPE_MOSTLY_F16}
          : uint32_t{GGML_QNT_VERSION} * GGML_QNT_VERSION_FACTOR + GGML_FTYPE_MOSTLY_Q8_0);
}

void GgmlWriter::Int(uint32_t value) { Bytes(&value, sizeof(value)); }

void GgmlWriter::Floats(std::span<const float> values) {
  Bytes(values.data(), values.size_bytes());
}

void GgmlWriter::Token(std::string_view bytes) {
  Int(static_cast<uint32_t>(bytes.size()));
  Bytes(bytes.data(), bytes.size());
}

void GgmlWriter::TensorHeader(std::string_view name, const std::vector<uint32_t>& dims,
                              uint32_t type) {
  Int(static_cast<uint32_t>(dims.size()));
  Int(static_cast<uint32_t>(name.size()));
  Int(type);
  for (auto dim = dims.rbegin(); dim != dims.rend(); ++dim) Int(*dim);
  Bytes(name.data(), name.size());
}

void GgmlWriter::Matrix(std::string_view name, std::vector<uint32_t> dims,
                        std::span<const float> values) {
  if (type_ == WeightType::kF16) return Convolution(name, std::move(dims), values);
  TensorHeader(name, dims, GGML_TYPE_Q8_0);
  const auto row = static_cast<int64_t>(dims.back());
  const auto rows = static_cast<int64_t>(values.size()) / row;
  scratch_.resize(ggml_row_size(GGML_TYPE_Q8_0, row) * rows);
  const size_t size =
      ggml_quantize_chunk(GGML_TYPE_Q8_0, values.data(), scratch_.data(), 0, rows, row, nullptr);
  Bytes(scratch_.data(), size);
}

void GgmlWriter::Convolution(std::string_view name, std::vector<uint32_t> dims,
                             std::span<const float> values) {
  TensorHeader(name, dims, GGML_TYPE_F16);
  scratch_.resize(values.size() * sizeof(ggml_fp16_t));
  ggml_fp32_to_fp16_row(values.data(), reinterpret_cast<ggml_fp16_t*>(scratch_.data()),
                        static_cast<int64_t>(values.size()));
  Bytes(scratch_.data(), scratch_.size());
}

void GgmlWriter::Vector(std::string_view name, std::vector<uint32_t> dims,
                        std::span<const float> values) {
  TensorHeader(name, dims, GGML_TYPE_F32);
  Floats(values);
}

}  // namespace parley::whisper
