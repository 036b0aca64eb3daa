// Weights straight from an official checkpoint (llm.pt, flow.pt, hift.pt): mapped, not copied, but
// for tensors that are not float32 or do not lie row by row, which are converted when first asked
// for. Thread-safe.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/weights/weights.h"

namespace parley::cosyvoice2 {

class Checkpoint final : public Weights {
 public:
  struct Options {
    // Get looks at every element, and refuses (kDataLoss) a tensor in which one is no finite
    // number. Reads the whole tensor from the disk.
    bool check_finite = false;
  };

  // Errors: as of MappedFile::Open and ReadTorchFile, with the path.
  static Result<std::unique_ptr<Checkpoint>> Open(const std::filesystem::path& path,
                                                  const Options& options);
  static Result<std::unique_ptr<Checkpoint>> Open(const std::filesystem::path& path) {
    return Open(path, Options());
  }
  ~Checkpoint() override;

  // Knows both spellings of weight norm, "X.weight_g" and
  // "X.parametrizations.weight.original0", whichever the file has. The prefix "generator." of some
  // hift.pt is not part of a name.
  Result<TensorView> Get(const std::string& name,
                         std::span<const int64_t> expected_shape) const override;
  std::vector<std::string> names() const override;

 private:
  struct Impl;
  explicit Checkpoint(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::cosyvoice2
