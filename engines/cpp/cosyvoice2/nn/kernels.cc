#include "cosyvoice2/nn/kernels.h"

#include <cmath>

#include "cosyvoice2/nn/clones.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace parley::cosyvoice2::nn::kernels {
namespace {

// e^x for x in [−87, 88], clamped beyond; relative error ≤ 2e-7. Reduction by Cody and Waite, 1980;
// Taylor's polynomial of degree 6 on [−ln2/2, ln2/2].
inline __attribute__((always_inline)) float Exp(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  const float k = std::rint(x * 1.44269504f);
  float r = x - k * 0.693359375f;
  r = r - k * -2.12194440e-4f;
  float p = 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const int32_t bits = (static_cast<int32_t>(k) + 127) << 23;
  return p * __builtin_bit_cast(float, bits);
}

// sin²(x): whole multiples of π do not matter, not even their sign. π in three parts after Cody and
// Waite; Taylor's polynomial of degree 13 on [−π/2, π/2].
inline __attribute__((always_inline)) float SinSquared(float x) {
  const float k = std::rint(x * 0.318309886f);
  float r = x - k * 3.140625f;
  r = r - k * 9.67502593994140625e-4f;
  r = r - k * 1.509957990978376432e-7f;
  const float s = r * r;
  float p = 1.0f / 6227020800.0f;
  p = p * s - 1.0f / 39916800.0f;
  p = p * s + 1.0f / 362880.0f;
  p = p * s - 1.0f / 5040.0f;
  p = p * s + 1.0f / 120.0f;
  p = p * s - 1.0f / 6.0f;
  const float sine = r + r * s * p;
  return sine * sine;
}

}  // namespace

PARLEY_CLONES void LeakyRelu(const float* x, float* y, int64_t n, float slope) {
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : slope * x[i];
}

PARLEY_CLONES void Elu(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const float below = Exp(x[i]) - 1.0f;
    y[i] = x[i] > 0 ? x[i] : below;
  }
}

PARLEY_CLONES void Snake(const float* x, const float* alpha, const float* inverse, float* y,
                         int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] + SinSquared(alpha[i] * x[i]) * inverse[i];
}

PARLEY_CLONES void LayerNorm(const float* x, const float* weight, const float* bias, float eps,
                             float* y, int64_t n) {
  constexpr int64_t kLanes = 16;
  const int64_t whole = n - n % kLanes;
  float sums[kLanes] = {};
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int64_t j = 0; j < kLanes; ++j) sums[j] += x[i + j];
  }
  double sum = 0;
  for (float part : sums) sum += part;
  for (int64_t i = whole; i < n; ++i) sum += x[i];
  const float mean = static_cast<float>(sum / static_cast<double>(n));
  float squares[kLanes] = {};
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int64_t j = 0; j < kLanes; ++j) squares[j] += (x[i + j] - mean) * (x[i + j] - mean);
  }
  double variance = 0;
  for (float part : squares) variance += part;
  for (int64_t i = whole; i < n; ++i) variance += (x[i] - mean) * (x[i] - mean);
  variance /= static_cast<double>(n);
  const float scale = static_cast<float>(1.0 / std::sqrt(variance + static_cast<double>(eps)));
  for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

PARLEY_CLONES void Mish(const float* x, float* y, int64_t n) {
  // tanh(ln(1 + e)) = ((1 + e)² − 1) / ((1 + e)² + 1), which is 1 in float from x = 10 on.
  for (int64_t i = 0; i < n; ++i) {
    const float e = Exp(x[i] < 20.0f ? x[i] : 20.0f);
    const float q = e * (e + 2.0f);
    y[i] = x[i] * (q / (q + 2.0f));
  }
}

PARLEY_CLONES void Silu(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] / (1.0f + Exp(-x[i]));
}

PARLEY_CLONES void GeluErf(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const float z = std::fabs(x[i]) * 0.707106781f;
    const float t = 1.0f / (1.0f + 0.3275911f * z);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    const float tail = 0.5f * p * t * Exp(-z * z);  // Φ(−|x|)
    y[i] = x[i] * (x[i] > 0 ? 1.0f - tail : tail);
  }
}

void Add(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

PARLEY_CLONES void ColumnSoftmax(float* x, int64_t rows, int64_t width, float scale,
                                 float* inverse) {
  constexpr int64_t kLanes = 16;
  for (int64_t column = 0; column < width; column += kLanes) {
    float most[kLanes];
    float sums[kLanes] = {};
    for (int64_t j = 0; j < kLanes; ++j) most[j] = x[column + j];
    for (int64_t row = 1; row < rows; ++row) {
      const float* const at = x + row * width + column;
      for (int64_t j = 0; j < kLanes; ++j) most[j] = at[j] > most[j] ? at[j] : most[j];
    }
    for (int64_t row = 0; row < rows; ++row) {
      float* const at = x + row * width + column;
      for (int64_t j = 0; j < kLanes; ++j) {
        at[j] = Exp(scale * (at[j] - most[j]));
        sums[j] += at[j];
      }
    }
    for (int64_t j = 0; j < kLanes; ++j) inverse[column + j] = 1.0f / sums[j];
  }
}

void Scale(float* x, float factor, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] *= factor;
}

#if defined(__x86_64__)
namespace {

__attribute__((target("avx512f"))) void HalfRowsAvx512(const uint8_t* from, int64_t stride,
                                                       int64_t rows, int64_t n, float* to) {
  for (int64_t row = 0; row < rows; ++row, from += stride, to += n) {
    for (int64_t i = 0; i < n; i += 16) {
      const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + 2 * i));
      _mm512_storeu_ps(to + i, _mm512_cvtph_ps(half));
    }
  }
}

__attribute__((target("avx2,f16c"))) void HalfRowsF16c(const uint8_t* from, int64_t stride,
                                                       int64_t rows, int64_t n, float* to) {
  for (int64_t row = 0; row < rows; ++row, from += stride, to += n) {
    for (int64_t i = 0; i < n; i += 8) {
      const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 2 * i));
      _mm256_storeu_ps(to + i, _mm256_cvtph_ps(half));
    }
  }
}

}  // namespace

bool HalfRows(const uint8_t* from, int64_t stride, int64_t rows, int64_t n, float* to) {
  static const bool wide = __builtin_cpu_supports("avx512f");
  (wide ? HalfRowsAvx512 : HalfRowsF16c)(from, stride, rows, n, to);
  return true;
}
#else
bool HalfRows(const uint8_t*, int64_t, int64_t, int64_t, float*) { return false; }
#endif

}  // namespace parley::cosyvoice2::nn::kernels
