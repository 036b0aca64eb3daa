#include "whisper/importer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <ostream>
#include <span>
#include <system_error>

#include "base/file.h"
#include "whisper/internal/ggml_writer.h"
#include "whisper/mel_filters.h"
#include "whisper/vocabulary.h"

namespace parley::whisper {
namespace {

// large-v3 in f32 has 6.2 GB; in f16, as published for CTranslate2, 3.1.
constexpr size_t kModelBytesMax = size_t{8} << 30;
constexpr size_t kVocabularyBytesMax = size_t{16} << 20;

struct Shape {
  uint32_t vocabulary = 0;
  uint32_t audio_context = 0;
  uint32_t state = 0;
  uint32_t text_context = 0;
  uint32_t mels = 0;
  uint32_t audio_heads = 0, audio_layers = 0;
  uint32_t text_heads = 0, text_layers = 0;
};

tl::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

Result<const Ct2Variable*> Find(const Ct2File& model, std::string_view name, size_t rank) {
  const auto found = model.variables.find(name);
  if (found == model.variables.end()) {
    return Invalid(fmt::format("the model has no variable '{}'; is it a Whisper model?", name));
  }
  if (found->second.dims.size() != rank) {
    return Invalid(
        fmt::format("'{}' has rank {} and should have {}", name, found->second.dims.size(), rank));
  }
  return &found->second;
}

Result<uint32_t> Scalar(const Ct2File& model, std::string_view name) {
  PARLEY_TRY(const Ct2Variable* variable, Find(model, name, 0));
  if (variable->type != Ct2Type::kI16) {
    return Invalid(fmt::format("'{}' is {} and should be i16", name, Ct2TypeName(variable->type)));
  }
  int16_t value;
  std::memcpy(&value, variable->data.data(), sizeof(value));
  if (value < 1) return Invalid(fmt::format("'{}' is {} and should be at least 1", name, value));
  return static_cast<uint32_t>(value);
}

uint32_t CountLayers(const Ct2File& model, std::string_view side) {
  uint32_t count = 0;
  while (model.variables.contains(fmt::format("{}/layer_{}/ffn/linear_0/weight", side, count))) {
    ++count;
  }
  return count;
}

Status CheckShape(const Shape& shape) {
  // whisper.cpp knows English-only (51864), multilingual (51865) and large-v3 (51866) vocabularies.
  if (shape.vocabulary < 51864 || shape.vocabulary > 51866) {
    return Invalid(
        fmt::format("a vocabulary of {} is none of Whisper's (51864 to 51866)", shape.vocabulary));
  }
  if (shape.mels != 80 && shape.mels != 128) {
    return Invalid(fmt::format("{} mel bands are none of Whisper's (80, 128)", shape.mels));
  }
  if (shape.state % 64 != 0 || shape.state > 4096 || shape.audio_heads * 64 != shape.state ||
      shape.text_heads * 64 != shape.state) {
    return Invalid(
        fmt::format("a state of {} with {} and {} heads is none of Whisper's (64 a head)",
                    shape.state, shape.audio_heads, shape.text_heads));
  }
  if (shape.audio_context != 1500 || shape.text_context != 448) {
    return Invalid(fmt::format("contexts of {} and {} are none of Whisper's (1500, 448)",
                               shape.audio_context, shape.text_context));
  }
  if (shape.audio_layers == 0 || shape.text_layers == 0 || shape.audio_layers > 64 ||
      shape.text_layers > 64) {
    return Invalid(fmt::format("{} and {} layers are none of Whisper's (1 to 64)",
                               shape.audio_layers, shape.text_layers));
  }
  return {};
}

Result<Shape> ReadShape(const Ct2File& model) {
  if (model.spec != "WhisperSpec") {
    return Invalid(
        fmt::format("the model is a '{}', and only WhisperSpec can be imported", model.spec));
  }
  PARLEY_TRY(const Ct2Variable* embeddings, Find(model, "decoder/embeddings/weight", 2));
  PARLEY_TRY(const Ct2Variable* heard, Find(model, "encoder/position_encodings/encodings", 2));
  PARLEY_TRY(const Ct2Variable* said, Find(model, "decoder/position_encodings/encodings", 2));
  PARLEY_TRY(const Ct2Variable* convolution, Find(model, "encoder/conv1/weight", 3));
  Shape shape;
  shape.vocabulary = embeddings->dims[0];
  shape.audio_context = heard->dims[0];
  shape.state = heard->dims[1];
  shape.text_context = said->dims[0];
  shape.mels = convolution->dims[1];
  PARLEY_TRY(shape.audio_heads, Scalar(model, "encoder/num_heads"));
  PARLEY_TRY(shape.text_heads, Scalar(model, "decoder/num_heads"));
  shape.audio_layers = CountLayers(model, "encoder");
  shape.text_layers = CountLayers(model, "decoder");
  PARLEY_TRY_STATUS(CheckShape(shape));
  return shape;
}

// Sines, then cosines, of geometrically falling frequencies: the encoder's positions, which the
// model holds rounded to f16.
std::vector<float> EncoderPositions(uint32_t rows, uint32_t state) {
  const uint32_t half = state / 2;
  std::vector<float> positions(static_cast<size_t>(rows) * state);
  for (uint32_t k = 0; k < half; ++k) {
    const auto frequency = static_cast<float>(std::exp(-std::log(10000.0) / (half - 1) * k));
    for (uint32_t row = 0; row < rows; ++row) {
      const float angle = static_cast<float>(row) * frequency;
      positions[size_t{row} * state + k] = std::sin(angle);
      positions[size_t{row} * state + half + k] = std::cos(angle);
    }
  }
  return positions;
}

// Copies one model, tensor by tensor, in the order of the published ggml files.
class Conversion {
 public:
  Conversion(const Ct2File& model, const Shape& shape, GgmlWriter& writer)
      : model_(model), shape_(shape), writer_(writer) {}

