#include "onnx/testing/model_builder.h"

namespace parley::onnx::testing {
namespace {

// Protocol buffers' wire format: a key is field << 3 | type, type 0 a varint, 2 length and bytes.
std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
  return out;
}
std::string Number(int field, int64_t value) {
  return Varint(field << 3) + Varint(static_cast<uint64_t>(value));
}
std::string Bytes(int field, std::string_view bytes) {
  return Varint(field << 3 | 2) + Varint(bytes.size()) + std::string(bytes);
}

std::string ValueInfo(std::string_view name, const std::vector<int64_t>& shape, int type) {
  std::string dims;
  for (const int64_t dim : shape) dims += Bytes(1, dim < 0 ? Bytes(2, "n") : Number(1, dim));
  const std::string tensor = Number(1, type) + Bytes(2, dims);
  return Bytes(1, name) + Bytes(2, Bytes(1, tensor));
}

template <class T>
std::string Tensor(std::string_view name, const std::vector<int64_t>& shape, int type,
                   const std::vector<T>& values) {
  std::string tensor;
  for (const int64_t dim : shape) tensor += Number(1, dim);
  const std::string_view raw(reinterpret_cast<const char*>(values.data()),
                             values.size() * sizeof(T));
  return tensor + Number(2, type) + Bytes(8, name) + Bytes(9, raw);
}

}  // namespace

ModelBuilder& ModelBuilder::Input(std::string_view name, std::vector<int64_t> shape, int type) {
  inputs_ += Bytes(11, ValueInfo(name, shape, type));
  return *this;
}

ModelBuilder& ModelBuilder::Output(std::string_view name, std::vector<int64_t> shape, int type) {
  outputs_ += Bytes(12, ValueInfo(name, shape, type));
  return *this;
}

ModelBuilder& ModelBuilder::Floats(std::string_view name, std::vector<int64_t> shape,
                                   const std::vector<float>& values) {
  initializers_ += Bytes(5, Tensor(name, shape, kFloat, values));
  return *this;
}

ModelBuilder& ModelBuilder::Ints(std::string_view name, std::vector<int64_t> shape,
                                 const std::vector<int64_t>& values) {
  initializers_ += Bytes(5, Tensor(name, shape, kInt64, values));
  return *this;
}

ModelBuilder& ModelBuilder::Node(std::string_view op, std::vector<std::string> inputs,
                                 std::vector<std::string> outputs,
                                 const std::vector<IntAttribute>& attributes) {
  std::string node;
  for (const std::string& input : inputs) node += Bytes(1, input);
  for (const std::string& output : outputs) node += Bytes(2, output);
  node += Bytes(4, op);
  for (const IntAttribute& attribute : attributes) {
    std::string bytes = Bytes(1, attribute.name);
    for (const int64_t value : attribute.values) bytes += Number(attribute.list ? 8 : 3, value);
    node += Bytes(5, bytes + Number(20, attribute.list ? 7 : 2));
  }
  nodes_ += Bytes(1, node);
  return *this;
}

std::string ModelBuilder::Build() const {
  const std::string graph = nodes_ + Bytes(2, "test") + initializers_ + inputs_ + outputs_;
  return Number(1, 8) + Bytes(7, graph) + Bytes(8, Number(2, 13));
}

}  // namespace parley::onnx::testing
