#include "cosyvoice2/weights/pickle.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>

#include "cosyvoice2/weights/torch_fault.h"

namespace parley::cosyvoice2 {
namespace {

// The largest checkpoint of this model has 150 kB of pickle and makes 20,000 values.
constexpr size_t kPickleBytesMax = 16 << 20;
constexpr size_t kValuesMax = 2'000'000;
constexpr size_t kStackMax = 1'000'000;

enum Opcode : uint8_t {
  kMark = '(',
  kStop = '.',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersistentId = 'Q',
  kReduce = 'R',
  kBinUnicode = 'X',
  kEmptyList = ']',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kSetItems = 'u',
  kEmptyDict = '}',
  kEmptyTuple = ')',
  kProtocol = 0x80,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kShortBinUnicode = 0x8c,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
};

struct KnownGlobal {
  std::string_view module;
  std::string_view name;
  PickleGlobal global;
};

using Kind = PickleGlobal::Kind;
constexpr KnownGlobal kKnown[] = {
    {"collections", "OrderedDict", {Kind::kOrderedDict, {}}},
    {"torch._utils", "_rebuild_tensor_v2", {Kind::kRebuildTensor, {}}},
    {"torch._utils", "_rebuild_parameter", {Kind::kRebuildParameter, {}}},
    {"torch", "FloatStorage", {Kind::kStorage, TorchType::kF32}},
    {"torch", "DoubleStorage", {Kind::kStorage, TorchType::kF64}},
    {"torch", "HalfStorage", {Kind::kStorage, TorchType::kF16}},
    {"torch", "BFloat16Storage", {Kind::kStorage, TorchType::kBf16}},
    {"torch", "LongStorage", {Kind::kStorage, TorchType::kI64}},
    {"torch", "IntStorage", {Kind::kStorage, TorchType::kI32}},
    {"torch", "ShortStorage", {Kind::kStorage, TorchType::kI16}},
    {"torch", "CharStorage", {Kind::kStorage, TorchType::kI8}},
    {"torch", "ByteStorage", {Kind::kStorage, TorchType::kU8}},
    {"torch", "BoolStorage", {Kind::kStorage, TorchType::kBool}},
    {"torch.storage", "UntypedStorage", {Kind::kStorage, TorchType::kU8}},
    {"torch.storage", "TypedStorage", {Kind::kStorage, TorchType::kU8}},
    {"torch", "float32", {Kind::kDtype, TorchType::kF32}},
    {"torch", "float64", {Kind::kDtype, TorchType::kF64}},
    {"torch", "float16", {Kind::kDtype, TorchType::kF16}},
    {"torch", "bfloat16", {Kind::kDtype, TorchType::kBf16}},
    {"torch", "int64", {Kind::kDtype, TorchType::kI64}},
    {"torch", "int32", {Kind::kDtype, TorchType::kI32}},
    {"torch", "int16", {Kind::kDtype, TorchType::kI16}},
    {"torch", "int8", {Kind::kDtype, TorchType::kI8}},
    {"torch", "uint8", {Kind::kDtype, TorchType::kU8}},
    {"torch", "bool", {Kind::kDtype, TorchType::kBool}},
};

class Machine {
 public:
  Machine(std::string_view bytes, const FindStorage& find_storage)
      : bytes_(bytes), find_storage_(find_storage) {}

  Result<Pickle> Run() {
    while (true) {
      PARLEY_TRY(const auto opcode, Read<uint8_t>());
      if (opcode == kStop) return Finish();
      PARLEY_TRY_STATUS(Step(opcode));
    }
  }

 private:
  tl::unexpected<Error> Bad(std::string_view what) const {
    return RefuseTorch(TorchFault::kBadPickle,
                       fmt::format("data.pkl is damaged at byte {}: {}", position_, what));
  }

  Result<Pickle> Finish() {
    if (stack_.size() != 1 || std::holds_alternative<PickleMark>(pickle_.values[stack_.back()])) {
      return Bad("it ends with something unfinished");
    }
    pickle_.root = stack_.back();
    return std::move(pickle_);
  }

  Status Step(uint8_t opcode) {
    if (IsConstant(opcode)) return StepConstant(opcode);
    if (IsMemo(opcode)) return StepMemo(opcode);
    return StepCollection(opcode);
  }

  // --- Constants: pushed, nothing popped.

  static bool IsConstant(uint8_t opcode) {
    constexpr std::string_view kAll("(GJKMNX\x80\x88\x89\x8a\x8c\x95", 13);
    return kAll.find(static_cast<char>(opcode)) != std::string_view::npos;
  }