  Status Run() {
    const uint32_t d = shape_.state;
    PARLEY_TRY_STATUS(Convolution("encoder/conv1", "encoder.conv1", shape_.mels));
    PARLEY_TRY_STATUS(Convolution("encoder/conv2", "encoder.conv2", d));
    writer_.Vector("encoder.positional_embedding", {shape_.audio_context, d},
                   EncoderPositions(shape_.audio_context, d));
    PARLEY_TRY_STATUS(Norm("encoder/layer_norm", "encoder.ln_post"));
    PARLEY_TRY(const std::vector<float> positions,
               Floats("decoder/position_encodings/encodings", {shape_.text_context, d}));
    writer_.Vector("decoder.positional_embedding", {shape_.text_context, d}, positions);
    PARLEY_TRY_STATUS(Matrix("decoder/embeddings/weight", "decoder.token_embedding.weight",
                             {shape_.vocabulary, d}));
    PARLEY_TRY_STATUS(Norm("decoder/layer_norm", "decoder.ln"));
    for (uint32_t i = 0; i < shape_.audio_layers; ++i) PARLEY_TRY_STATUS(Layer("encoder", i));
    for (uint32_t i = 0; i < shape_.text_layers; ++i) PARLEY_TRY_STATUS(Layer("decoder", i));
    return {};
  }

 private:
  using Dims = std::vector<uint32_t>;

  // A variable of exactly that shape, as f32.
  Result<std::vector<float>> Floats(const std::string& name, const Dims& dims) {
    PARLEY_TRY(const Ct2Variable* variable, Find(model_, name, dims.size()));
    if (variable->dims != dims) {
      return Invalid(fmt::format("'{}' has shape [{}] and should have [{}]", name,
                                 fmt::join(variable->dims, ", "), fmt::join(dims, ", ")));
    }
    auto floats = ToFloats(*variable);
    if (!floats) {
      return Invalid(fmt::format(
          "'{}' is {}, and only f16, bf16 and f32 can be imported; convert the model with "
          "--quantization float16",
          name, Ct2TypeName(variable->type)));
    }
    return *std::move(floats);
  }

