#include "cosyvoice2/weights/blob_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "cosyvoice2/weights/sha256.h"
#include "cosyvoice2/weights/weight_cache.h"

namespace parley::cosyvoice2 {
namespace {

using ::testing::ElementsAre;

class BlobFileTest : public ::testing::Test {
 protected:
  void Write(std::string_view key) {
    auto writer = BlobWriter::Create(path_, key);
    ASSERT_TRUE(writer) << writer.error().message;
    ASSERT_TRUE((*writer)->Add("a", "f32", {2, 1}, "12345678"));
    ASSERT_TRUE((*writer)->Add("b", "q8_0", {}, std::string(100, 'x')));
    ASSERT_TRUE((*writer)->Commit());
  }
  size_t FilesThere() const {
    const auto begin = std::filesystem::directory_iterator(dir_.path());
    return static_cast<size_t>(std::distance(begin, std::filesystem::directory_iterator()));
  }

  const parley::testing::TempDir dir_;
  const std::filesystem::path path_ = dir_.path() / "llm.weights";
};

TEST_F(BlobFileTest, GivesBackWhatWasWritten) {
  Write("key");
  const auto file = BlobFile::Open(path_, "key", true);
  ASSERT_TRUE(file) << file.error().message;
  const Blob* a = (*file)->Find("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->bytes, "12345678");
  EXPECT_EQ(a->type, "f32");
  EXPECT_THAT(a->shape, ElementsAre(2, 1));
  EXPECT_EQ(reinterpret_cast<uintptr_t>((*file)->Find("b")->bytes.data()) % 64, 0U);
  EXPECT_EQ((*file)->Find("c"), nullptr);
  EXPECT_EQ((*file)->size(), 2U);
}

TEST_F(BlobFileTest, AnotherKeyIsNotUsed) {
  Write("key");
  const auto file = BlobFile::Open(path_, "other", false);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::kFailedPrecondition);
}

TEST_F(BlobFileTest, EveryCutAndEveryChangedByteIsFound) {
  Write("key");
  const auto bytes = ReadFile(path_, 1 << 20);
  ASSERT_TRUE(bytes);
  for (size_t at = 0; at < bytes->size(); ++at) {
    ASSERT_TRUE(WriteFileAtomically(path_, bytes->substr(0, at)));
    EXPECT_FALSE(BlobFile::Open(path_, "key", true)) << "cut at " << at;
    std::string changed = *bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    // What lies between the arrays has no meaning.
    const bool padding = (*bytes)[at] == '\0' && at < 128;
    if (padding) continue;
    ASSERT_TRUE(WriteFileAtomically(path_, changed));
    EXPECT_FALSE(BlobFile::Open(path_, "key", true)) << "changed at " << at;
  }
}

TEST_F(BlobFileTest, WithoutCommitNothingIsLeft) {
  {
    auto writer = BlobWriter::Create(path_, "key");
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->Add("a", "f32", {}, "1234"));
    EXPECT_EQ((*writer)->Add("a", "f32", {}, "1234").error().code, Code::kAlreadyExists);
  }
  EXPECT_EQ(FilesThere(), 0U);
  EXPECT_EQ(BlobFile::Open(path_, "key", true).error().code, Code::kNotFound);
}

TEST(WeightCache, IsAnotherFileForOtherBytesTypesAndConversions) {
  const parley::testing::TempDir dir;
  const auto checkpoint = dir.path() / "llm.pt";
  ASSERT_TRUE(WriteFileAtomically(checkpoint, "weights"));
  const auto id = IdentifyWeightCache(dir.path(), checkpoint, "q8_0", 1);
  ASSERT_TRUE(id) << id.error().message;
  EXPECT_EQ(IdentifyWeightCache(dir.path(), checkpoint, "q8_0", 1)->key, id->key);
  EXPECT_NE(IdentifyWeightCache(dir.path(), checkpoint, "f16", 1)->path, id->path);
  EXPECT_NE(IdentifyWeightCache(dir.path(), checkpoint, "q8_0", 2)->path, id->path);
  ASSERT_TRUE(WriteFileAtomically(checkpoint, "weighty"));
  EXPECT_NE(IdentifyWeightCache(dir.path(), checkpoint, "q8_0", 1)->path, id->path);
  EXPECT_FALSE(IdentifyWeightCache(dir.path(), dir.path() / "flow.pt", "q8_0", 1));
}

TEST(Sha256, IsThatOfTheStandard) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace parley::cosyvoice2
