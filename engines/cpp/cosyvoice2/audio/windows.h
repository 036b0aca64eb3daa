// Window functions, computed in double. Pure.
#pragma once

#include <cstddef>
#include <vector>

namespace parley::cosyvoice2 {

// 0.5 − 0.5 cos(2πi / n): for spectra.
std::vector<double> PeriodicHann(size_t n);

// (0.5 − 0.5 cos(2πi / (n − 1)))^0.85: Kaldi's "povey".
std::vector<double> Povey(size_t n);

// 0.54 − 0.46 cos(2πi / (n − 1)): for cross-fades, as numpy.hamming.
std::vector<double> Hamming(size_t n);

}  // namespace parley::cosyvoice2
