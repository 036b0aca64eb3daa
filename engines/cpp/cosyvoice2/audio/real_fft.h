// Power spectra of real frames, in double: near silence, float's rounding shows in logarithms. One
// sequence.
#pragma once

#include <complex>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace parley::cosyvoice2 {

class RealFft {
 public:
  explicit RealFft(size_t size);  // even
  ~RealFft();

  size_t bins() const { return size_ / 2 + 1; }
  // power[bin] = |X[bin]|², of `frame` with zeros behind it up to the size.
  void Power(std::span<const double> frame, std::span<double> power);

 private:
  struct Impl;
  const size_t size_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::cosyvoice2
