#include "cosyvoice2/nn/gemm.h"

#include <cstring>

#include "cosyvoice2/nn/aim.h"
#include "cosyvoice2/nn/kernels.h"

#if defined(__x86_64__)
#define PARLEY_AVX512 __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma")))
#endif
#define PARLEY_INLINE inline __attribute__((always_inline))

namespace parley::cosyvoice2::nn {
namespace {

// 16 floats: one register of AVX-512, two of AVX2.
typedef float Lanes __attribute__((vector_size(64), aligned(4), may_alias));

bool HasAvx512() {
#if defined(__x86_64__)
  static const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  return has;
#else
  return false;
#endif
}

// `rows` inputs and `panels` panels at once, over `taps` stretches of `in` channels.
struct Tile {
  const float* const* x;  // [taps][kRowsMax]: where each row's stretch begins
  int64_t taps;
  int64_t in;
  int64_t step;  // from one channel to the next
  const float* panels;
  int64_t panel_stride;
  int64_t row_stride;
  float* y;  // [rows][y_stride]
  int64_t y_stride;
  bool add;  // to what is in y
};

template <int kRows, int kPanels>
PARLEY_INLINE void RunTile(const Tile& tile) {
  Lanes sums[kRows][kPanels] = {};
  if (tile.add) {
    for (int r = 0; r < kRows; ++r) {
      for (int p = 0; p < kPanels; ++p) {
        std::memcpy(&sums[r][p], tile.y + r * tile.y_stride + p * kPanel, sizeof(Lanes));
      }
    }
  }
  const float* weights = tile.panels;
  for (int64_t tap = 0; tap < tile.taps; ++tap) {
    const float* x[kRows];
    for (int r = 0; r < kRows; ++r) x[r] = tile.x[tap * kRowsMax + r];
    int64_t at = 0;
    for (int64_t c = 0; c < tile.in; ++c, at += tile.step, weights += tile.row_stride) {
      Lanes w[kPanels];
      for (int p = 0; p < kPanels; ++p) {
        std::memcpy(&w[p], weights + p * tile.panel_stride, sizeof(Lanes));
      }
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        for (int p = 0; p < kPanels; ++p) sums[r][p] += w[p] * x[r][at];
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int p = 0; p < kPanels; ++p) {
      std::memcpy(tile.y + r * tile.y_stride + p * kPanel, &sums[r][p], sizeof(Lanes));
    }
  }
}

template <int kPanels>
PARLEY_INLINE void RunRows(const Tile& tile, int rows) {
  switch (rows) {
    case 8:
      return RunTile<8, kPanels>(tile);
    case 7:
      return RunTile<7, kPanels>(tile);
    case 6:
      return RunTile<6, kPanels>(tile);
    case 5:
      return RunTile<5, kPanels>(tile);
    case 4:
      return RunTile<4, kPanels>(tile);
    case 3:
      return RunTile<3, kPanels>(tile);
    case 2:
      return RunTile<2, kPanels>(tile);
    default:
      return RunTile<1, kPanels>(tile);
  }
}

using TileFn = void (*)(const Tile& tile, int rows);

#if defined(__x86_64__)
PARLEY_AVX512 void RunOneAvx512(const Tile& tile, int rows) { RunRows<1>(tile, rows); }
PARLEY_AVX512 void RunTwoAvx512(const Tile& tile, int rows) { RunRows<2>(tile, rows); }
#endif
void RunOne(const Tile& tile, int rows) { RunRows<1>(tile, rows); }

// How many rows and panels go at once, by the number of registers: 16 of 32 (AVX-512) or 12 of 16
// (AVX2) hold sums.
struct Shape {
  int rows;
  int panels;
  TileFn one;
  TileFn two;
};

const Shape& GetShape() {
#if defined(__x86_64__)
  static const Shape shape =
      HasAvx512() ? Shape{8, 2, RunOneAvx512, RunTwoAvx512} : Shape{6, 1, RunOne, nullptr};
#else
  static const Shape shape = {6, 1, RunOne, nullptr};
#endif
  return shape;
}

void RunPart(const ConvTask& task, const float* zeros, int64_t row_begin, int64_t row_end,
             int64_t panel_begin, int64_t panel_end) {
  const Shape& shape = GetShape();
  const int64_t panel_stride = task.taps * task.in * kPanel;
  alignas(64) float sums[kRowsMax * 2 * kPanel];
  const float* x[kTapsMax * kRowsMax];
  for (int64_t panel = panel_begin; panel < panel_end; panel += shape.panels) {
    const bool two = shape.panels == 2 && panel + 1 < panel_end;
    const int64_t column = panel * kPanel;
    const int64_t wide = (two ? 2 : 1) * kPanel;
    const int64_t count = column + wide <= task.out ? wide : task.out - column;
    for (int64_t row = row_begin; row < row_end; row += shape.rows) {
      const int rows = static_cast<int>(row + shape.rows <= row_end ? shape.rows : row_end - row);
      Aim(task, task.x, task.in, zeros, row, rows, x);
      const Tile tile = {
          x,      task.taps, task.in,    1,    task.packed + panel * panel_stride, panel_stride,
          kPanel, sums,      2 * kPanel, false};
      (two ? shape.two : shape.one)(tile, rows);
      FinishConv(task, sums, 2 * kPanel, row, rows, column, count);
    }
  }
}

}  // namespace

void PackPanels(std::span<const float> rows, int64_t out, int64_t depth, float* packed) {
  std::memset(packed, 0, PackedSize(out, depth) * sizeof(float));
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t k = 0; k < depth; ++k) {
      packed[(o / kPanel * depth + k) * kPanel + o % kPanel] = rows[o * depth + k];
    }
  }
}

