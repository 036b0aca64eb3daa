#include "cosyvoice2/audio/real_fft.h"

#include <algorithm>
#include <kissfft.hh>

#include "base/check.h"

namespace parley::cosyvoice2 {

struct RealFft::Impl {
  kissfft<double> half;  // a real transform is a complex one of half the size
  std::vector<double> frame;
  std::vector<std::complex<double>> spectrum;
};

RealFft::RealFft(size_t size) : size_(size) {
  PARLEY_CHECK(size >= 2 && size % 2 == 0);
  impl_ = std::make_unique<Impl>(Impl{kissfft<double>(size / 2, false), std::vector<double>(size),
                                      std::vector<std::complex<double>>(size / 2)});
}

RealFft::~RealFft() = default;

void RealFft::Power(std::span<const double> frame, std::span<double> power) {
  PARLEY_CHECK(frame.size() <= size_ && power.size() == bins());
  const auto end = std::copy(frame.begin(), frame.end(), impl_->frame.begin());
  std::fill(end, impl_->frame.end(), 0.0);
  impl_->half.transform_real(impl_->frame.data(), impl_->spectrum.data());
  // The first and the last bin are real and share one complex number.
  const std::complex<double> ends = impl_->spectrum[0];
  power[0] = ends.real() * ends.real();
  power[size_ / 2] = ends.imag() * ends.imag();
  for (size_t bin = 1; bin < size_ / 2; ++bin) power[bin] = std::norm(impl_->spectrum[bin]);
}

}  // namespace parley::cosyvoice2
