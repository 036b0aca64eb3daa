// Elementwise work on rows of floats that ggml does node by node, on one thread, or through libm:
// here fused, in a form that the compiler vectorizes. Pure; `n` elements each; in place is allowed
// where input and output are the same row. Compiled for AVX2, the floor that the engine checks.
#pragma once

#include <cstdint>

namespace parley::cosyvoice2::nn::kernels {

// max(x, slope · x), for slope in [0, 1).
void LeakyRelu(const float* x, float* y, int64_t n, float slope);

// x, or e^x − 1 below 0. Error ≤ 2e-7.
void Elu(const float* x, float* y, int64_t n);

// x + sin²(alpha · x) · inverse, with inverse = 1 / (alpha + 1e-9). Error of sin² ≤ 3e-7 for
// |alpha · x| ≤ 1000.
void Snake(const float* x, const float* alpha, const float* inverse, float* y, int64_t n);

// (x − mean) / sqrt(variance + eps) · weight + bias.
void LayerNorm(const float* x, const float* weight, const float* bias, float eps, float* y,
               int64_t n);

// x · tanh(ln(1 + e^x)).
void Mish(const float* x, float* y, int64_t n);

// x / (1 + e^−x).
void Silu(const float* x, float* y, int64_t n);

// x · Φ(x), with the error function by Abramowitz and Stegun 7.1.26 (absolute error ≤ 1.5e-7).
void GeluErf(const float* x, float* y, int64_t n);

// y += x.
void Add(const float* x, float* y, int64_t n);

// Of each column of [rows][width]: e^(scale · (x − greatest)) in place, and 1 / their sum to
// `inverse`. `width` is a multiple of 16.
void ColumnSoftmax(float* x, int64_t rows, int64_t width, float scale, float* inverse);
void Scale(float* x, float factor, int64_t n);

// `rows` of `n` half precision numbers (a multiple of 16), `stride` bytes apart, to float side by
// side. False where this is not built for the CPU's kind: the caller must do it otherwise.
bool HalfRows(const uint8_t* from, int64_t stride, int64_t rows, int64_t n, float* to);

}  // namespace parley::cosyvoice2::nn::kernels
