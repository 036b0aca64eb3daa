#include "cosyvoice2/weights/generated.h"

#include <cmath>
#include <map>
#include <mutex>

#include "base/check.h"
#include "base/file.h"
#include "cosyvoice2/weights/hash_generator.h"

namespace parley::cosyvoice2 {
namespace {

// A manifest of the full model has 264 kB.
constexpr size_t kManifestBytesMax = 16 << 20;

std::vector<float> Hashed(const TensorRule& rule, uint64_t seed) {
  std::vector<float> values(static_cast<size_t>(rule.element_count()));
  HashGenerator(rule.name, seed).Fill(0, rule.a, rule.c, values);
  return values;
}

// Weight norm's g, so that g / ‖v‖ is the rule's own value: the folded weight then has the scale of
// the rule whatever v came to.
void ScaleByNorms(const std::vector<float>& direction, std::vector<float>& magnitudes) {
  const size_t row = direction.size() / magnitudes.size();
  for (size_t i = 0; i < magnitudes.size(); ++i) {
    double squares = 0;
    for (size_t j = i * row; j < (i + 1) * row; ++j) {
      squares += static_cast<double>(direction[j]) * direction[j];
    }
    magnitudes[i] = static_cast<float>(static_cast<double>(magnitudes[i]) * std::sqrt(squares));
  }
}

}  // namespace

std::vector<float> GenerateTensor(const Manifest& manifest, const TensorRule& rule, uint64_t seed) {
  if (rule.kind == TensorRule::Kind::kHashed) return Hashed(rule, seed);
  const TensorRule* other = manifest.Find(rule.other);
  PARLEY_CHECK(other != nullptr);
  std::vector<float> others = Hashed(*other, seed);
  if (rule.kind == TensorRule::Kind::kTied) return others;
  std::vector<float> values = Hashed(rule, seed);
  ScaleByNorms(others, values);
  return values;
}

struct GeneratedWeights::Impl {
  Manifest manifest;
  uint64_t seed;
  std::map<std::string, const TensorRule*, std::less<>> rules;  // by both spellings
  std::mutex mutex;
  std::map<const TensorRule*, std::vector<float>> made;  // under mutex; entries never change
};

GeneratedWeights::GeneratedWeights(Manifest manifest, uint64_t seed)
    : impl_(std::make_unique<Impl>()) {
  impl_->manifest = std::move(manifest);
  impl_->seed = seed;
  for (const TensorRule& rule : impl_->manifest.tensors) {
    impl_->rules.emplace(rule.name, &rule);
    if (!rule.alt_name.empty()) impl_->rules.emplace(rule.alt_name, &rule);
  }
}

GeneratedWeights::~GeneratedWeights() = default;

Result<std::unique_ptr<GeneratedWeights>> GeneratedWeights::FromFile(
    const std::filesystem::path& manifest, std::string_view variant) {
  PARLEY_TRY(const std::string json, ReadFile(manifest, kManifestBytesMax));
  PARLEY_TRY(Manifest read, ReadManifest(json, variant));
  return std::make_unique<GeneratedWeights>(std::move(read));
}

Result<TensorView> GeneratedWeights::Get(const std::string& name,
                                         std::span<const int64_t> expected_shape) const {
  const auto found = impl_->rules.find(name);
  if (found == impl_->rules.end()) {
    return Fail(MissingTensor(name, expected_shape, impl_->manifest.module + " manifest"));
  }
  const TensorRule* rule = found->second;
  PARLEY_TRY_STATUS(CheckShape(name, expected_shape, rule->shape));
  // A tied tensor shares its elements with the other, as it does in a checkpoint.
  if (rule->kind == TensorRule::Kind::kTied) rule = impl_->rules.at(rule->other);
  const std::lock_guard lock(impl_->mutex);
  auto [entry, added] = impl_->made.try_emplace(rule);
  if (added) entry->second = GenerateTensor(impl_->manifest, *rule, impl_->seed);
  return TensorView{found->second->shape, entry->second.data()};
}

std::vector<std::string> GeneratedWeights::names() const {
  std::vector<std::string> names;
  for (const TensorRule& rule : impl_->manifest.tensors) names.push_back(rule.name);
  return names;
}

const Manifest& GeneratedWeights::manifest() const { return impl_->manifest; }

}  // namespace parley::cosyvoice2
