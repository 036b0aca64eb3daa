// Writes small ONNX models byte by byte, so that tests own the graph they talk about and need no
// model file. Only what tests use: float and int64 tensors, attributes of int and ints.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace parley::onnx::testing {

class ModelBuilder {
 public:
  struct IntAttribute {
    std::string_view name;
    std::vector<int64_t> values;  // one value: attribute of type int; else ints
    bool list = false;
  };

  // ONNX element types.
  static constexpr int kFloat = 1;
  static constexpr int kInt32 = 6;
  static constexpr int kInt64 = 7;

  // A negative dimension is left open.
  ModelBuilder& Input(std::string_view name, std::vector<int64_t> shape, int type = kFloat);
  ModelBuilder& Output(std::string_view name, std::vector<int64_t> shape, int type = kFloat);
  ModelBuilder& Floats(std::string_view name, std::vector<int64_t> shape,
                       const std::vector<float>& values);
  ModelBuilder& Ints(std::string_view name, std::vector<int64_t> shape,
                     const std::vector<int64_t>& values);
  ModelBuilder& Node(std::string_view op, std::vector<std::string> inputs,
                     std::vector<std::string> outputs,
                     const std::vector<IntAttribute>& attributes = {});

  // A ModelProto of operator set 13.
  std::string Build() const;

 private:
  std::string nodes_;
  std::string initializers_;
  std::string inputs_;
  std::string outputs_;
};

}  // namespace parley::onnx::testing
