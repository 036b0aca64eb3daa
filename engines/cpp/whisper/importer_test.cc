// The golden numbers in data/ were made by another importer of the same model; see importer.h.
#include "whisper/importer.h"

#include <fmt/format.h>
#include <ggml.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "base/file.h"
#include "base/testing/skip.h"
#include "base/testing/temp_dir.h"
#include "whisper/mel_filters.h"
#include "whisper/testing/ct2_builder.h"
#include "whisper/testing/models.h"
#include "whisper/vocabulary.h"

namespace parley::whisper {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Tensor {
  std::vector<int32_t> dims;  // as on disk
  int32_t type = 0;
  std::vector<float> values;
};

struct Ggml {
  std::vector<int32_t> header;
  std::vector<float> mel;
  std::vector<std::string> tokens;
  std::vector<std::string> names;  // in their order
  std::map<std::string, Tensor> tensors;
};

// An independent reader of what the importer writes.
class GgmlReader {
 public:
  explicit GgmlReader(std::string bytes) : bytes_(std::move(bytes)) {}

  Ggml Read() {
    Ggml ggml;
    EXPECT_EQ(Int(), 0x67676d6c);
    for (int i = 0; i < 11; ++i) ggml.header.push_back(Int());
    const int mels = Int(), bins = Int();
    ggml.mel = Floats(static_cast<size_t>(mels) * static_cast<size_t>(bins));
    for (int count = Int(); count > 0; --count) ggml.tokens.push_back(Text(Int()));
    while (at_ < bytes_.size()) ReadTensor(ggml);
    return ggml;
  }

 private:
  void ReadTensor(Ggml& ggml) {
    Tensor tensor;
    const int rank = Int(), name_size = Int();
    tensor.type = Int();
    for (int i = 0; i < rank; ++i) tensor.dims.push_back(Int());
    const std::string name = Text(name_size);
    const auto count = std::accumulate(tensor.dims.begin(), tensor.dims.end(), int64_t{1},
                                       std::multiplies<int64_t>());
    const auto type = static_cast<ggml_type>(tensor.type);
    const std::string data = Text(ggml_row_size(type, count));
    tensor.values.resize(static_cast<size_t>(count));
    if (type == GGML_TYPE_F32) {
      std::memcpy(tensor.values.data(), data.data(), data.size());
    } else {
      ggml_get_type_traits(type)->to_float(data.data(), tensor.values.data(), count);
    }
    ggml.names.push_back(name);
    ggml.tensors[name] = std::move(tensor);
  }