  Status Matrix(const std::string& from, const std::string& to, const Dims& dims) {
    PARLEY_TRY(const std::vector<float> floats, Floats(from, dims));
    writer_.Matrix(to, dims, floats);
    return {};
  }

  Status Vector(const std::string& from, const std::string& to, const Dims& dims) {
    PARLEY_TRY(const std::vector<float> floats, Floats(from, dims));
    writer_.Vector(to, dims, floats);
    return {};
  }

  Status Norm(const std::string& from, const std::string& to) {
    PARLEY_TRY_STATUS(Vector(from + "/gamma", to + ".weight", {shape_.state}));
    return Vector(from + "/beta", to + ".bias", {shape_.state});
  }

  Status Linear(const std::string& from, const std::string& to, uint32_t out, uint32_t in) {
    PARLEY_TRY_STATUS(Matrix(from + "/weight", to + ".weight", {out, in}));
    return Vector(from + "/bias", to + ".bias", {out});
  }

  Status Convolution(const std::string& from, const std::string& to, uint32_t in) {
    const uint32_t d = shape_.state;
    PARLEY_TRY(const std::vector<float> kernel, Floats(from + "/weight", {d, in, 3}));
    writer_.Convolution(to + ".weight", {d, in, 3}, kernel);
    PARLEY_TRY(const std::vector<float> bias, Floats(from + "/bias", {d}));
    writer_.Vector(to + ".bias", {d, 1}, bias);
    return {};
  }

  // Splits a fused projection into its rows of `state` each. Whisper's keys have no bias, so the
  // fused one must be zero there.
  Status Fused(const std::string& from, const std::string& to,
               std::span<const std::string_view> parts) {
    const uint32_t d = shape_.state;
    const auto rows = static_cast<uint32_t>(d * parts.size());
    PARLEY_TRY(const std::vector<float> weight, Floats(from + "/weight", {rows, d}));
    PARLEY_TRY(const std::vector<float> bias, Floats(from + "/bias", {rows}));
    const std::span<const float> weights = weight, biases = bias;
    for (size_t i = 0; i < parts.size(); ++i) {
      const std::string name = to + "." + std::string(parts[i]);
      const auto part_bias = biases.subspan(i * d, d);
      writer_.Matrix(name + ".weight", {d, d}, weights.subspan(i * d * d, size_t{d} * d));
      if (parts[i] != "key") {
        writer_.Vector(name + ".bias", {d}, part_bias);
        continue;
      }
      for (const float value : part_bias) {
        if (value != 0) return Invalid(fmt::format("'{}/bias' has a bias for keys", from));
      }
    }
    return {};
  }

  Status Layer(std::string_view side, uint32_t index) {
    constexpr std::string_view kQueryKeyValue[] = {"query", "key", "value"};
    constexpr std::string_view kKeyValue[] = {"key", "value"};
    const uint32_t d = shape_.state;
    const std::string from = fmt::format("{}/layer_{}", side, index);
    const std::string to = fmt::format("{}.blocks.{}", side, index);
    PARLEY_TRY_STATUS(Fused(from + "/self_attention/linear_0", to + ".attn", kQueryKeyValue));
    PARLEY_TRY_STATUS(Linear(from + "/self_attention/linear_1", to + ".attn.out", d, d));
    PARLEY_TRY_STATUS(Norm(from + "/self_attention/layer_norm", to + ".attn_ln"));
    if (side == "decoder") {
      const std::string cross = from + "/attention/linear_";
      PARLEY_TRY_STATUS(Linear(cross + "0", to + ".cross_attn.query", d, d));
      PARLEY_TRY_STATUS(Fused(cross + "1", to + ".cross_attn", kKeyValue));
      PARLEY_TRY_STATUS(Linear(cross + "2", to + ".cross_attn.out", d, d));
      PARLEY_TRY_STATUS(Norm(from + "/attention/layer_norm", to + ".cross_attn_ln"));
    }
    PARLEY_TRY_STATUS(Linear(from + "/ffn/linear_0", to + ".mlp.0", 4 * d, d));
    PARLEY_TRY_STATUS(Linear(from + "/ffn/linear_1", to + ".mlp.2", d, 4 * d));
    return Norm(from + "/ffn/layer_norm", to + ".mlp_ln");
  }

