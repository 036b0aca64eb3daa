// Where the rows of a convolution's output look in its input: the same for both precisions.
#pragma once

#include <cstdint>

#include "cosyvoice2/nn/gemm.h"

namespace parley::cosyvoice2::nn {

// Output rows that a kernel takes at once, and taps that it may have.
inline constexpr int kRowsMax = 8;
inline constexpr int64_t kTapsMax = 64;

// For output rows [first, first + rows), x[tap][kRowsMax] becomes the input row that each looks at,
// tap by tap. `all` are the input's rows of `row_size` elements; `zeros` stands for those that are
// not there.
template <class T>
void Aim(const ConvTask& task, const T* all, int64_t row_size, const T* zeros, int64_t first,
         int rows, const T** x) {
  for (int r = 0; r < rows; ++r) {
    const int64_t sequence = (first + r) / task.out_frames;
    const int64_t from = (first + r) % task.out_frames * task.stride - task.left;
    for (int64_t tap = 0; tap < task.taps; ++tap) {
      const int64_t frame = from + tap * task.dilation;
      const bool there = frame >= 0 && frame < task.frames;
      x[tap * kRowsMax + r] = there ? all + (sequence * task.frames + frame) * row_size : zeros;
    }
  }
}

}  // namespace parley::cosyvoice2::nn