  Status StepConstant(uint8_t opcode) {
    switch (opcode) {
      case kProtocol:
        return Read<uint8_t>() ? Status() : Bad("it is cut");
      case kFrame:  // says how much follows; nothing depends on it
        return Read<uint64_t>() ? Status() : Bad("it is cut");
      case kMark:
        return Push(PickleMark{});
      case kNone:
        return Push(PickleNone{});
      case kNewTrue:
      case kNewFalse:
        return Push(opcode == kNewTrue);
      case kBinFloat:
        return PushFloat();
      case kBinUnicode:
        return PushString<uint32_t>();
      case kShortBinUnicode:
        return PushString<uint8_t>();
      case kBinInt:
        return PushInteger<int32_t>();
      case kBinInt1:
        return PushInteger<uint8_t>();
      case kBinInt2:
        return PushInteger<uint16_t>();
      default:
        return PushLong();
    }
  }

  template <class Integer>
  Result<Integer> Read() {
    PARLEY_TRY(const std::string_view raw, Take(sizeof(Integer)));
    Integer value;
    std::memcpy(&value, raw.data(), sizeof(value));  // little endian, as in the pickle
    return value;
  }

  Result<std::string_view> Take(size_t size) {
    if (size > bytes_.size() - position_) return Bad("it ends where more should follow");
    const std::string_view taken = bytes_.substr(position_, size);
    position_ += size;
    return taken;
  }

  // Up to the end of the line, which is passed.
  Result<std::string_view> TakeLine() {
    const size_t end = bytes_.find('\n', position_);
    if (end == std::string_view::npos) return Bad("it ends within a name");
    PARLEY_TRY(const std::string_view line, Take(end - position_));
    ++position_;
    return line;
  }

  template <class Integer>
  Status PushInteger() {
    PARLEY_TRY(const Integer value, Read<Integer>());
    return Push(static_cast<int64_t>(value));
  }

  // Two's complement, little endian, any length; more than 64 bits are no size or count.
  Status PushLong() {
    PARLEY_TRY(const uint8_t size, Read<uint8_t>());
    if (size > 8) return Bad("an integer has more than 64 bits");
    PARLEY_TRY(const std::string_view raw, Take(size));
    uint64_t value = 0;
    std::memcpy(&value, raw.data(), raw.size());
    if (size > 0 && size < 8 && (raw.back() & 0x80) != 0) value |= ~uint64_t{0} << (8 * size);
    return Push(static_cast<int64_t>(value));
  }

  Status PushFloat() {
    PARLEY_TRY(const uint64_t big_endian, Read<uint64_t>());
    return Push(std::bit_cast<double>(__builtin_bswap64(big_endian)));
  }

  template <class Length>
  Status PushString() {
    PARLEY_TRY(const Length length, Read<Length>());
    PARLEY_TRY(const std::string_view text, Take(length));
    return Push(text);
  }

  Status Push(PickleValue value) {
    if (pickle_.values.size() >= kValuesMax) {
      return Bad(fmt::format("it makes more than {} values", kValuesMax));
    }
    pickle_.values.push_back(std::move(value));
    return PushId(static_cast<PickleId>(pickle_.values.size() - 1));
  }

  Status PushId(PickleId id) {
    if (stack_.size() >= kStackMax) return Bad("its stack grows without end");
    stack_.push_back(id);
    return {};
  }

  // --- The memo: values by number.

  static bool IsMemo(uint8_t opcode) {
    constexpr std::string_view kAll("hjqr\x94", 5);
    return kAll.find(static_cast<char>(opcode)) != std::string_view::npos;
  }

  Status StepMemo(uint8_t opcode) {
    uint32_t slot = static_cast<uint32_t>(memo_.size());
    if (opcode == kBinGet || opcode == kBinPut) {
      PARLEY_TRY(slot, Read<uint8_t>());
    } else if (opcode != kMemoize) {
      PARLEY_TRY(slot, Read<uint32_t>());
    }
    if (opcode == kBinGet || opcode == kLongBinGet) {
      const auto found = memo_.find(slot);
      if (found == memo_.end()) return Bad(fmt::format("it gets memo {}, never put", slot));
      return PushId(found->second);
    }
    if (stack_.empty() || IsMark(stack_.back())) return Bad("it memoizes nothing");
    memo_[slot] = stack_.back();
    return {};
  }

  // --- What is built of what is on the stack.