  const Ct2File& model_;
  const Shape& shape_;
  GgmlWriter& writer_;
};

void WriteHeader(const Shape& shape, GgmlWriter& writer) {
  writer.Begin();
  for (const uint32_t value :
       {shape.vocabulary, shape.audio_context, shape.state, shape.audio_heads, shape.audio_layers,
        shape.text_context, shape.state, shape.text_heads, shape.text_layers, shape.mels}) {
    writer.Int(value);
  }
  writer.FileType();
  writer.Int(shape.mels);
  writer.Int(kFftBins);
  writer.Floats(MelFilters(static_cast<int>(shape.mels)));
}

}  // namespace

std::optional<WeightType> WeightTypeFromName(std::string_view name) {
  if (name == "f16") return WeightType::kF16;
  if (name == "q8_0") return WeightType::kQ8;
  return std::nullopt;
}

Status WriteGgml(const Ct2File& model, std::string_view vocabulary, WeightType type,
                 std::ostream& out) {
  PARLEY_TRY(const Shape shape, ReadShape(model));
  PARLEY_TRY(const std::vector<std::string> tokens, ReadVocabulary(vocabulary));
  // The special tokens, which whisper.cpp numbers from there on, follow the ordinary ones.
  const size_t tokens_expected = shape.vocabulary == 51864 ? 50256 : 50257;
  if (tokens.size() != tokens_expected) {
    return Fail(Code::kDataLoss,
                fmt::format("the vocabulary has {} ordinary tokens, and a model of "
                            "{} needs {}; do the two belong together?",
                            tokens.size(), shape.vocabulary, tokens_expected));
  }
  GgmlWriter writer(out, type);
  WriteHeader(shape, writer);
  writer.Int(static_cast<uint32_t>(tokens.size()));
  for (const std::string& token : tokens) writer.Token(token);
  PARLEY_TRY_STATUS(Conversion(model, shape, writer).Run());
  if (!out)
    return Fail(Code::kUnavailable, "the ggml file could not be written; is the disk full?");
  return {};
}

Status ImportCt2(const std::filesystem::path& folder, const std::filesystem::path& file,
                 WeightType type) {
  PARLEY_TRY(const std::string bytes, ReadFile(folder / "model.bin", kModelBytesMax));
  PARLEY_TRY(const std::string vocabulary,
             ReadFile(folder / "vocabulary.txt", kVocabularyBytesMax));
  PARLEY_TRY(const Ct2File model, ReadCt2(bytes));
  std::filesystem::path part = file;
  part += fmt::format(".{}.part", getpid());
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  if (!out) return Fail(Code::kUnavailable, fmt::format("cannot create {}", part.string()));
  Status written = WriteGgml(model, vocabulary, type, out);
  out.close();
  std::error_code error;
  if (written && !out) written = Fail(Code::kUnavailable, "the disk is full");
  if (written) {
    std::filesystem::rename(part, file, error);
    if (error) written = Fail(Code::kUnavailable, error.message());
  }
  if (!written) {
    std::filesystem::remove(part, error);
    return Fail(written.error().code, fmt::format("importing {} into {}: {}", folder.string(),
                                                  file.string(), written.error().message));
  }
  return {};
}

}  // namespace parley::whisper
