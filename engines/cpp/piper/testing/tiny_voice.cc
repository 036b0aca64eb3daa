#include "piper/testing/tiny_voice.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/file.h"
#include "base/random.h"
#include "onnx/testing/model_builder.h"
#include "piper/testing/voices.h"

namespace parley::piper::testing {
namespace {

using onnx::testing::ModelBuilder;

std::vector<float> Weights(size_t count, uint64_t seed) {
  SplitMix64 random(seed);
  std::vector<float> weights(count);
  for (float& weight : weights) weight = static_cast<float>(0.2 * random.NextNormal());
  return weights;
}

// frames: [1, 2, sum of durations] of zeros.
void AddEncoder(ModelBuilder& builder, bool two_speakers) {
  builder.Input("input", {-1, -1}, ModelBuilder::kInt64)
      .Input("input_lengths", {-1}, ModelBuilder::kInt64)
      .Input("scales", {3})
      .Floats("frames_per_id", {1}, {0.02f})
      .Floats("rhythm_variation", {1}, {0.3f})
      .Ints("axis_1", {1}, {1})
      .Ints("one", {1}, {1})
      .Ints("channels", {1}, {2})
      .Ints("length_index", {1}, {1})
      .Node("Cast", {"input"}, {"x"}, {{"to", {1}}})
      .Node("Unsqueeze", {"x", "axis_1"}, {"x3"})
      .Node("Concat", {"x3", "x3"}, {"x3_twice"}, {{"axis", {1}}})
      .Node("RandomNormalLike", {"x3_twice"}, {"rhythm"})
      .Node("ReduceSum", {"rhythm", "axis_1"}, {"rhythm_1"})
      .Node("Mul", {"rhythm_1", "rhythm_variation"}, {"rhythm_scaled"})
      .Node("Abs", {"rhythm_scaled"}, {"rhythm_positive"})
      .Node("Mul", {"x3", "frames_per_id"}, {"w0"})
      .Node("Add", {"w0", "rhythm_positive"}, {"w1"})
      .Node("Gather", {"scales", "length_index"}, {"length"})
      .Node("Mul", {"w1", "length"}, {"w"})
      .Node("Ceil", {"w"}, {"w_ceil"})
      .Node("ReduceSum", {"w_ceil"}, {"total"}, {{"keepdims", {0}}})
      .Node("Cast", {"total"}, {"total_int"}, {{"to", {7}}})
      .Node("Reshape", {"total_int", "one"}, {"total_1"})
      .Node("Concat", {"one", "channels", "total_1"}, {"shape"}, {{"axis", {0}}})
      .Node("ConstantOfShape", {"shape"}, {"mean"});
  if (!two_speakers) return;
  builder.Input("sid", {-1}, ModelBuilder::kInt64)
      .Floats("emb_g", {2, 2, 1}, {0, 0, 0.7f, -0.7f})
      .Node("Gather", {"emb_g", "sid"}, {"g"}, {{"axis", {0}}});
}

}  // namespace

std::string TinyVoiceModel(const TinyVoiceOptions& options) {
  ModelBuilder builder;
  AddEncoder(builder, options.two_speakers);
  builder.Node("RandomNormalLike", {"mean"}, {"frame_noise"})
      .Node("Add", {"mean", "frame_noise"}, {options.two_speakers ? "z_plain" : "z_p"});
  if (options.two_speakers) builder.Node("Add", {"z_plain", "g"}, {"z_p"});
  if (!options.can_be_cut) {
    builder.Node("Softmax", {"z_p"}, {"z_mixed"}, {{"axis", {2}}});
  }
  builder.Floats("flow.weight", {2, 2, 5}, Weights(20, 1))
      .Node("Conv", {options.can_be_cut ? "z_p" : "z_mixed", "flow.weight"}, {"flowed"},
            {{"kernel_shape", {5}, true}, {"pads", {2, 2}, true}})
      .Node("Add", {"flowed", "z_p"}, {"z"})
      .Floats("dec.conv_pre.weight", {4, 2, 7}, Weights(56, 2))
      .Node("Conv", {"z", "dec.conv_pre.weight"}, {options.two_speakers ? "d0_plain" : "d0"},
            {{"kernel_shape", {7}, true}, {"pads", {3, 3}, true}});
  if (options.two_speakers) {
    builder.Floats("dec.cond.weight", {4, 2, 1}, Weights(8, 5))
        .Node("Conv", {"g", "dec.cond.weight"}, {"cond"}, {{"kernel_shape", {1}, true}})
        .Node("Add", {"d0_plain", "cond"}, {"d0"});
  }
  return builder.Node("LeakyRelu", {"d0"}, {"d1"})
      .Floats("dec.up.weight", {4, 2, 16}, Weights(128, 3))
      .Node("ConvTranspose", {"d1", "dec.up.weight"}, {"d2"},
            {{"kernel_shape", {16}, true}, {"strides", {8}, true}, {"pads", {4, 4}, true}})
      .Floats("dec.conv_post.weight", {1, 2, 7}, Weights(14, 4))
      .Node("Conv", {"d2", "dec.conv_post.weight"}, {"d3"},
            {{"kernel_shape", {7}, true}, {"pads", {3, 3}, true}})
      .Node("Tanh", {"d3"}, {"d4"})
      .Node("Unsqueeze", {"d4", "axis_1"}, {"output"})
      .Output("output", {-1, 1, 1, -1})
      .Build();
}

void WriteTinyVoice(const std::filesystem::path& folder, const TinyVoiceOptions& options) {
  std::filesystem::create_directories(folder);
  auto json = nlohmann::json::parse(std::ifstream(TestData("en_US-joe-medium.onnx.json")));
  if (options.two_speakers) {
    json["num_speakers"] = 2;
    json["speaker_id_map"] = {{"low", 0}, {"high", 1}};
  }
  PARLEY_CHECK(WriteFileAtomically(folder / "tiny.onnx", TinyVoiceModel(options)));
  PARLEY_CHECK(WriteFileAtomically(folder / "tiny.onnx.json", json.dump()));
}

}  // namespace parley::piper::testing
