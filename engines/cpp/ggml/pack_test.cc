#include "ggml/pack.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "ggml/runtime.h"

namespace parley::ggml {
namespace {

class Pack : public ::testing::Test {
 protected:
  void Put(const std::string& name, std::string_view bytes) {
    ASSERT_TRUE(WriteFileAtomically(dir_.path() / name, bytes));
  }
  testing::TempDir dir_;
};

TEST_F(Pack, IsFoundByItsOnlyModelFile) {
  Put("m.gguf", "x");
  Put("README.md", "x");
  const auto file = FindModelFile(dir_.path(), ".gguf");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(*file, dir_.path() / "m.gguf");
}

TEST_F(Pack, FollowsItsModelToml) {
  Put("a.gguf", "x");
  Put("b.gguf", "x");
  Put("model.toml", "[files]\nmodel = \"b.gguf\"\n");
  const auto file = FindModelFile(dir_.path(), ".gguf");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(*file, dir_.path() / "b.gguf");
}

TEST_F(Pack, MayBeTheFileItself) {
  Put("m.gguf", "x");
  const auto file = FindModelFile(dir_.path() / "m.gguf", ".gguf");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(*file, dir_.path() / "m.gguf");
}

TEST_F(Pack, WithTwoModelFilesAsksWhich) {
  Put("a.gguf", "x");
  Put("b.gguf", "x");
  const auto file = FindModelFile(dir_.path(), ".gguf");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::kInvalidArgument);
  EXPECT_NE(file.error().message.find("several"), std::string::npos);
}

TEST_F(Pack, CannotPointOutsideItself) {
  for (const char* name : {"../secret.gguf", "/etc/passwd", "a/../../b", ""}) {
    Put("model.toml", "[files]\nmodel = \"" + std::string(name) + "\"\n");
    const auto file = FindModelFile(dir_.path(), ".gguf");
    ASSERT_FALSE(file) << name;
    EXPECT_EQ(file.error().code, Code::kInvalidArgument) << name;
  }
}

TEST_F(Pack, ThatIsBrokenNamesTheLine) {
  Put("model.toml", "[files]\nmodel = \n");
  const auto file = FindModelFile(dir_.path(), ".gguf");
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find("line 2"), std::string::npos) << file.error().message;
}

TEST_F(Pack, ThatIsNotThereSaysHowToFetchIt) {
  const auto file = FindModelFile(dir_.path() / "absent", ".gguf");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::kNotFound);
  EXPECT_NE(file.error().message.find("models pull"), std::string::npos);
}

TEST(Cpu, OfThisMachineRunsGgml) {
  const Status checked = CheckCpu();
  EXPECT_TRUE(checked) << checked.error().message;
}

}  // namespace
}  // namespace parley::ggml
