#include "catalog/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/testing/temp_dir.h"

namespace parley::catalog {
namespace {

using ::testing::HasSubstr;

class PackTest : public ::testing::Test {
 protected:
  Pack Make(const std::string& id) {
    Pack pack{.folder = dir_.path() / id, .id = id, .engine = "piper", .kind = "tts"};
    pack.license = "MIT";
    pack.languages = {"en-US", "de"};
    pack.files = {{"model", "a.onnx"}};
    pack.options = {{"threads", "2"}};
    pack.sha256 = {{"a.onnx", std::string(64, '0')}};
    std::filesystem::create_directories(pack.folder);
    EXPECT_TRUE(WriteFileAtomically(pack.folder / "a.onnx", "abc"));
    EXPECT_TRUE(WritePack(pack));
    return pack;
  }
  testing::TempDir dir_;
};

TEST_F(PackTest, IsReadAsItWasWritten) {
  const Pack written = Make("piper/a");
  const auto read = ReadPack(written.folder);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->id, written.id);
  EXPECT_EQ(read->engine, written.engine);
  EXPECT_EQ(read->kind, written.kind);
  EXPECT_EQ(read->languages, written.languages);
  EXPECT_EQ(read->files, written.files);
  EXPECT_EQ(read->options, written.options);
  EXPECT_EQ(read->sha256, written.sha256);
  EXPECT_EQ(*read->FileOf("model"), written.folder / "a.onnx");
  EXPECT_THAT(read->FileOf("config").error().message, HasSubstr("it has model"));
}

TEST_F(PackTest, WhoSpellsOutTheTextIsReadAndWritten) {
  Pack pack = Make("piper/a");
  EXPECT_EQ(ReadPack(pack.folder)->normalizer, TextNormalizer::kWorker);
  pack.normalizer = TextNormalizer::kEngine;
  ASSERT_TRUE(WritePack(pack));
  EXPECT_EQ(ReadPack(pack.folder)->normalizer, TextNormalizer::kEngine);
  const auto parsed = ParsePack(
      "[model]\nid=\"a\"\nengine=\"piper\"\nkind=\"tts\"\nnormalizer=\"me\"\n[files]\n", "m");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, HasSubstr("normalizer must be one of worker, engine, none"));
}

TEST_F(PackTest, AMissingFileSaysHowToGetIt) {
  const Pack pack = Make("piper/a");
  std::filesystem::remove(pack.folder / "a.onnx");
  const auto read = ReadPack(pack.folder);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::kNotFound);
  EXPECT_THAT(read.error().message, HasSubstr("parley models pull piper/a"));
}

TEST_F(PackTest, AFileNameThatReachesElsewhereIsRefused) {
  const auto parsed = ParsePack(
      "[model]\nid=\"a\"\nengine=\"piper\"\nkind=\"tts\"\n[files]\nmodel=\"../../etc/passwd\"\n",
      "m");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, HasSubstr("plain file name"));
}

TEST_F(PackTest, ListsWhatIsThereAndReportsWhatIsBroken) {
  Make("piper/b");
  Make("a");
  Make(".partial/c");
  std::filesystem::create_directories(dir_.path() / "piper/broken");
  ASSERT_TRUE(WriteFileAtomically(dir_.path() / "piper/broken/model.toml", "nonsense"));
  std::vector<Error> problems;
  const auto packs = ListPacks(dir_.path(), &problems);
  ASSERT_EQ(packs.size(), 2u);
  EXPECT_EQ(packs[0].id, "a");
  EXPECT_EQ(packs[1].id, "piper/b");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(problems[0].message, HasSubstr("broken/model.toml:1"));
}

}  // namespace
}  // namespace parley::catalog