  std::string Text(size_t size) {
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  int32_t Int() {
    int32_t value = 0;
    std::memcpy(&value, Text(sizeof(value)).data(), sizeof(value));
    return value;
  }
  std::vector<float> Floats(size_t count) {
    std::vector<float> values(count);
    const std::string data = Text(count * sizeof(float));
    std::memcpy(values.data(), data.data(), data.size());
    return values;
  }

  std::string bytes_;
  size_t at_ = 0;
};

Result<Ggml> Import(const std::string& bytes, const std::string& vocabulary,
                    WeightType type = WeightType::kF16) {
  PARLEY_TRY(const Ct2File file, ReadCt2(bytes));
  std::ostringstream out;
  PARLEY_TRY_STATUS(WriteGgml(file, vocabulary, type, out));
  return GgmlReader(out.str()).Read();
}

TEST(Importer, SplitsFusedProjectionsAndDropsTheBiasOfKeys) {
  const auto ggml = Import(testing::SmallestWhisper().Bytes(), testing::Vocabulary(50256));
  ASSERT_TRUE(ggml) << ggml.error().message;
  const auto& tensors = ggml->tensors;
  EXPECT_EQ(tensors.at("encoder.blocks.0.attn.query.weight").values[0], 1);
  EXPECT_EQ(tensors.at("encoder.blocks.0.attn.key.weight").values[0], 2);
  EXPECT_EQ(tensors.at("encoder.blocks.0.attn.value.weight").values[0], 3);
  EXPECT_EQ(tensors.at("encoder.blocks.0.attn.value.bias").values[63], 3);
  EXPECT_EQ(tensors.at("decoder.blocks.0.cross_attn.key.weight").values[0], 2);
  EXPECT_EQ(tensors.at("decoder.blocks.0.cross_attn.value.weight").values[0], 3);
  EXPECT_EQ(tensors.count("encoder.blocks.0.attn.key.bias"), 0U);
  EXPECT_EQ(tensors.count("decoder.projection.weight"), 0U);
  EXPECT_EQ(tensors.size(), 11U + 15U + 24U);
}

TEST(Importer, StoresMatricesInTheTypeAskedForAndVectorsWhole) {
  const std::string bytes = testing::SmallestWhisper().Bytes();
  const auto ggml = Import(bytes, testing::Vocabulary(50256), WeightType::kQ8);
  ASSERT_TRUE(ggml) << ggml.error().message;
  EXPECT_EQ(ggml->tensors.at("encoder.blocks.0.mlp.0.weight").type, GGML_TYPE_Q8_0);
  EXPECT_EQ(ggml->tensors.at("encoder.conv1.weight").type, GGML_TYPE_F16);
  EXPECT_EQ(ggml->tensors.at("encoder.conv1.bias").type, GGML_TYPE_F32);
  EXPECT_EQ(ggml->tensors.at("decoder.positional_embedding").type, GGML_TYPE_F32);
  EXPECT_EQ(ggml->header.back(), 2007);  // q8_0, quantization format 2
  EXPECT_THAT(ggml->tensors.at("encoder.conv1.bias").dims, ElementsAre(1, 64));
}

TEST(Importer, RefusesAModelThatIsNoWhisper) {
  const auto ggml = Import(testing::Ct2Builder("TransformerSpec").Bytes(), "");
  ASSERT_FALSE(ggml);
  EXPECT_EQ(ggml.error().code, Code::kInvalidArgument);
  EXPECT_THAT(ggml.error().message, HasSubstr("TransformerSpec"));
}

TEST(Importer, RefusesAVocabularyOfAnotherModel) {
  const auto ggml = Import(testing::SmallestWhisper().Bytes(), testing::Vocabulary(50257));
  ASSERT_FALSE(ggml);
  EXPECT_THAT(ggml.error().message, HasSubstr("belong together"));
}

TEST(Importer, RefusesWeightsInEightBits) {
  std::string bytes = testing::SmallestWhisper().Bytes();
  const size_t name = bytes.find("encoder/layer_norm/gamma");
  ASSERT_NE(name, std::string::npos);
  const size_t type = name + sizeof("encoder/layer_norm/gamma") + 1 + 4;  // rank, one dim
  bytes[type] = static_cast<char>(Ct2Type::kI16);                         // of the same size
  const auto ggml = Import(bytes, testing::Vocabulary(50256));
  ASSERT_FALSE(ggml);
  EXPECT_THAT(ggml.error().message, HasSubstr("--quantization float16"));
}

TEST(Importer, LeavesNoFileWhenItFails) {
  const parley::testing::TempDir dir;
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "model.bin", "not a model"));
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "vocabulary.txt", "a\n<|endoftext|>\n"));
  const Status status = ImportCt2(dir.path(), dir.path() / "out.bin", WeightType::kQ8);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("version"));
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    ++files;
  }
  EXPECT_EQ(files, 2);
}

TEST(Importer, SaysWhenTheDiskIsFull) {
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  const std::string bytes = testing::SmallestWhisper().Bytes();
  const auto file = ReadCt2(bytes);
  ASSERT_TRUE(file);
  const Status status = WriteGgml(*file, testing::Vocabulary(50256), WeightType::kF16, out);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kUnavailable);
}

