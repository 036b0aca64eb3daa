#include "catalog/engine_manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/testing/temp_dir.h"

namespace parley::catalog {
namespace {

using ::testing::HasSubstr;

constexpr const char* kEngine =
    "[engine]\nname = \"xtts\"\nkind = \"tts\"\nlicense = \"MPL-2.0\"\nprogram = \"engine.py\"\n";

std::string RefusalOf(const std::string& text) {
  const auto manifest = ParseEngineManifest(text, "/e/xtts");
  return manifest ? "" : manifest.error().message;
}

TEST(EngineManifest, SaysWhatItServesAndHowItIsStarted) {
  const auto manifest = ParseEngineManifest(
      std::string(kEngine) +
          "[python]\nversions = \">=3.10, <3.13\"\nenvironment = \"venv\"\n"
          "[sandbox]\nwritable = [\"data\", \"/opt/cuda\"]\nmemory_mib_max = 512\n",
      "/e/xtts");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->name, "xtts");
  EXPECT_EQ(manifest->python->minor_min, 10);
  EXPECT_EQ(manifest->python->minor_end, 13);
  EXPECT_EQ(manifest->python->environment, "/e/xtts/venv");
  EXPECT_THAT(manifest->sandbox.writable, ::testing::ElementsAre("/e/xtts/data", "/opt/cuda"));
  EXPECT_EQ(manifest->sandbox.memory_mib_max, 512u);
}

TEST(EngineManifest, WithoutASandboxSectionNothingMayBeWritten) {
  const auto manifest = ParseEngineManifest(kEngine, "/e/xtts");
  ASSERT_TRUE(manifest);
  EXPECT_TRUE(manifest->sandbox.writable.empty());
  EXPECT_FALSE(manifest->python);
}

TEST(EngineManifest, WhatIsWrongIsNamedByFileLineAndKey) {
  const std::string engine = kEngine;
  EXPECT_THAT(RefusalOf(engine + "pogram = \"x\"\n"),
              HasSubstr("/e/xtts/engine.toml:6: pogram is not a known key"));
  EXPECT_THAT(
      RefusalOf("[engine]\nname = \"a\"\nkind = \"vad\"\nlicense = \"\"\nprogram = \"p\"\n"),
      HasSubstr("engine.toml:3: kind must be one of tts, asr, llm"));
  EXPECT_THAT(RefusalOf(engine + "[python]\nversions = \"3.10\"\n"),
              HasSubstr("engine.toml:7: versions must be a range"));
  EXPECT_THAT(RefusalOf(engine + "[python]\nversions = \">=3.13, <3.10\"\n"), HasSubstr("range"));
  EXPECT_THAT(RefusalOf(engine + "[sandbox]\nmemory_mib_max = -1\n"),
              HasSubstr("engine.toml:7: memory_mib_max must be"));
  EXPECT_THAT(
      RefusalOf("[engine]\nname = \"../x\"\nkind = \"tts\"\nlicense = \"\"\nprogram=\"p\"\n"),
      HasSubstr("engine.toml:2: name must be"));
  EXPECT_THAT(RefusalOf("nonsense"), HasSubstr("engine.toml:1"));
}

TEST(EngineManifest, TheEarlierFolderHidesTheLaterAndTheBrokenIsTold) {
  const testing::TempDir dir;
  const auto put = [&](const char* folder, const std::string& text) {
    std::filesystem::create_directories(dir.path() / folder);
    EXPECT_TRUE(WriteFileAtomically(dir.path() / folder / "engine.toml", text));
  };
  put("mine/xtts", kEngine);
  put("theirs/xtts", kEngine);
  put("theirs/broken", "[engine]\n");
  std::vector<Error> problems;
  const auto engines =
      ListEngineManifests({dir.path() / "mine", dir.path() / "theirs", "/nowhere"}, &problems);
  ASSERT_EQ(engines.size(), 1u);
  EXPECT_EQ(engines[0].folder, dir.path() / "mine/xtts");
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_THAT(problems[0].message, HasSubstr("name is missing"));
  EXPECT_THAT(problems[1].message, HasSubstr("hidden by"));
}

}  // namespace
}  // namespace parley::catalog
