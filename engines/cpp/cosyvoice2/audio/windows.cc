#include "cosyvoice2/audio/windows.h"

#include <cmath>
#include <numbers>

namespace parley::cosyvoice2 {
namespace {

double Cosine(size_t i, size_t period) {
  return std::cos(2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(period));
}

}  // namespace

std::vector<double> PeriodicHann(size_t n) {
  std::vector<double> window(n);
  for (size_t i = 0; i < n; ++i) window[i] = 0.5 - 0.5 * Cosine(i, n);
  return window;
}

std::vector<double> Povey(size_t n) {
  std::vector<double> window(n);
  for (size_t i = 0; i < n; ++i) window[i] = std::pow(0.5 - 0.5 * Cosine(i, n - 1), 0.85);
  return window;
}

std::vector<double> Hamming(size_t n) {
  std::vector<double> window(n);
  for (size_t i = 0; i < n; ++i) window[i] = 0.54 - 0.46 * Cosine(i, n - 1);
  return window;
}

}  // namespace parley::cosyvoice2