  Status StepCollection(uint8_t opcode) {
    switch (opcode) {
      case kEmptyDict:
        return Push(PickleDict{});
      case kEmptyList:
        return Push(PickleList{});
      case kEmptyTuple:
        return Push(PickleTuple{});
      case kTuple1:
      case kTuple2:
      case kTuple3:
        return MakeTuple(static_cast<size_t>(opcode - kTuple1 + 1));
      case kTuple:
        return TupleFromMark();
      case kAppend:
        return Append(1);
      case kAppends:
        return AppendFromMark();
      case kSetItem:
        return SetItems(2);
      case kSetItems:
        return SetItemsFromMark();
      case kGlobal:
        return PushGlobalFromLines();
      case kStackGlobal:
        return PushGlobalFromStack();
      case kReduce:
        return Reduce();
      case kBuild:  // the state of an OrderedDict: _metadata, which nothing here needs
        return Pop(2) ? PushId(popped_[0]) : Bad("BUILD without an object and a state");
      case kBinPersistentId:
        return PushStorage();
      default:
        return RefuseTorch(TorchFault::kForbiddenOpcode,
                           fmt::format("data.pkl uses opcode 0x{:02x} at byte {}, which no "
                                       "checkpoint needs",
                                       opcode, position_ - 1));
    }
  }

  bool IsMark(PickleId id) const { return std::holds_alternative<PickleMark>(pickle_.values[id]); }

  // Takes the top `count` values into popped_, in the order in which they were pushed. False if
  // there are not so many above the last mark.
  bool Pop(size_t count) {
    if (count > stack_.size()) return false;
    const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
    for (auto id = first; id != stack_.end(); ++id) {
      if (IsMark(*id)) return false;
    }
    popped_.assign(first, stack_.end());
    stack_.erase(first, stack_.end());
    return true;
  }

  // The values above the last mark, which goes too.
  bool PopToMark() {
    size_t count = 0;
    while (count < stack_.size() && !IsMark(stack_[stack_.size() - 1 - count])) ++count;
    if (count == stack_.size() || !Pop(count)) return false;
    stack_.pop_back();
    return true;
  }

  Status MakeTuple(size_t count) {
    if (!Pop(count)) return Bad("a tuple of more than there is");
    return Push(PickleTuple{popped_});
  }

  Status TupleFromMark() {
    if (!PopToMark()) return Bad("a tuple without its mark");
    return Push(PickleTuple{popped_});
  }

  template <class Container>
  Container* Top() {
    return stack_.empty() ? nullptr : std::get_if<Container>(&pickle_.values[stack_.back()]);
  }

  Status Append(size_t count) {
    if (!Pop(count)) return Bad("nothing to append");
    return AppendPopped();
  }

  Status AppendFromMark() {
    if (!PopToMark()) return Bad("nothing to append");
    return AppendPopped();
  }

  Status AppendPopped() {
    auto* list = Top<PickleList>();
    if (list == nullptr) return Bad("it appends to what is no list");
    list->items.insert(list->items.end(), popped_.begin(), popped_.end());
    return {};
  }

  Status SetItems(size_t count) {
    if (!Pop(count)) return Bad("an item without key and value");
    return SetPopped();
  }

  Status SetItemsFromMark() {
    if (!PopToMark() || popped_.size() % 2 != 0) return Bad("an item without key and value");
    return SetPopped();
  }

  Status SetPopped() {
    auto* dict = Top<PickleDict>();
    if (dict == nullptr) return Bad("it sets an item of what is no dictionary");
    for (size_t i = 0; i < popped_.size(); i += 2) {
      dict->items.emplace_back(popped_[i], popped_[i + 1]);
    }
    return {};
  }

  // --- Names of Python, and what they are called with.

  Status PushGlobalFromLines() {
    PARLEY_TRY(const std::string_view module, TakeLine());
    PARLEY_TRY(const std::string_view name, TakeLine());
    return PushGlobal(module, name);
  }

  Status PushGlobalFromStack() {
    if (!Pop(2)) return Bad("a name without its module");
    const auto* module = As<std::string_view>(popped_[0]);
    const auto* name = As<std::string_view>(popped_[1]);
    if (module == nullptr || name == nullptr) return Bad("a name that is no text");
    return PushGlobal(*module, *name);
  }

