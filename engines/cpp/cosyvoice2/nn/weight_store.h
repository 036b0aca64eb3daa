// The weights of one model in the form that its graphs use: asked for tensor by tensor while the
// model is put together, then read and converted at once. One thread until Load has returned; what
// it holds does not change after that, and any number of executors may read it.
#pragma once

#include <ggml.h>

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/nn/executor.h"
#include "cosyvoice2/weights/weight_cache.h"
#include "cosyvoice2/weights/weights.h"

namespace parley::cosyvoice2::nn {

// y = weight · x (+ bias) by ggml. `bias` may be null.
struct Linear {
  Tensor weight = nullptr;  // [in, out]
  Tensor bias = nullptr;    // [out]
};

// A convolution over time, or with one tap a linear layer, as the product of a matrix with the
// frames that a kernel sees, laid end to end. In float32 the matrix lies in panels (nn/gemm.h),
// else as ggml has it: [taps · in, out].
struct Conv {
  // As ggml has it; in float panels (nn/gemm.h); in panels of 8 bits (nn/gemm8.h).
  enum class Form { kGgml, kPanels, kPanels8 };

  Tensor weight = nullptr;
  Tensor bias = nullptr;  // [out], or null
  int64_t in = 0;
  int64_t out = 0;
  int64_t taps = 1;
  Form form = Form::kGgml;
};

struct LayerNorm {
  Tensor weight = nullptr;
  Tensor bias = nullptr;
  float eps = 1e-5f;
};

class WeightStore {
 public:
  // To be raised whenever the same weights would become other bytes: files that were kept by older
  // code are then not used.
  static constexpr int kConversionVersion = 1;

  // Matrices are kept as `matrix_type` (F32, F16, Q8_0, Q4_0) where their rows divide into its
  // blocks, else as F32. `source` must live until Load has returned, `cache` too; null: converted
  // each time.
  WeightStore(const Weights& source, ggml_type matrix_type, const WeightCache* cache = nullptr);

  // Each returns a tensor that has its values after Load. What is missing or has another shape is
  // noted, and Load returns the first such error.
  Tensor Vector(const std::string& name, int64_t length);
  Tensor Matrix(const std::string& name, int64_t out, int64_t in);
  Tensor Table(const std::string& name, int64_t rows, int64_t columns);  // F32, for get_rows
  Linear MakeLinear(const std::string& prefix, int64_t out, int64_t in, bool bias = true);
  LayerNorm MakeNorm(const std::string& prefix, int64_t channels, float eps);
  // One matrix [Σ out, in] of several of the checkpoint's, one after the other. `bias` only where
  // all have one.
  struct Part {
    std::string prefix;
    int64_t out;
  };
  Conv MakeDense(const std::vector<Part>& parts, int64_t in, bool bias = true);
  // From the checkpoint's [out, in, taps].
  Conv MakeConv(const std::string& prefix, int64_t out, int64_t in, int64_t taps);
  // The same, where weight norm keeps direction and magnitude apart: w = v · g / ‖v‖.
  Conv MakeNormedConv(const std::string& prefix, int64_t out, int64_t in, int64_t taps);
  // A transposed convolution of the checkpoint's [in, out, taps], weight norm over `in`, as an
  // ordinary one with `stride` · out outputs for each frame: frame t of it, cut into `stride`
  // frames, is frames t · stride … of the transposed convolution. `conv.taps` is odd and centred on
  // t.
  Conv MakeUpsampling(const std::string& prefix, int64_t in, int64_t out, int64_t taps,
                      int64_t stride, int64_t padding);
  // Anything else: `fill` writes the F32 elements.
  using FillFn = std::function<void(std::span<float>)>;
  Tensor Add(ggml_type type, int64_t ne0, int64_t ne1, FillFn fill);

  // Notes an error, as a missing tensor is noted.
  const TensorView& Get(const std::string& name, std::vector<int64_t> shape);
  Status Load();

  size_t bytes() const;

 private:
  struct Pending {
    Tensor tensor;
    FillFn fill;
    int64_t panels8_out;  // 0 where the tensor is none of those
    int64_t panels8_depth;
  };
  struct Normed {
    TensorView direction;  // v
    TensorView magnitude;  // g
  };

  // The matrix [out][taps · in] that `fill` writes, in the form that convolutions have it.
  Conv AddConv(int64_t out, int64_t in, int64_t taps, FillFn fill);
  Normed GetNormed(const std::string& prefix, std::vector<int64_t> shape);
  ggml_type TypeOfRows(int64_t row_length) const;
  Status Convert(const Pending& pending, std::vector<float>& values, std::vector<uint8_t>& bytes);
  Status ConvertAll();
  bool Adopt(const std::shared_ptr<const BlobFile>& file);
  Status Keep() const;

  const Weights* source_;
  const WeightCache* cache_;
  std::shared_ptr<const BlobFile> kept_;  // whose bytes the tensors are, where they were found
  const ggml_type matrix_type_;
  ContextPtr context_;
  BufferPtr buffer_;
  std::vector<Pending> pending_;
  std::deque<TensorView> views_;
  Status status_;
};

}  // namespace parley::cosyvoice2::nn
