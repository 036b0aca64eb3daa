// Weights that are made up by the rules of a manifest, in place of a checkpoint that cannot be had:
// for golden data, benchmarks and test packs. A tensor is made when it is first asked for and then
// kept. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/weights/manifest.h"
#include "cosyvoice2/weights/weights.h"

namespace parley::cosyvoice2 {

// The elements of one tensor of the manifest, made anew. `rule` must be one of the manifest's.
std::vector<float> GenerateTensor(const Manifest& manifest, const TensorRule& rule,
                                  uint64_t seed = 0);

class GeneratedWeights final : public Weights {
 public:
  explicit GeneratedWeights(Manifest manifest, uint64_t seed = 0);
  ~GeneratedWeights() override;

  // Errors as of ReadFile and ReadManifest.
  static Result<std::unique_ptr<GeneratedWeights>> FromFile(const std::filesystem::path& manifest,
                                                            std::string_view variant = "");

  // `name` may be a tensor's older spelling.
  Result<TensorView> Get(const std::string& name,
                         std::span<const int64_t> expected_shape) const override;
  std::vector<std::string> names() const override;

  const Manifest& manifest() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::cosyvoice2
