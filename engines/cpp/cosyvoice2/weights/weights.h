// The tensors of one of the model's three parts (llm, flow, hift) by their names in the official
// checkpoints, whatever they come from: a checkpoint file (weights/checkpoint.h) or a rule that
// makes them up (weights/generated.h). Implementations are thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::cosyvoice2 {

// Row-major float32. A scalar has an empty shape and one element.
struct TensorView {
  std::vector<int64_t> shape;
  const float* data = nullptr;

  int64_t element_count() const;
};

class Weights {
 public:
  virtual ~Weights();

  // The tensor called `name`. `expected_shape` must match in rank and each length; −1 stands for
  // any length. The view is valid as long as this object lives. kNotFound if there is no such
  // tensor, kInvalidArgument if its shape differs; both name the tensor, the expected and the found
  // shape. kDataLoss if its elements cannot be read or are not numbers.
  virtual Result<TensorView> Get(const std::string& name,
                                 std::span<const int64_t> expected_shape) const = 0;

  // All names, in the order of the checkpoint.
  virtual std::vector<std::string> names() const = 0;
};

// "[512, 80, 7]"; −1 is shown as "?". Pure.
std::string ShapeText(std::span<const int64_t> shape);

// What Get says of a tensor `name` whose shape is `found`. Pure.
Status CheckShape(std::string_view name, std::span<const int64_t> expected,
                  std::span<const int64_t> found);

// What Get says where there is no tensor `name`. `source` is the file or manifest. Pure.
Error MissingTensor(std::string_view name, std::span<const int64_t> expected,
                    std::string_view source);

}  // namespace parley::cosyvoice2