TEST(MelFilters, AreThePublishedOnes) {
  const std::vector<float> filters = MelFilters(80);
  ASSERT_EQ(filters.size(), size_t{80} * kFftBins);
  double sum = 0;
  float max = 0;
  for (const float value : filters) {
    sum += value;
    max = std::max(max, value);
  }
  EXPECT_NEAR(sum, 1.999024092387117, 1e-6);
  EXPECT_NEAR(max, 0.025880683213472366, 1e-8);
  EXPECT_EQ(MelFilters(128).size(), size_t{128} * kFftBins);
}

// The golden numbers, and the file that our importer makes of the same model.
class Golden : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ifstream in(PARLEY_SOURCE_DIR "/engines/cpp/whisper/data/whisper_tiny_en_ggml.json");
    golden_ = nlohmann::json::parse(in);
  }

  void Compare(const Ggml& ggml, double matrix_tolerance) {
    const auto& header = golden_["header"];
    EXPECT_EQ(ggml.header[0], header["n_vocab"]);
    EXPECT_EQ(ggml.header[4], header["n_audio_layer"]);
    EXPECT_EQ(ggml.tokens.size(), golden_["vocabulary"]["count"]);
    EXPECT_EQ(ggml.tokens.front(), golden_["vocabulary"]["first"]);
    EXPECT_EQ(ggml.tokens.back(), golden_["vocabulary"]["last"]);
    ASSERT_EQ(ggml.names.size(), golden_["tensors"].size());
    for (size_t i = 0; i < ggml.names.size(); ++i) {
      CompareTensor(golden_["tensors"][i], ggml.names[i], ggml.tensors.at(ggml.names[i]),
                    matrix_tolerance);
    }
  }

  // `tolerance` is relative to the sum of the absolute values.
  void CompareTensor(const nlohmann::json& golden, const std::string& name, const Tensor& tensor,
                     double tolerance) {
    ASSERT_EQ(name, golden["name"]);
    EXPECT_EQ(tensor.dims, golden["dims_on_disk"].get<std::vector<int32_t>>()) << name;
    double sum = 0, abs_sum = 0;
    for (const float value : tensor.values) {
      sum += value;
      abs_sum += std::abs(value);
    }
    const double exact = name == "encoder.positional_embedding" ? 1e-6 : 1e-12;
    const double allowed = tensor.type == GGML_TYPE_Q8_0 ? tolerance : exact;
    const double scale = golden["abs_sum"];
    EXPECT_NEAR(sum, golden["sum"].get<double>(), allowed * scale) << name;
    EXPECT_NEAR(abs_sum, scale, allowed * scale) << name;
    const double element = tensor.type == GGML_TYPE_Q8_0 ? 0.02 : exact;
    EXPECT_NEAR(tensor.values.front(), golden["first"].get<double>(), element) << name;
    EXPECT_NEAR(tensor.values.back(), golden["last"].get<double>(), element) << name;
  }

  nlohmann::json golden_;
};

TEST_F(Golden, IsMatchedExactlyByAnImportInF16) {
  const std::filesystem::path folder = testing::TinyEnCt2();
  if (folder.empty()) {
    SkipCounted("no CTranslate2 tiny.en: set PARLEY_WHISPER_CT2 to a folder with its model.bin");
  }
  const parley::testing::TempDir dir;
  const std::filesystem::path file = dir.path() / "tiny.en.bin";
  const Status status = ImportCt2(folder, file, WeightType::kF16);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(std::filesystem::file_size(file), golden_["file_bytes"]);
  Compare(GgmlReader(*ReadFile(file, 100 << 20)).Read(), 0);
}

TEST_F(Golden, IsMatchedWithinItsPrecisionByTheImportInEightBits) {
  const std::filesystem::path file = testing::TinyEn();
  if (file.empty()) SkipCounted("the model whisper/tiny.en is not in the models cache");
  const Ggml ggml = GgmlReader(*ReadFile(file, 100 << 20)).Read();
  EXPECT_EQ(std::filesystem::file_size(file), 43'550'778U);
  Compare(ggml, 2e-3);
}

}  // namespace
}  // namespace parley::whisper
