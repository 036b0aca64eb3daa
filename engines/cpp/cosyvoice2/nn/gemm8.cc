#include "cosyvoice2/nn/gemm8.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cosyvoice2/nn/aim.h"
#include "cosyvoice2/nn/clones.h"
#include "cosyvoice2/nn/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define PARLEY_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma")))
#endif

namespace parley::cosyvoice2::nn {
namespace {

constexpr int kZero = 128;  // inputs are stored as unsigned, this much higher
constexpr int64_t kQuads = kBlock8 / 4;

// 32 inputs of 16 outputs. `correction` is what the inputs' being 128 higher adds, taken away.
struct PanelBlock {
  float scales[kPanel];
  int32_t correction[kPanel];
  int8_t weights[kQuads][kPanel][4];
};
static_assert(sizeof(PanelBlock) == kPanel * (kBlock8 + 8));

struct Tile8 {
  const uint8_t* const* x;  // [taps][kRowsMax]: rows in 8 bits
  int64_t taps;
  int64_t in;
  const PanelBlock* blocks;  // of the panel, [taps · in / 32]
  float* y;                  // [rows][kPanel]
};

const float* Scales(const uint8_t* row, int64_t in) {
  return reinterpret_cast<const float*>(row + in);
}

#if defined(__x86_64__)
template <int kRows>
PARLEY_VNNI void RunTileVnni(const Tile8& tile) {
  __m512 sums[kRows];
  for (int r = 0; r < kRows; ++r) sums[r] = _mm512_setzero_ps();
  const PanelBlock* block = tile.blocks;
  for (int64_t tap = 0; tap < tile.taps; ++tap) {
    const uint8_t* const* const x = tile.x + tap * kRowsMax;
    for (int64_t b = 0; b < tile.in / kBlock8; ++b, ++block) {
      __m512i whole[kRows];
      const __m512i correction = _mm512_loadu_si512(block->correction);
      for (int r = 0; r < kRows; ++r) whole[r] = correction;
#pragma GCC unroll 8
      for (int64_t quad = 0; quad < kQuads; ++quad) {
        const __m512i weights = _mm512_loadu_si512(block->weights[quad]);
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) {
          int32_t four;
          std::memcpy(&four, x[r] + b * kBlock8 + quad * 4, sizeof(four));
          whole[r] = _mm512_dpbusd_epi32(whole[r], _mm512_set1_epi32(four), weights);
        }
      }
      const __m512 scales = _mm512_loadu_ps(block->scales);
      for (int r = 0; r < kRows; ++r) {
        const __m512 scale = _mm512_mul_ps(scales, _mm512_set1_ps(Scales(x[r], tile.in)[b]));
        sums[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(whole[r]), scale, sums[r]);
      }
    }
  }
  for (int r = 0; r < kRows; ++r) _mm512_storeu_ps(tile.y + r * kPanel, sums[r]);
}

// Eight outputs at a time, by products of 16 bits; both give whole numbers, hence the same.
template <int kRows>
void RunTileAvx2(const Tile8& tile) {
  for (int64_t half = 0; half < kPanel; half += 8) {
    __m256 sums[kRows];
    for (int r = 0; r < kRows; ++r) sums[r] = _mm256_setzero_ps();
    const PanelBlock* block = tile.blocks;
    for (int64_t tap = 0; tap < tile.taps; ++tap) {
      const uint8_t* const* const x = tile.x + tap * kRowsMax;
      for (int64_t b = 0; b < tile.in / kBlock8; ++b, ++block) {
        // Two halves of four outputs: each quad of weights as 16 bits, its products added in pairs.
        __m256i low[kRows], high[kRows];
        for (int r = 0; r < kRows; ++r) low[r] = high[r] = _mm256_setzero_si256();
        for (int64_t quad = 0; quad < kQuads; ++quad) {
          const auto* const at = reinterpret_cast<const __m128i*>(block->weights[quad][half]);
          const __m256i w_low = _mm256_cvtepi8_epi16(_mm_loadu_si128(at));
          const __m256i w_high = _mm256_cvtepi8_epi16(_mm_loadu_si128(at + 1));
          for (int r = 0; r < kRows; ++r) {
            int32_t four;
            std::memcpy(&four, x[r] + b * kBlock8 + quad * 4, sizeof(four));
            const __m256i v = _mm256_cvtepu8_epi16(_mm_set1_epi32(four));
            low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(v, w_low));
            high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(v, w_high));
          }
        }
        const __m256 scales = _mm256_loadu_ps(block->scales + half);
        const __m256i correction =
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block->correction + half));
        for (int r = 0; r < kRows; ++r) {
          const __m256i pairs = _mm256_hadd_epi32(low[r], high[r]);
          const __m256i ordered = _mm256_permute4x64_epi64(pairs, 0b11011000);
          const __m256 whole = _mm256_cvtepi32_ps(_mm256_add_epi32(ordered, correction));
          const __m256 scale = _mm256_mul_ps(scales, _mm256_set1_ps(Scales(x[r], tile.in)[b]));
          sums[r] = _mm256_fmadd_ps(whole, scale, sums[r]);
        }
      }
    }
    for (int r = 0; r < kRows; ++r) _mm256_storeu_ps(tile.y + r * kPanel + half, sums[r]);
  }
}

