#include "cosyvoice2/nn/weight_store.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "cosyvoice2/nn/gemm.h"
#include "cosyvoice2/nn/gemm8.h"

namespace parley::cosyvoice2::nn {
namespace {

constexpr size_t kTensorsMax = 4096;

ContextPtr MakeContext() {
  const ggml_init_params params = {
      .mem_size = kTensorsMax * ggml_tensor_overhead(), .mem_buffer = nullptr, .no_alloc = true};
  ContextPtr context(ggml_init(params));
  PARLEY_CHECK(context != nullptr);
  return context;
}

// What each slice of the first dimension is multiplied with: g / ‖v‖.
std::vector<float> NormScales(const TensorView& direction, const TensorView& magnitude) {
  const int64_t slices = direction.shape[0];
  const int64_t slice = direction.element_count() / std::max<int64_t>(slices, 1);
  std::vector<float> scales(static_cast<size_t>(slices));
  for (int64_t i = 0; i < slices; ++i) {
    double squares = 0;
    for (int64_t j = 0; j < slice; ++j) {
      const double v = direction.data[i * slice + j];
      squares += v * v;
    }
    scales[i] = static_cast<float>(magnitude.data[i] / std::sqrt(squares));
  }
  return scales;
}

}  // namespace

WeightStore::WeightStore(const Weights& source, ggml_type matrix_type, const WeightCache* cache)
    : source_(&source), cache_(cache), matrix_type_(matrix_type), context_(MakeContext()) {}

const TensorView& WeightStore::Get(const std::string& name, std::vector<int64_t> shape) {
  auto view = source_->Get(name, shape);
  if (!view && status_) status_ = Fail(std::move(view.error()));
  views_.push_back(view ? *std::move(view) : TensorView{std::move(shape), nullptr});
  return views_.back();
}

ggml_type WeightStore::TypeOfRows(int64_t row_length) const {
  return row_length % ggml_blck_size(matrix_type_) == 0 ? matrix_type_ : GGML_TYPE_F32;
}

Tensor WeightStore::Add(ggml_type type, int64_t ne0, int64_t ne1, FillFn fill) {
  Tensor tensor = ggml_new_tensor_2d(context_.get(), type, ne0, ne1);
  pending_.push_back({tensor, std::move(fill), 0, 0});
  return tensor;
}

Tensor WeightStore::Vector(const std::string& name, int64_t length) {
  const TensorView& view = Get(name, {length});
  return Add(GGML_TYPE_F32, length, 1,
             [&view](std::span<float> to) { std::copy_n(view.data, to.size(), to.data()); });
}

Tensor WeightStore::Matrix(const std::string& name, int64_t out, int64_t in) {
  const TensorView& view = Get(name, {out, in});
  return Add(TypeOfRows(in), in, out,
             [&view](std::span<float> to) { std::copy_n(view.data, to.size(), to.data()); });
}

Tensor WeightStore::Table(const std::string& name, int64_t rows, int64_t columns) {
  const TensorView& view = Get(name, {rows, columns});
  return Add(GGML_TYPE_F32, columns, rows,
             [&view](std::span<float> to) { std::copy_n(view.data, to.size(), to.data()); });
}

Linear WeightStore::MakeLinear(const std::string& prefix, int64_t out, int64_t in, bool bias) {
  Linear linear;
  linear.weight = Matrix(prefix + ".weight", out, in);
  if (bias) linear.bias = Vector(prefix + ".bias", out);
  return linear;
}

LayerNorm WeightStore::MakeNorm(const std::string& prefix, int64_t channels, float eps) {
  return {Vector(prefix + ".weight", channels), Vector(prefix + ".bias", channels), eps};
}

Conv WeightStore::AddConv(int64_t out, int64_t in, int64_t taps, FillFn fill) {
  Conv conv{.in = in, .out = out, .taps = taps};
  const int64_t depth = taps * in;
  const bool blocks = in % kBlock8 == 0;
  if (matrix_type_ == GGML_TYPE_Q8_0 && blocks) {
    conv.form = Conv::Form::kPanels8;
    conv.weight = ggml_new_tensor_1d(context_.get(), GGML_TYPE_I8, PackedSize8(out, depth));
    pending_.push_back({conv.weight, std::move(fill), out, depth});
    return conv;
  }
  if (TypeOfRows(depth) != GGML_TYPE_F32 && matrix_type_ != GGML_TYPE_Q8_0) {
    conv.weight = Add(matrix_type_, depth, out, std::move(fill));
    return conv;
  }
  conv.form = Conv::Form::kPanels;
  conv.weight = Add(GGML_TYPE_F32, kPanel, PackedSize(out, depth) / kPanel,
                    [=, fill = std::move(fill)](std::span<float> to) {
                      std::vector<float> rows(static_cast<size_t>(out * depth));
                      fill(rows);
                      PackPanels(rows, out, depth, to.data());
                    });
  return conv;
}

Conv WeightStore::MakeDense(const std::vector<Part>& parts, int64_t in, bool bias) {
  std::vector<TensorView> weights;
  std::vector<TensorView> biases;
  int64_t out = 0;
  for (const Part& part : parts) {
    weights.push_back(Get(part.prefix + ".weight", {part.out, in}));
    if (bias) biases.push_back(Get(part.prefix + ".bias", {part.out}));
    out += part.out;
  }
  const auto join = [](const std::vector<TensorView>& views) {
    return [views](std::span<float> to) {
      float* at = to.data();
      for (const TensorView& view : views) at = std::copy_n(view.data, view.element_count(), at);
    };
  };
  Conv conv = AddConv(out, in, 1, join(weights));
  if (bias) conv.bias = Add(GGML_TYPE_F32, out, 1, join(biases));
  return conv;
}

Conv WeightStore::MakeConv(const std::string& prefix, int64_t out, int64_t in, int64_t taps) {
  const TensorView& view = Get(prefix + ".weight", {out, in, taps});
  Conv conv = AddConv(out, in, taps, [=, &view](std::span<float> to) {
    for (int64_t o = 0; o < out; ++o) {
      for (int64_t i = 0; i < in * taps; ++i) {
        to[(o * taps + i % taps) * in + i / taps] = view.data[o * in * taps + i];
      }
    }
  });
  conv.bias = Vector(prefix + ".bias", out);
  return conv;
}

WeightStore::Normed WeightStore::GetNormed(const std::string& prefix, std::vector<int64_t> shape) {
  // torch ≥ 2.1 names the parts so; before, they were weight_g and weight_v.
  const std::string old_magnitude = prefix + ".weight_g";
  const std::vector<int64_t> magnitude_shape = {shape[0], 1, 1};
  const bool old = source_->Get(old_magnitude, magnitude_shape).has_value();
  const std::string parts = prefix + ".parametrizations.weight.original";
  return {.direction = Get(old ? prefix + ".weight_v" : parts + "1", std::move(shape)),
          .magnitude = Get(old ? old_magnitude : parts + "0", magnitude_shape)};
}

Conv WeightStore::MakeNormedConv(const std::string& prefix, int64_t out, int64_t in, int64_t taps) {
  const Normed normed = GetNormed(prefix, {out, in, taps});
  Conv conv = AddConv(out, in, taps, [=](std::span<float> to) {
    const std::vector<float> scales = NormScales(normed.direction, normed.magnitude);
    for (int64_t o = 0; o < out; ++o) {
      for (int64_t i = 0; i < in * taps; ++i) {
        to[(o * taps + i % taps) * in + i / taps] =
            normed.direction.data[o * in * taps + i] * scales[o];
      }
    }
  });
  conv.bias = Vector(prefix + ".bias", out);
  return conv;
}

Conv WeightStore::MakeUpsampling(const std::string& prefix, int64_t in, int64_t out, int64_t taps,
                                 int64_t stride, int64_t padding) {
  const Normed normed = GetNormed(prefix, {in, out, taps});
  // Output frame stride · t + phase takes input frame t + d through tap phase + padding − stride ·
  // d.
  const int64_t reach =
      std::max((taps - 1 - padding + stride - 1) / stride, (stride - 1 + padding) / stride);
  const int64_t frames = 2 * reach + 1;
  Conv conv = AddConv(stride * out, in, frames, [=](std::span<float> to) {
    const std::vector<float> scales = NormScales(normed.direction, normed.magnitude);
    for (int64_t row = 0; row < stride * out; ++row) {
      const int64_t phase = row / out;
      for (int64_t column = 0; column < frames * in; ++column) {
        const int64_t i = column % in;
        const int64_t tap = phase + padding - stride * (column / in - reach);
        const bool used = tap >= 0 && tap < taps;
        to[row * frames * in + column] =
            used ? normed.direction.data[(i * out + row % out) * taps + tap] * scales[i] : 0.0f;
      }
    }
  });
  const TensorView& bias = Get(prefix + ".bias", {out});
  conv.bias = Add(GGML_TYPE_F32, stride * out, 1, [=, &bias](std::span<float> to) {
    for (int64_t row = 0; row < stride * out; ++row) to[row] = bias.data[row % out];
  });
  return conv;
}

Status WeightStore::Convert(const Pending& pending, std::vector<float>& values,
                            std::vector<uint8_t>& bytes) {
  Tensor tensor = pending.tensor;
  if (pending.panels8_out > 0) {
    values.resize(static_cast<size_t>(pending.panels8_out * pending.panels8_depth));
    pending.fill(values);
    bytes.resize(ggml_nbytes(tensor));
    PackPanels8(values, pending.panels8_out, pending.panels8_depth, bytes.data());
    ggml_backend_tensor_set(tensor, bytes.data(), 0, bytes.size());
    return {};
  }
  values.resize(static_cast<size_t>(ggml_nelements(tensor)));
  pending.fill(values);
  if (tensor->type == GGML_TYPE_F32) {
    ggml_backend_tensor_set(tensor, values.data(), 0, ggml_nbytes(tensor));
    return {};
  }
  bytes.resize(ggml_nbytes(tensor));
  ggml_quantize_chunk(tensor->type, values.data(), bytes.data(), 0, tensor->ne[1], tensor->ne[0],
                      nullptr);
  ggml_backend_tensor_set(tensor, bytes.data(), 0, bytes.size());
  return {};
}

Status WeightStore::ConvertAll() {
  PARLEY_TRY(buffer_, AllocateTensors(context_.get(), "weights"));
  ggml_backend_buffer_set_usage(buffer_.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
  std::vector<float> values;
  std::vector<uint8_t> bytes;
  for (const Pending& pending : pending_) PARLEY_TRY_STATUS(Convert(pending, values, bytes));
  return {};
}

// Makes the tensors those of the file, without a copy. False, and nothing is changed, if it has
// others.
bool WeightStore::Adopt(const std::shared_ptr<const BlobFile>& file) {
  std::vector<char*> places;
  for (size_t i = 0; i < pending_.size(); ++i) {
    const Blob* blob = file->Find(std::to_string(i));
    const Tensor tensor = pending_[i].tensor;
    if (blob == nullptr || blob->type != ggml_type_name(tensor->type) ||
        blob->shape != std::vector<int64_t>{tensor->ne[0], tensor->ne[1]} ||
        blob->bytes.size() != ggml_nbytes(tensor)) {
      return false;
    }
    places.push_back(const_cast<char*>(blob->bytes.data()));  // nobody writes weights
  }
  const std::string_view all = file->bytes();
  buffer_.reset(ggml_backend_cpu_buffer_from_ptr(const_cast<char*>(all.data()), all.size()));
  ggml_backend_buffer_set_usage(buffer_.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
  for (size_t i = 0; i < places.size(); ++i) {
    ggml_backend_tensor_alloc(buffer_.get(), pending_[i].tensor, places[i]);
  }
  kept_ = file;
  return true;
}

Status WeightStore::Keep() const {
  PARLEY_TRY(const auto writer, cache_->Begin());
  for (size_t i = 0; i < pending_.size(); ++i) {
    const Tensor tensor = pending_[i].tensor;
    PARLEY_TRY_STATUS(writer->Add(std::to_string(i), ggml_type_name(tensor->type),
                                  {tensor->ne[0], tensor->ne[1]},
                                  {static_cast<const char*>(tensor->data), ggml_nbytes(tensor)}));
  }
  return writer->Commit();
}

Status WeightStore::Load() {
  PARLEY_TRY_STATUS(status_);
  const bool found = cache_ != nullptr && cache_->file() != nullptr && Adopt(cache_->file());
  if (!found) {
    PARLEY_TRY_STATUS(ConvertAll());
    if (cache_ != nullptr) {
      if (const Status kept = Keep(); !kept) {
        log::Info("weights_not_kept reason={}", kept.error().message);
      }
    }
  }
  pending_.clear();
  views_.clear();
  source_ = nullptr;
  cache_ = nullptr;
  return {};
}

size_t WeightStore::bytes() const {
  return buffer_ == nullptr ? 0 : ggml_backend_buffer_get_size(buffer_.get());
}

}  // namespace parley::cosyvoice2::nn
