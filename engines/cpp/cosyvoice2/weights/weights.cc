#include "cosyvoice2/weights/weights.h"

#include <fmt/format.h>

#include <functional>
#include <numeric>

namespace parley::cosyvoice2 {

int64_t TensorView::element_count() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

Weights::~Weights() = default;

std::string ShapeText(std::span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += shape[i] < 0 ? "?" : std::to_string(shape[i]);
  }
  return text + "]";
}

Status CheckShape(std::string_view name, std::span<const int64_t> expected,
                  std::span<const int64_t> found) {
  bool same = expected.size() == found.size();
  for (size_t i = 0; same && i < found.size(); ++i) {
    same = expected[i] < 0 || expected[i] == found[i];
  }
  if (same) return {};
  return Fail(
      Code::kInvalidArgument,
      fmt::format("tensor '{}' has the shape {}, but {} is expected; is this the checkpoint "
                  "of another model?",
                  name, ShapeText(found), ShapeText(expected)));
}

Error MissingTensor(std::string_view name, std::span<const int64_t> expected,
                    std::string_view source) {
  return Error{Code::kNotFound,
               fmt::format("{} has no tensor '{}' (expected shape {}, found none); is this the "
                           "checkpoint of another model?",
                           source, name, ShapeText(expected))};
}

}  // namespace parley::cosyvoice2