void FinishConv(const ConvTask& task, const float* sums, int64_t sums_stride, int64_t row, int rows,
                int64_t column, int64_t count) {
  for (int r = 0; r < rows; ++r) {
    float* const y = task.y + (row + r) * task.out + column;
    std::memcpy(y, sums + r * sums_stride, count * sizeof(float));
    if (task.bias != nullptr) kernels::Add(task.bias + column, y, count);
    if (task.activation == Activation::kSilu) kernels::Silu(y, y, count);
    if (task.activation == Activation::kGelu) kernels::GeluErf(y, y, count);
    if (task.residual != nullptr) {
      kernels::Add(task.residual + (row + r) * task.out + column, y, count);
    }
  }
}

void RunConv(const ConvTask& task, int ith, int nth) {
  static constexpr int64_t kZeros = 4096;
  alignas(64) static const float zeros[kZeros] = {};
  const int64_t rows = task.batch * task.out_frames;
  const int64_t panels = (task.out + kPanel - 1) / kPanel;
  const int64_t rows_at_once = GetShape().rows;
  const int64_t tiles = (rows + rows_at_once - 1) / rows_at_once;
  // Threads share the rows where there are many, else the outputs.
  if (tiles >= 4 * nth || panels < 2 * nth) {
    const int64_t begin = tiles * ith / nth * rows_at_once;
    const int64_t end = tiles * (ith + 1) / nth * rows_at_once;
    RunPart(task, zeros, begin, end < rows ? end : rows, 0, panels);
  } else {
    const int64_t pairs = (panels + 1) / 2;
    const int64_t end = pairs * (ith + 1) / nth * 2;
    RunPart(task, zeros, 0, rows, pairs * ith / nth * 2, end < panels ? end : panels);
  }
}

void RunPanels(const PanelTask& task) {
  const Shape& shape = GetShape();
  const float* x[kRowsMax];
  for (int64_t panel = 0; panel < task.panel_count; panel += shape.panels) {
    const bool two = shape.panels == 2 && panel + 1 < task.panel_count;
    for (int64_t row = 0; row < task.rows; row += shape.rows) {
      const int rows =
          static_cast<int>(row + shape.rows <= task.rows ? shape.rows : task.rows - row);
      for (int r = 0; r < rows; ++r) x[r] = task.x + (row + r) * task.x_stride;
      const Tile tile = {x,
                         1,
                         task.depth,
                         task.x_step,
                         task.panels + panel * task.panel_stride,
                         task.panel_stride,
                         task.row_stride,
                         task.y + row * task.y_stride + panel * kPanel,
                         task.y_stride,
                         true};
      (two ? shape.two : shape.one)(tile, rows);
    }
  }
}

}  // namespace parley::cosyvoice2::nn