  Status PushGlobal(std::string_view module, std::string_view name) {
    for (const KnownGlobal& known : kKnown) {
      if (known.module == module && known.name == name) return Push(known.global);
    }
    return RefuseTorch(TorchFault::kForbiddenGlobal,
                       fmt::format("data.pkl asks for '{}.{}', which no checkpoint needs; do not "
                                   "trust this file",
                                   module.substr(0, 60), name.substr(0, 60)));
  }

  template <class Type>
  const Type* As(PickleId id) const {
    return std::get_if<Type>(&pickle_.values[id]);
  }

  Status Reduce() {
    if (!Pop(2)) return Bad("a call without a name and arguments");
    const auto* global = As<PickleGlobal>(popped_[0]);
    const auto* tuple = As<PickleTuple>(popped_[1]);
    if (global == nullptr || tuple == nullptr) return Bad("a call of what is no name");
    const std::vector<PickleId> arguments = tuple->items;
    switch (global->kind) {
      case Kind::kOrderedDict:
        return arguments.empty() ? Push(PickleDict{}) : Bad("an OrderedDict with arguments");
      case Kind::kRebuildTensor:
        return PushTensor(arguments);
      case Kind::kRebuildParameter:
        if (arguments.empty() || As<TorchTensor>(arguments[0]) == nullptr) {
          return Bad("a parameter without its tensor");
        }
        return PushId(arguments[0]);
      default:
        return Bad("a call of what is no function");
    }
  }

  std::optional<std::vector<int64_t>> Integers(PickleId id) const {
    const auto* tuple = As<PickleTuple>(id);
    if (tuple == nullptr) return std::nullopt;
    std::vector<int64_t> integers;
    for (const PickleId item : tuple->items) {
      const auto* integer = As<int64_t>(item);
      if (integer == nullptr) return std::nullopt;
      integers.push_back(*integer);
    }
    return integers;
  }

  // (storage, offset, size, stride, requires_grad, hooks[, metadata])
  Status PushTensor(const std::vector<PickleId>& arguments) {
    if (arguments.size() < 4) return Bad("a tensor with too few arguments");
    const auto* storage = As<TorchStorage>(arguments[0]);
    const auto* offset = As<int64_t>(arguments[1]);
    auto shape = Integers(arguments[2]);
    auto strides = Integers(arguments[3]);
    if (storage == nullptr || offset == nullptr || !shape || !strides) {
      return Bad("a tensor with wrong arguments");
    }
    TorchTensor tensor{*storage, std::move(*shape), std::move(*strides), *offset};
    PARLEY_TRY_STATUS(CheckTensor(tensor));
    return Push(std::move(tensor));
  }

  // ('storage', storage type, key, device, elements); the device does not matter here.
  Status PushStorage() {
    if (!Pop(1)) return Bad("a storage without its description");
    const auto* tuple = As<PickleTuple>(popped_[0]);
    if (tuple == nullptr || tuple->items.size() < 5) return Bad("a storage without a description");
    const auto* tag = As<std::string_view>(tuple->items[0]);
    const auto* type = As<PickleGlobal>(tuple->items[1]);
    const auto* key = As<std::string_view>(tuple->items[2]);
    const auto* elements = As<int64_t>(tuple->items[4]);
    if (tag == nullptr || *tag != "storage" || type == nullptr || type->kind != Kind::kStorage ||
        key == nullptr || elements == nullptr || *elements < 0) {
      return Bad("a storage with a wrong description");
    }
    PARLEY_TRY(const std::string_view bytes, find_storage_(*key));
    if (static_cast<uint64_t>(*elements) > bytes.size() / TorchTypeBytes(type->type)) {
      return RefuseTorch(TorchFault::kStorageSize,
                         fmt::format("storage '{}' has {} bytes, too few for {} elements of {}",
                                     *key, bytes.size(), *elements, TorchTypeName(type->type)));
    }
    return Push(TorchStorage{bytes, type->type, *elements});
  }

  const std::string_view bytes_;
  const FindStorage& find_storage_;
  size_t position_ = 0;
  Pickle pickle_;
  std::vector<PickleId> stack_;
  std::vector<PickleId> popped_;
  std::unordered_map<uint32_t, PickleId> memo_;
};

}  // namespace

Result<Pickle> ReadPickle(std::string_view bytes, const FindStorage& find_storage) {
  if (bytes.size() > kPickleBytesMax) {
    return RefuseTorch(TorchFault::kBadPickle,
                       fmt::format("data.pkl has {} bytes, and no checkpoint more than {}",
                                   bytes.size(), kPickleBytesMax));
  }
  return Machine(bytes, find_storage).Run();
}

}  // namespace parley::cosyvoice2
