#include "cosyvoice2/weights/torch_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/file.h"
#include "cosyvoice2/goldens/front_sets.h"
#include "cosyvoice2/testing/golden_data.h"
#include "cosyvoice2/weights/mapped_file.h"

namespace parley::cosyvoice2 {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::filesystem::path Folder() { return testing::SmallGoldens() / "G1_reader"; }

std::string Bytes(const std::string& name) {
  auto bytes = ReadFile(Folder() / name, 1 << 20);
  EXPECT_TRUE(bytes) << bytes.error().message;
  return bytes ? *bytes : std::string();
}

TEST(TorchFile, EveryGoldenFileIsReadOrRefusedForItsReason) {
  const auto rows = goldens::RunReaderSet({testing::SmallGoldens(), Folder()});
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_GE(rows->size(), 33U);
  for (const goldens::Row& row : *rows) {
    EXPECT_EQ(row.verdict, goldens::Verdict::kPassed) << row.case_name << ": " << row.note;
  }
}

TEST(TorchFile, NamesWhatAMaliciousFileAsksFor) {
  const auto file = ReadTorchFile(Bytes("malicious_after_tensor.pt"));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::kDataLoss);
  EXPECT_THAT(file.error().message, HasSubstr("'os.system'"));
}

TEST(TorchFile, TiedTensorsAreTheSameBytes) {
  const std::string bytes = Bytes("tied.pt");
  const auto file = ReadTorchFile(bytes);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->Tensor("embed_tokens.weight")->storage.bytes.data(),
            file->Tensor("lm_head.weight")->storage.bytes.data());
}

// A broken file is refused or read; whatever is read lies within its bytes (AddressSanitizer sees
// to that: every element is touched).
void ReadAll(std::string_view bytes) {
  const auto file = ReadTorchFile(bytes);
  if (!file) return;
  for (const TorchEntry& entry : file->entries) {
    const auto* tensor = std::get_if<TorchTensor>(&entry.value);
    if (tensor == nullptr) continue;
    std::vector<float> values(static_cast<size_t>(tensor->element_count()));
    tensor->CopyTo(std::span<float>(values));
  }
}

TEST(TorchFile, EveryCutFileIsRefused) {
  const std::string bytes = Bytes("strided.pt");
  for (size_t size = 0; size < bytes.size(); ++size) {
    // A copy of its own, so that reading past its end is seen.
    const std::string cut = bytes.substr(0, size);
    EXPECT_FALSE(ReadTorchFile(cut)) << size;
  }
}

TEST(TorchFile, FlippedBitsNeverLeadOutOfTheFile) {
  for (const char* name : {"strided.pt", "dtypes.pt", "spk2info_like.pt", "handmade_ok.pt"}) {
    const std::string bytes = Bytes(name);
    // A stride prime to 8 meets every place within a byte; the fuzzer sees to the rest.
    for (size_t bit = 0; bit < bytes.size() * 8; bit += 31) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      ReadAll(flipped);
    }
  }
}

// A dictionary that contains itself: "}q\0U…" cannot be written by torch.save, but by anyone else.
TEST(TorchFile, ADictionaryWithinItselfEnds) {
  std::string bytes = Bytes("handmade_ok.pt");
  const size_t at = bytes.find("ctorch._utils");
  ASSERT_NE(at, std::string::npos);
  // PROTO 2, EMPTY_DICT, BINPUT 0, BINUNICODE "a", BINGET 0, SETITEM, STOP; what follows is not
  // read.
  const size_t pickle = bytes.rfind("\x80\x02", at);
  ASSERT_NE(pickle, std::string::npos);
  const std::string cyclic(
      "\x80\x02}q\x00X\x01\x00\x00\x00"
      "ah\x00s.",
      15);
  bytes.replace(pickle, cyclic.size(), cyclic);
  EXPECT_TRUE(ReadTorchFile(bytes));
}

TEST(MappedFile, SaysWhichFileIsNotThere) {
  const auto file = MappedFile::Open("/no/such/llm.pt");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::kNotFound);
  EXPECT_THAT(file.error().message, HasSubstr("/no/such/llm.pt"));
  EXPECT_FALSE(MappedFile::Open("/tmp"));
}

}  // namespace
}  // namespace parley::cosyvoice2