using TileFn = void (*)(const Tile8& tile);
constexpr TileFn kVnni[kRowsMax] = {RunTileVnni<1>, RunTileVnni<2>, RunTileVnni<3>, RunTileVnni<4>,
                                    RunTileVnni<5>, RunTileVnni<6>, RunTileVnni<7>, RunTileVnni<8>};
constexpr TileFn kAvx2[kRowsMax] = {RunTileAvx2<1>, RunTileAvx2<2>, RunTileAvx2<3>, RunTileAvx2<4>};

struct Shape {
  int rows;
  const TileFn* tiles;  // by rows − 1
};
const Shape& GetShape() {
  static const bool vnni =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vnni");
  static const Shape shape = vnni ? Shape{8, kVnni} : Shape{4, kAvx2};
  return shape;
}
#else
void RunTilePlain(const Tile8& tile) {
  std::fill_n(tile.y, kPanel, 0.0f);
  const PanelBlock* block = tile.blocks;
  for (int64_t tap = 0; tap < tile.taps; ++tap) {
    const uint8_t* const x = tile.x[tap * kRowsMax];
    for (int64_t b = 0; b < tile.in / kBlock8; ++b, ++block) {
      for (int64_t o = 0; o < kPanel; ++o) {
        int32_t whole = block->correction[o];
        for (int64_t k = 0; k < kBlock8; ++k) {
          whole += x[b * kBlock8 + k] * block->weights[k / 4][o][k % 4];
        }
        tile.y[o] += static_cast<float>(whole) * (block->scales[o] * Scales(x, tile.in)[b]);
      }
    }
  }
}
using TileFn = void (*)(const Tile8& tile);
constexpr TileFn kPlain[1] = {RunTilePlain};
struct Shape {
  int rows;
  const TileFn* tiles;
};
const Shape& GetShape() {
  static const Shape shape = {1, kPlain};
  return shape;
}
#endif

// Frames that are not there: zeros, with scales of zero.
const uint8_t* ZeroRow() {
  static constexpr int64_t kChannelsMax = 4096;
  alignas(64) static const auto row = [] {
    struct Row {
      uint8_t bytes[RowSize8(kChannelsMax)] = {};
    };
    return Row();
  }();
  return row.bytes;
}

}  // namespace

