// Convolutions and linear layers in float32 on weights in panels of 16 outputs, so that a step
// multiplies one input with 16 or 32 weights at once. Every output is one chain of fused
// multiply-adds in a fixed order: the bytes do not depend on the number of threads or on how frames
// are cut into calls. AVX-512 where the CPU has it, else AVX2; the two differ by nothing but speed.
#pragma once

#include <cstdint>
#include <span>

namespace parley::cosyvoice2::nn {

inline constexpr int64_t kPanel = 16;

// Floats that a packed matrix takes.
constexpr int64_t PackedSize(int64_t out, int64_t depth) {
  return (out + kPanel - 1) / kPanel * kPanel * depth;
}
// From row-major [out][depth]; missing outputs of the last panel are 0.
void PackPanels(std::span<const float> rows, int64_t out, int64_t depth, float* packed);

enum class Activation { kNone, kSilu, kGelu };

// Frames of `in` channels, `batch` sequences of `frames` each, convolved to out_frames frames of
// `out` channels. Frame t of the output sees input frames t · stride + tap · dilation − left; those
// that are not there are 0.
struct ConvTask {
  const float* x = nullptr;  // [batch][frames][in]
  int64_t in = 0;
  int64_t frames = 0;
  int64_t batch = 1;
  int64_t taps = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t left = 0;
  const float* packed = nullptr;    // depth taps · in, tap after tap
  const float* bias = nullptr;      // [out], or null
  const float* residual = nullptr;  // [batch][out_frames][out], added last; or null
  Activation activation = Activation::kNone;
  float* y = nullptr;  // [batch][out_frames][out]
  int64_t out = 0;
  int64_t out_frames = 0;
};

// The share of thread `ith` of `nth`.
void RunConv(const ConvTask& task, int ith, int nth);

// The kernel itself, for attention: y[r][16 · p + lane] += Σ_k x[r · x_stride + k · x_step] ·
// panels[p · panel_stride + k · row_stride + lane].
struct PanelTask {
  const float* x = nullptr;
  int64_t rows = 0;
  int64_t x_stride = 0;
  int64_t x_step = 1;
  int64_t depth = 0;
  const float* panels = nullptr;
  int64_t panel_count = 0;
  int64_t panel_stride = 0;
  int64_t row_stride = kPanel;
  float* y = nullptr;
  int64_t y_stride = 0;
};
void RunPanels(const PanelTask& task);

}  // namespace parley::cosyvoice2::nn
