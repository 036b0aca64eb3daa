#include "base/file.h"

#include <gtest/gtest.h>

#include "base/testing/temp_dir.h"

namespace parley {
namespace {

TEST(File, WhatIsWrittenIsReadBackAndReplacesTheOld) {
  const testing::TempDir dir;
  const auto path = dir.path() / "a";
  ASSERT_TRUE(WriteFileAtomically(path, "first"));
  ASSERT_TRUE(WriteFileAtomically(path, std::string("sec\0nd", 6)));
  EXPECT_EQ(ReadFile(path, 100).value(), std::string("sec\0nd", 6));
}

TEST(File, AFileOverTheLimitIsRefusedWithTheLimit) {
  const testing::TempDir dir;
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "a", "12345"));
  const auto read = ReadFile(dir.path() / "a", 4);
  EXPECT_EQ(read.error().code, Code::kOutOfRange);
  EXPECT_NE(read.error().message.find("4 bytes"), std::string::npos);
}

TEST(File, AMissingFileIsNotFoundByName) {
  const auto read = ReadFile("/nonexistent/file", 4);
  EXPECT_EQ(read.error().code, Code::kNotFound);
  EXPECT_NE(read.error().message.find("/nonexistent/file"), std::string::npos);
}

TEST(File, AFailedWriteLeavesNoPartBehind) {
  const testing::TempDir dir;
  std::filesystem::create_directory(dir.path() / "taken");
  EXPECT_FALSE(WriteFileAtomically(dir.path() / "taken", "x"));
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    EXPECT_EQ(entry.path().filename(), "taken");
    ++count;
  }
  EXPECT_EQ(count, 1u);
}

}  // namespace
}  // namespace parley
