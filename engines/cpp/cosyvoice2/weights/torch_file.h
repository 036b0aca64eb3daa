// A file of torch.save: a zip file with a pickle and the tensors' elements (format of PyTorch ≥
// 1.6). Nothing in it is executed; what is not a plain checkpoint is refused by a class of
// torch_fault.h. Payloads are not read here. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/weights/torch_tensor.h"

namespace parley::cosyvoice2 {

// Any other kind of value.
struct TorchOther {};

struct TorchEntry {
  std::string name;  // keys of nested dictionaries joined by "/"
  std::variant<TorchTensor, int64_t, double, std::string, TorchOther> value;
};

struct TorchFile {
  std::vector<TorchEntry> entries;  // in the file's order

  // Null if there is no such entry, or it is no tensor.
  const TorchTensor* Tensor(std::string_view name) const;
};

// `bytes` must outlive the result, whose tensors lie in them.
Result<TorchFile> ReadTorchFile(std::string_view bytes);

}  // namespace parley::cosyvoice2
