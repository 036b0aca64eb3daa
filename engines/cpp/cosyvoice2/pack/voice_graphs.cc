#include "cosyvoice2/pack/voice_graphs.h"

#include <cmath>
#include <vector>

#include "cosyvoice2/weights/hash_generator.h"
#include "onnx/testing/model_builder.h"

namespace parley::cosyvoice2 {
namespace {

using onnx::testing::ModelBuilder;

std::vector<float> Random(std::string_view name, uint64_t seed, size_t count, double a) {
  std::vector<float> values(count);
  HashGenerator(name, seed).Fill(0, a, 0, values);
  return values;
}

// Keeps a unit variance, as the checkpoints' matrices do.
double Scale(double fan_in) { return std::sqrt(3.0 / fan_in); }

}  // namespace

std::string SpeakerGraph(uint64_t seed) {
  constexpr size_t kBands = 80;
  constexpr size_t kHidden = 32;
  constexpr size_t kOut = 192;
  return ModelBuilder()
      .Input("input", {1, -1, kBands})
      .Floats("w1", {kBands, kHidden}, Random("campplus.w1", seed, kBands * kHidden, Scale(kBands)))
      .Floats("w2", {kHidden, kOut}, Random("campplus.w2", seed, kHidden * kOut, Scale(kHidden)))
      .Node("MatMul", {"input", "w1"}, {"h1"})
      .Node("Relu", {"h1"}, {"h2"})
      .Node("ReduceMean", {"h2"}, {"h3"}, {{"axes", {1}, true}, {"keepdims", {0}}})
      .Node("MatMul", {"h3", "w2"}, {"output"})
      .Output("output", {1, kOut})
      .Build();
}

std::string SpeechTokenizerGraph(uint64_t seed, int64_t speech_tokens) {
  constexpr int64_t kBands = 128;
  constexpr int64_t kHidden = 16;
  int64_t digits = 1;
  std::vector<float> places = {1};
  for (int64_t next = 9; next <= speech_tokens; next *= 3) {
    places.push_back(static_cast<float>(next / 3));
    ++digits;
  }
  const auto conv = [&](const char* name, int64_t out, int64_t in) {
    return Random(name, seed, static_cast<size_t>(out * in * 3),
                  Scale(static_cast<double>(in) * 3));
  };
  const std::vector<ModelBuilder::IntAttribute> halves = {
      {"kernel_shape", {3}, true}, {"strides", {2}, true}, {"pads", {1, 1}, true}};
  return ModelBuilder()
      .Input("feats", {1, kBands, -1})
      .Input("feats_length", {1}, ModelBuilder::kInt32)
      .Floats("conv1", {kHidden, kBands, 3}, conv("tokenizer.conv1", kHidden, kBands))
      .Floats("conv2", {digits, kHidden, 3}, conv("tokenizer.conv2", digits, kHidden))
      .Floats("almost_one", {1}, {0.9990000128746033F})
      .Floats("one", {1}, {1})
      .Floats("places", {1, digits, 1}, places)
      .Ints("axis", {1}, {1})
      .Node("Conv", {"feats", "conv1"}, {"h1"}, halves)
      .Node("Relu", {"h1"}, {"h2"})
      .Node("Conv", {"h2", "conv2"}, {"h3"}, halves)
      .Node("Tanh", {"h3"}, {"h4"})
      .Node("Mul", {"h4", "almost_one"}, {"h5"})
      .Node("Round", {"h5"}, {"h6"})
      .Node("Add", {"h6", "one"}, {"h7"})
      .Node("Mul", {"h7", "places"}, {"h8"})
      .Node("ReduceSum", {"h8", "axis"}, {"h9"}, {{"keepdims", {0}}})
      .Node("Cast", {"h9"}, {"indices"}, {{"to", {ModelBuilder::kInt32}}})
      .Output("indices", {1, -1}, ModelBuilder::kInt32)
      .Build();
}

}  // namespace parley::cosyvoice2