void PackPanels8(std::span<const float> rows, int64_t out, int64_t depth, uint8_t* packed) {
  const int64_t blocks = depth / kBlock8;
  auto* const to = reinterpret_cast<PanelBlock*>(packed);
  std::memset(packed, 0, PackedSize8(out, depth));
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t b = 0; b < blocks; ++b) {
      const float* const from = &rows[o * depth + b * kBlock8];
      float most = 0;
      for (int64_t k = 0; k < kBlock8; ++k) most = std::max(most, std::fabs(from[k]));
      const float scale = most / 127;
      PanelBlock& block = to[o / kPanel * blocks + b];
      block.scales[o % kPanel] = scale;
      int32_t sum = 0;
      for (int64_t k = 0; k < kBlock8; ++k) {
        const auto weight = static_cast<int8_t>(scale > 0 ? std::lround(from[k] / scale) : 0);
        block.weights[k / 4][o % kPanel][k % 4] = weight;
        sum += weight;
      }
      block.correction[o % kPanel] = -kZero * sum;
    }
  }
}

PARLEY_CLONES void QuantizeRow8(const float* x, int64_t in, uint8_t* row) {
  constexpr int64_t kLanes = 8;  // side by side, so that the compiler may take them at once
  for (int64_t b = 0; b < in / kBlock8; ++b) {
    const float* const from = x + b * kBlock8;
    float lanes[kLanes] = {};
    for (int64_t k = 0; k < kBlock8; k += kLanes) {
      for (int64_t j = 0; j < kLanes; ++j) {
        const float magnitude = std::fabs(from[k + j]);
        lanes[j] = magnitude > lanes[j] ? magnitude : lanes[j];
      }
    }
    const float most = *std::max_element(lanes, lanes + kLanes);
    const float scale = most / 127;
    const float inverse = most > 0 ? 127 / most : 0;
    uint8_t* const to = row + b * kBlock8;
    for (int64_t k = 0; k < kBlock8; ++k) {
      to[k] = static_cast<uint8_t>(static_cast<int32_t>(std::rint(from[k] * inverse)) + kZero);
    }
    std::memcpy(row + in + b * static_cast<int64_t>(sizeof(float)), &scale, sizeof(scale));
  }
}

void RunConv8(const ConvTask& task, const uint8_t* rows, const uint8_t* packed, int ith, int nth) {
  const Shape& shape = GetShape();
  const int64_t total = task.batch * task.out_frames;
  const int64_t panels = (task.out + kPanel - 1) / kPanel;
  const int64_t blocks = task.taps * task.in / kBlock8;
  const int64_t tiles = (total + shape.rows - 1) / shape.rows;
  // Threads share the rows where there are many, else the outputs.
  const bool by_rows = tiles >= 4 * nth || panels < 2 * nth;
  const int64_t row_begin = by_rows ? tiles * ith / nth * shape.rows : 0;
  const int64_t row_end = by_rows ? std::min(total, tiles * (ith + 1) / nth * shape.rows) : total;
  const int64_t panel_begin = by_rows ? 0 : panels * ith / nth;
  const int64_t panel_end = by_rows ? panels : panels * (ith + 1) / nth;
  alignas(64) float sums[kRowsMax * kPanel];
  const uint8_t* x[kTapsMax * kRowsMax];
  for (int64_t panel = panel_begin; panel < panel_end; ++panel) {
    const int64_t column = panel * kPanel;
    const int64_t count = std::min(kPanel, task.out - column);
    for (int64_t row = row_begin; row < row_end; row += shape.rows) {
      const int taken = static_cast<int>(std::min<int64_t>(shape.rows, row_end - row));
      Aim(task, rows, RowSize8(task.in), ZeroRow(), row, taken, x);
      const Tile8 tile = {x, task.taps, task.in,
                          reinterpret_cast<const PanelBlock*>(packed) + panel * blocks, sums};
      shape.tiles[taken - 1](tile);
      FinishConv(task, sums, kPanel, row, taken, column, count);
    }
  }
}

}  // namespace parley::cosyvoice2::nn
