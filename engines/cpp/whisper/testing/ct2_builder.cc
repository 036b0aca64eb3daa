#include "whisper/testing/ct2_builder.h"

#include <fmt/format.h>
#include <ggml.h>

namespace parley::whisper::testing {
namespace {

template <class Integer>
void Put(std::string& bytes, Integer value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void PutString(std::string& bytes, std::string_view text) {
  Put(bytes, static_cast<uint16_t>(text.size() + 1));
  bytes.append(text);
  bytes.push_back('\0');
}

std::string Halves(size_t count, float value) {
  const ggml_fp16_t half = ggml_fp32_to_fp16(value);
  std::string data;
  data.reserve(count * sizeof(half));
  for (size_t i = 0; i < count; ++i) Put(data, half);
  return data;
}

constexpr uint32_t kState = 64;

void AddNorm(Ct2Builder& builder, const std::string& name) {
  builder.Add(name + "/gamma", {kState}, 1.0F);
  builder.Add(name + "/beta", {kState}, 0.5F);
}

void AddLinear(Ct2Builder& builder, const std::string& name, uint32_t out, uint32_t in) {
  builder.Add(name + "/weight", {out, in}, 0.25F);
  builder.Add(name + "/bias", {out}, 0.125F);
}

// Rows of `first`, `first` + 1, …, and biases of the same, none for keys (2).
void AddFused(Ct2Builder& builder, const std::string& name, int first, int parts) {
  std::string weight, bias;
  for (int part = first; part < first + parts; ++part) {
    weight += Halves(size_t{kState} * kState, static_cast<float>(part));
    bias += Halves(kState, part == 2 ? 0.0F : static_cast<float>(part));
  }
  const auto rows = static_cast<uint32_t>(parts) * kState;
  builder.Add(name + "/weight", {rows, kState}, Ct2Type::kF16, weight);
  builder.Add(name + "/bias", {rows}, Ct2Type::kF16, bias);
}

void AddLayer(Ct2Builder& builder, const std::string& side) {
  const std::string layer = side + "/layer_0";
  AddFused(builder, layer + "/self_attention/linear_0", 1, 3);
  AddLinear(builder, layer + "/self_attention/linear_1", kState, kState);
  AddNorm(builder, layer + "/self_attention/layer_norm");
  if (side == "decoder") {
    AddLinear(builder, layer + "/attention/linear_0", kState, kState);
    AddFused(builder, layer + "/attention/linear_1", 2, 2);
    AddLinear(builder, layer + "/attention/linear_2", kState, kState);
    AddNorm(builder, layer + "/attention/layer_norm");
  }
  AddLinear(builder, layer + "/ffn/linear_0", 4 * kState, kState);
  AddLinear(builder, layer + "/ffn/linear_1", kState, 4 * kState);
  AddNorm(builder, layer + "/ffn/layer_norm");
}

}  // namespace

Ct2Builder::Ct2Builder(std::string_view spec) {
  Put(head_, uint32_t{6});
  PutString(head_, spec);
  Put(head_, uint32_t{3});
}

void Ct2Builder::Add(std::string_view name, std::vector<uint32_t> dims, Ct2Type type,
                     std::string_view data) {
  PutString(variables_, name);
  Put(variables_, static_cast<uint8_t>(dims.size()));
  for (const uint32_t dim : dims) Put(variables_, dim);
  Put(variables_, static_cast<uint8_t>(type));
  Put(variables_, static_cast<uint32_t>(data.size()));
  variables_.append(data);
  ++variable_count_;
}

void Ct2Builder::Add(std::string_view name, std::vector<uint32_t> dims, float value) {
  size_t count = 1;
  for (const uint32_t dim : dims) count *= dim;
  Add(name, std::move(dims), Ct2Type::kF16, Halves(count, value));
}

void Ct2Builder::AddScalar(std::string_view name, int16_t value) {
  std::string data;
  Put(data, value);
  Add(name, {}, Ct2Type::kI16, data);
}

void Ct2Builder::AddAlias(std::string_view alias, std::string_view target) {
  PutString(aliases_, alias);
  PutString(aliases_, target);
  ++alias_count_;
}

std::string Ct2Builder::Bytes() const {
  std::string bytes = head_;
  Put(bytes, variable_count_);
  bytes += variables_;
  Put(bytes, alias_count_);
  bytes += aliases_;
  return bytes;
}

Ct2Builder SmallestWhisper() {
  Ct2Builder builder;
  builder.AddScalar("encoder/num_heads", 1);
  builder.AddScalar("decoder/num_heads", 1);
  builder.Add("encoder/conv1/weight", {kState, 80, 3}, 0.5F);
  builder.Add("encoder/conv1/bias", {kState}, 0.5F);
  builder.Add("encoder/conv2/weight", {kState, kState, 3}, 0.5F);
  builder.Add("encoder/conv2/bias", {kState}, 0.5F);
  builder.Add("encoder/position_encodings/encodings", {1500, kState}, 0.0F);
  builder.Add("decoder/position_encodings/encodings", {448, kState}, 0.75F);
  builder.Add("decoder/embeddings/weight", {51864, kState}, 0.5F);
  AddNorm(builder, "encoder/layer_norm");
  AddNorm(builder, "decoder/layer_norm");
  AddLayer(builder, "encoder");
  AddLayer(builder, "decoder");
  builder.AddAlias("decoder/projection/weight", "decoder/embeddings/weight");
  return builder;
}

std::string Vocabulary(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += fmt::format("t{}\n", i);
  return text + "<|endoftext|>\n<|startoftranscript|>\n";
}

}  // namespace parley::whisper::testing
