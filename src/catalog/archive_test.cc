#include "catalog/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "catalog/testing/make_archive.h"

namespace parley::catalog {
namespace {

using ::testing::HasSubstr;
using testing::MakeArchive;
namespace fs = std::filesystem;

class ArchiveTest : public ::testing::TestWithParam<const char*> {
 protected:
  fs::path Archive(const std::vector<testing::ArchiveEntry>& entries) {
    const fs::path path = dir_.path() / GetParam();
    MakeArchive(path, entries);
    return path;
  }
  fs::path Folder() {
    fs::create_directories(dir_.path() / "out");
    return dir_.path() / "out";
  }
  parley::testing::TempDir dir_;
};
INSTANTIATE_TEST_SUITE_P(Formats, ArchiveTest, ::testing::Values("a.zip", "a.tar.gz"));

TEST_P(ArchiveTest, TakesOneMemberOut) {
  const auto archive = Archive({{"x/a", "first"}, {"x/b", "second"}});
  ASSERT_TRUE(ExtractMember(archive, "x/b", dir_.path() / "b", {}));
  EXPECT_EQ(*ReadFile(dir_.path() / "b", 100), "second");
  EXPECT_EQ(ExtractMember(archive, "x/c", dir_.path() / "c", {}).error().code, Code::kNotFound);
}

TEST_P(ArchiveTest, UnpacksFolders) {
  const auto archive = Archive({{"v/a.onnx", "1"}, {"v/deep/b.json", "2"}});
  ASSERT_TRUE(Unpack(archive, Folder(), {}));
  EXPECT_EQ(*ReadFile(Folder() / "v/deep/b.json", 100), "2");
}

TEST_P(ArchiveTest, NothingReachesOutsideTheFolder) {
  for (const char* name : {"../evil", "a/../../evil", "/tmp/parley-evil", "a\\..\\evil"}) {
    const auto archive = Archive({{"ok", "1"}, {name, "evil"}});
    const Status unpacked = Unpack(archive, Folder(), {});
    ASSERT_FALSE(unpacked) << name;
    EXPECT_EQ(unpacked.error().code, Code::kInvalidArgument);
    EXPECT_FALSE(fs::exists(dir_.path() / "evil"));
    EXPECT_FALSE(fs::exists("/tmp/parley-evil"));
  }
}

TEST_P(ArchiveTest, LinksAreRefused) {
  const auto archive = Archive({{"link", "", "/etc"}, {"link/passwd", "evil"}});
  EXPECT_THAT(Unpack(archive, Folder(), {}).error().message, HasSubstr("'link'"));
}

TEST_P(ArchiveTest, LimitsHold) {
  const auto archive = Archive({{"a", std::string(1000, 'x')}, {"b", std::string(1000, 'x')}});
  EXPECT_EQ(Unpack(archive, Folder(), {.entries_max = 1}).error().code, Code::kOutOfRange);
  EXPECT_EQ(Unpack(archive, Folder(), {.bytes_max = 1999}).error().code, Code::kOutOfRange);
  EXPECT_TRUE(Unpack(archive, Folder(), {.bytes_max = 2000}));
  EXPECT_EQ(ExtractMember(archive, "a", dir_.path() / "a", {.bytes_max = 999}).error().code,
            Code::kOutOfRange);
}

TEST_P(ArchiveTest, ACutArchiveIsAnErrorNotAShortFile) {
  std::string noise(200'000, '\0');
  for (size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>((i * i * 7919) >> 5);
  const auto archive = Archive({{"a", noise}});
  fs::resize_file(archive, fs::file_size(archive) / 2);
  EXPECT_FALSE(ExtractMember(archive, "a", dir_.path() / "a", {}));
}

TEST(Archive, NoArchiveIsNamed) {
  const parley::testing::TempDir dir;
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "a.zip", "not an archive"));
  const Status unpacked = Unpack(dir.path() / "a.zip", dir.path(), {});
  ASSERT_FALSE(unpacked);
  EXPECT_THAT(unpacked.error().message, HasSubstr("a.zip"));
}

}  // namespace
}  // namespace parley::catalog
