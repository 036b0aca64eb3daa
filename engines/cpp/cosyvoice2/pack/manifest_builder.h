// Puts a manifest together, tensor by tensor in the checkpoint's order. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cosyvoice2/weights/manifest.h"

namespace parley::cosyvoice2 {

class ManifestBuilder {
 public:
  explicit ManifestBuilder(std::string module);

  // Uniform in ±gain · √(3 / fan_in), so that a unit variance stays one; fan_in is the product of
  // all lengths but the first. `name` with ".weight".
  void Matrix(const std::string& name, std::vector<int64_t> shape, double gain = 1);
  // `name`.weight and, uniform in ±0.1, `name`.bias.
  void Linear(const std::string& name, std::vector<int64_t> shape, double gain = 1);
  void Bias(const std::string& name, int64_t length, double centre = 0);
  void Norm(const std::string& name, int64_t length);  // weight about 1, bias about 0
  void NormWeight(const std::string& name, int64_t length);
  // Uniform in ±a about the centre.
  void Uniform(const std::string& name, std::vector<int64_t> shape, const char* kind, double a,
               double centre = 0);
  void Tied(const std::string& name, const std::string& other);
  // A convolution under weight norm: bias, magnitude, direction. `fan_in` of the folded weight.
  struct Normed {
    std::vector<int64_t> shape;
    int64_t bias_length = 0;
    double fan_in = 0;
    double scale = 1;
  };
  void NormedConv(const std::string& name, const Normed& conv);

  Manifest Take(std::string config);

 private:
  void Add(TensorRule rule);

  Manifest manifest_;
};

}  // namespace parley::cosyvoice2
