#include "cosyvoice2/weights/checkpoint.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "cosyvoice2/weights/mapped_file.h"
#include "cosyvoice2/weights/torch_file.h"

namespace parley::cosyvoice2 {
namespace {

constexpr std::string_view kPrefix = "generator.";

constexpr std::pair<std::string_view, std::string_view> kSpellings[] = {
    {".parametrizations.weight.original0", ".weight_g"},
    {".parametrizations.weight.original1", ".weight_v"},
};

// The other spelling of a weight-norm tensor; empty if `name` is none.
std::string OtherSpelling(std::string_view name) {
  for (const auto& [one, other] : kSpellings) {
    if (name.ends_with(one)) {
      return std::string(name.substr(0, name.size() - one.size())).append(other);
    }
    if (name.ends_with(other)) {
      return std::string(name.substr(0, name.size() - other.size())).append(one);
    }
  }
  return {};
}

// The elements where they lie in the file, if they can be used as they are.
const float* InPlace(const TorchTensor& tensor) {
  const char* at = tensor.storage.bytes.data() + static_cast<size_t>(tensor.offset) * sizeof(float);
  const bool aligned = reinterpret_cast<uintptr_t>(at) % alignof(float) == 0;
  const bool plain = tensor.storage.type == TorchType::kF32 && tensor.contiguous() && aligned;
  return plain ? reinterpret_cast<const float*>(at) : nullptr;
}

}  // namespace

struct Checkpoint::Impl {
  std::string path;
  Options options;
  std::unique_ptr<MappedFile> file;
  std::vector<std::string> names;
  std::map<std::string, TorchTensor, std::less<>> tensors;
  std::mutex mutex;
  std::map<const TorchTensor*, std::vector<float>> converted;  // under mutex; never change
  std::set<const TorchTensor*> finite;                         // under mutex: looked at already

  const TorchTensor* Find(const std::string& name) const {
    auto found = tensors.find(name);
    if (found == tensors.end()) found = tensors.find(OtherSpelling(name));
    return found == tensors.end() ? nullptr : &found->second;
  }

  const float* Elements(const TorchTensor& tensor) {
    if (const float* in_place = InPlace(tensor)) return in_place;
    const std::lock_guard lock(mutex);
    auto [entry, added] = converted.try_emplace(&tensor);
    if (added) {
      entry->second.resize(static_cast<size_t>(tensor.element_count()));
      tensor.CopyTo(entry->second);
    }
    return entry->second.data();
  }

  Status CheckFinite(const std::string& name, const TorchTensor& tensor, const TensorView& view) {
    const std::lock_guard lock(mutex);
    if (finite.contains(&tensor)) return {};
    for (int64_t i = 0; i < view.element_count(); ++i) {
      if (std::isfinite(view.data[i])) continue;
      return Fail(Code::kDataLoss,
                  fmt::format("'{}': element {} of tensor '{}' is {}, no finite number; the file "
                              "is damaged or the training failed",
                              path, i, name, view.data[i]));
    }
    finite.insert(&tensor);
    return {};
  }
};

Checkpoint::Checkpoint(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Checkpoint::~Checkpoint() = default;

Result<std::unique_ptr<Checkpoint>> Checkpoint::Open(const std::filesystem::path& path,
                                                     const Options& options) {
  auto impl = std::make_unique<Impl>();
  impl->path = path.string();
  impl->options = options;
  PARLEY_TRY(impl->file, MappedFile::Open(path));
  auto read = ReadTorchFile(impl->file->bytes());
  if (!read) {
    return Fail(read.error().code,
                fmt::format("'{}' is refused: {}", impl->path, read.error().message));
  }
  for (TorchEntry& entry : read->entries) {
    auto* tensor = std::get_if<TorchTensor>(&entry.value);
    if (tensor == nullptr) continue;  // "epoch" and "step" of a training checkpoint
    std::string name = std::move(entry.name);
    if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
    if (impl->tensors.emplace(name, std::move(*tensor)).second) impl->names.push_back(name);
  }
  return std::unique_ptr<Checkpoint>(new Checkpoint(std::move(impl)));
}

Result<TensorView> Checkpoint::Get(const std::string& name,
                                   std::span<const int64_t> expected_shape) const {
  const TorchTensor* tensor = impl_->Find(name);
  if (tensor == nullptr) {
    return Fail(MissingTensor(name, expected_shape, fmt::format("'{}'", impl_->path)));
  }
  PARLEY_TRY_STATUS(CheckShape(name, expected_shape, tensor->shape));
  TensorView view{tensor->shape, impl_->Elements(*tensor)};
  if (impl_->options.check_finite) PARLEY_TRY_STATUS(impl_->CheckFinite(name, *tensor, view));
  return view;
}

std::vector<std::string> Checkpoint::names() const { return impl_->names; }

}  // namespace parley::cosyvoice2
