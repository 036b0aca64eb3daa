// The stack machine of Python's pickle (protocols 2 to 4), without Python: it builds numbers,
// strings, tuples, lists, dictionaries and tensors, and calls nothing. Only the opcodes and names
// that a checkpoint needs are known; any other is refused. The bytes are foreign: what is built is
// bounded, nothing is recursive, and self-reference is harmless.
//
// What the opcodes do: CPython's Lib/pickletools.py. What a tensor is made of: torch/_utils.py,
// `_rebuild_tensor_v2(storage, offset, size, stride, …)`, offset and strides in elements.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/weights/torch_tensor.h"

namespace parley::cosyvoice2 {

using PickleId = uint32_t;  // an index into Pickle::values

struct PickleNone {};
struct PickleTuple {
  std::vector<PickleId> items;
};
struct PickleList {
  std::vector<PickleId> items;
};
struct PickleDict {
  std::vector<std::pair<PickleId, PickleId>> items;  // in order; a later one of equal key wins
};
struct PickleGlobal {
  enum class Kind { kOrderedDict, kRebuildTensor, kRebuildParameter, kStorage, kDtype };
  Kind kind;
  TorchType type;  // of kStorage
};
struct PickleMark {};

using PickleValue =
    std::variant<PickleNone, bool, int64_t, double, std::string_view, PickleTuple, PickleList,
                 PickleDict, PickleGlobal, TorchStorage, TorchTensor, PickleMark>;

struct Pickle {
  std::vector<PickleValue> values;  // strings lie in the bytes
  PickleId root = 0;
};

// Finds the bytes of a storage by its key; an error is passed on.
using FindStorage = std::function<Result<std::string_view>(std::string_view key)>;

// Refuses with the classes of torch_fault.h from kBadPickle on.
Result<Pickle> ReadPickle(std::string_view bytes, const FindStorage& find_storage);

}  // namespace parley::cosyvoice2
