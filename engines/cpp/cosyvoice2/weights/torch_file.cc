#include "cosyvoice2/weights/torch_file.h"

#include <fmt/format.h>

#include <optional>
#include <unordered_map>

#include "cosyvoice2/weights/pickle.h"
#include "cosyvoice2/weights/torch_fault.h"
#include "cosyvoice2/weights/zip_reader.h"

namespace parley::cosyvoice2 {
namespace {

// Dictionaries may share each other or contain themselves; both are harmless under these bounds.
constexpr size_t kEntriesMax = 200'000;
constexpr size_t kNameBytesMax = 4096;
constexpr int kDepthMax = 8;

constexpr std::string_view kPickleName = "/data.pkl";

// "archive/", the folder that every member is in.
Result<std::string> FindRoot(const ZipMembers& members) {
  for (const auto& [name, unused] : members) {
    if (name.ends_with(kPickleName)) return name.substr(0, name.size() - kPickleName.size() + 1);
  }
  return RefuseTorch(TorchFault::kMissingDataPkl,
                     "the zip file has no data.pkl, so it is no checkpoint of torch.save");
}

Status CheckByteorder(const ZipMembers& members, const std::string& root) {
  const auto found = members.find(root + "byteorder");
  if (found == members.end() || found->second.starts_with("little")) return {};
  return RefuseTorch(TorchFault::kByteorder,
                     "the checkpoint was saved on a big-endian machine; save it on a little-endian "
                     "one");
}

class Flattener {
 public:
  explicit Flattener(const Pickle& pickle) : pickle_(pickle) {}

  Status AddDict(const PickleDict& dict, const std::string& prefix, int depth) {
    for (const auto& [key, value] : dict.items) {
      const std::optional<std::string> name = Name(key);
      if (!name) continue;
      if (entries_.size() >= kEntriesMax || prefix.size() + name->size() > kNameBytesMax) {
        return RefuseTorch(TorchFault::kBadPickle,
                           fmt::format("it has more than {} entries, or names of more than {} "
                                       "bytes",
                                       kEntriesMax, kNameBytesMax));
      }
      const auto* inner = std::get_if<PickleDict>(&pickle_.values[value]);
      if (inner != nullptr && depth < kDepthMax) {
        PARLEY_TRY_STATUS(AddDict(*inner, prefix + *name + "/", depth + 1));
        continue;
      }
      Set(prefix + *name, pickle_.values[value]);
    }
    return {};
  }

  std::vector<TorchEntry> Take() { return std::move(entries_); }

 private:
  std::optional<std::string> Name(PickleId id) const {
    if (const auto* text = std::get_if<std::string_view>(&pickle_.values[id])) {
      return std::string(*text);
    }
    if (const auto* number = std::get_if<int64_t>(&pickle_.values[id])) {
      return std::to_string(*number);
    }
    return std::nullopt;
  }

  void Set(std::string name, const PickleValue& value) {
    TorchEntry entry{name, TorchOther{}};
    if (const auto* tensor = std::get_if<TorchTensor>(&value)) entry.value = *tensor;
    if (const auto* integer = std::get_if<int64_t>(&value)) entry.value = *integer;
    if (const auto* number = std::get_if<double>(&value)) entry.value = *number;
    if (const auto* text = std::get_if<std::string_view>(&value)) entry.value = std::string(*text);
    // As in Python, a key that comes again replaces the value and keeps its place.
    const auto [place, added] = places_.emplace(std::move(name), entries_.size());
    if (added) {
      entries_.push_back(std::move(entry));
    } else {
      entries_[place->second] = std::move(entry);
    }
  }

  const Pickle& pickle_;
  std::vector<TorchEntry> entries_;
  std::unordered_map<std::string, size_t> places_;
};

}  // namespace

const TorchTensor* TorchFile::Tensor(std::string_view name) const {
  for (const TorchEntry& entry : entries) {
    if (entry.name == name) return std::get_if<TorchTensor>(&entry.value);
  }
  return nullptr;
}

Result<TorchFile> ReadTorchFile(std::string_view bytes) {
  PARLEY_TRY(const ZipMembers members, ReadZip(bytes));
  PARLEY_TRY(const std::string root, FindRoot(members));
  PARLEY_TRY_STATUS(CheckByteorder(members, root));
  const auto find_storage = [&](std::string_view key) -> Result<std::string_view> {
    const auto found = members.find(root + "data/" + std::string(key));
    if (found != members.end()) return found->second;
    return RefuseTorch(TorchFault::kMissingStorage,
                       fmt::format("the elements '{}data/{}' are not in the file", root, key));
  };
  PARLEY_TRY(const Pickle pickle,
             ReadPickle(members.at(root + std::string(kPickleName.substr(1))), find_storage));
  const auto* dict = std::get_if<PickleDict>(&pickle.values[pickle.root]);
  if (dict == nullptr) {
    return RefuseTorch(TorchFault::kBadPickle, "the file holds no dictionary of tensors");
  }
  Flattener flattener(pickle);
  PARLEY_TRY_STATUS(flattener.AddDict(*dict, "", 0));
  return TorchFile{flattener.Take()};
}

}  // namespace parley::cosyvoice2
