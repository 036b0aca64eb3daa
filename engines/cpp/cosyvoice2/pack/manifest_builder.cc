#include "cosyvoice2/pack/manifest_builder.h"

#include <cmath>

#include "base/check.h"

namespace parley::cosyvoice2 {
namespace {

constexpr double kBiasScale = 0.1;

// As floats are written in a manifest.
double Rounded(double value) { return static_cast<float>(value); }

double FanIn(const std::vector<int64_t>& shape) {
  double fan_in = 1;
  for (size_t i = 1; i < shape.size(); ++i) fan_in *= static_cast<double>(shape[i]);
  return fan_in;
}

}  // namespace

ManifestBuilder::ManifestBuilder(std::string module) { manifest_.module = std::move(module); }

void ManifestBuilder::Add(TensorRule rule) { manifest_.tensors.push_back(std::move(rule)); }

void ManifestBuilder::Matrix(const std::string& name, std::vector<int64_t> shape, double gain) {
  const char* kind = shape.size() > 2 ? "conv" : "matrix";
  const double a = std::sqrt(3.0 / FanIn(shape)) * gain;
  Uniform(name, std::move(shape), kind, a);
}

void ManifestBuilder::Linear(const std::string& name, std::vector<int64_t> shape, double gain) {
  const int64_t out = shape.front();
  Matrix(name + ".weight", std::move(shape), gain);
  Bias(name + ".bias", out);
}

void ManifestBuilder::Bias(const std::string& name, int64_t length, double centre) {
  Uniform(name, {length}, "bias", kBiasScale, centre);
}

void ManifestBuilder::Norm(const std::string& name, int64_t length) {
  NormWeight(name + ".weight", length);
  Bias(name + ".bias", length);
}

void ManifestBuilder::NormWeight(const std::string& name, int64_t length) {
  Uniform(name, {length}, "norm_weight", kBiasScale, 1);
}

void ManifestBuilder::Uniform(const std::string& name, std::vector<int64_t> shape, const char* kind,
                              double a, double centre) {
  TensorRule rule;
  rule.name = name;
  rule.shape = std::move(shape);
  rule.kind_name = kind;
  rule.a = Rounded(a);
  rule.c = Rounded(centre);
  Add(std::move(rule));
}

void ManifestBuilder::Tied(const std::string& name, const std::string& other) {
  const TensorRule* target = manifest_.Find(other);
  PARLEY_CHECK(target != nullptr);
  TensorRule rule;
  rule.name = name;
  rule.shape = target->shape;
  rule.kind = TensorRule::Kind::kTied;
  rule.kind_name = "tied";
  rule.other = other;
  Add(std::move(rule));
}

void ManifestBuilder::NormedConv(const std::string& name, const Normed& conv) {
  Bias(name + ".bias", conv.bias_length);
  TensorRule magnitude;
  magnitude.name = name + ".parametrizations.weight.original0";
  magnitude.alt_name = name + ".weight_g";
  magnitude.shape = {conv.shape.front(), 1, 1};
  magnitude.kind = TensorRule::Kind::kNormMagnitude;
  magnitude.kind_name = "wn_g";
  magnitude.a = Rounded(kBiasScale * conv.scale);
  magnitude.c = Rounded(conv.scale);
  magnitude.other = name + ".parametrizations.weight.original1";
  TensorRule direction;
  direction.name = magnitude.other;
  direction.alt_name = name + ".weight_v";
  direction.shape = conv.shape;
  direction.kind_name = "wn_v";
  direction.a = Rounded(std::sqrt(3.0 / conv.fan_in));
  Add(std::move(magnitude));
  Add(std::move(direction));
}

Manifest ManifestBuilder::Take(std::string config) {
  manifest_.config = std::move(config);
  return std::move(manifest_);
}

}  // namespace parley::cosyvoice2
