// `parley voice` with an engine that prints how it was called.
#include "cli/voice_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "cli/parley.h"

namespace parley::cli {
namespace {

using ::testing::HasSubstr;

class VoiceCommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("PARLEY_WORKER_ENGINE_DIRS", (dir_.path() / "engines").c_str(), 1);
    ::setenv("PARLEY_CACHE", dir_.path().c_str(), 1);
    PutEngine("keeper", "voice_command = \"voices\"\n");
    PutEngine("plain", "");
  }
  void TearDown() override {
    ::unsetenv("PARLEY_WORKER_ENGINE_DIRS");
    ::unsetenv("PARLEY_CACHE");
  }

  void PutEngine(const std::string& name, const std::string& rest) {
    const auto folder = dir_.path() / "engines" / name;
    std::filesystem::create_directories(folder);
    EXPECT_TRUE(WriteFileAtomically(folder / "engine.toml",
                                    "[engine]\nname = \"" + name +
                                        "\"\nkind = \"tts\"\nlicense = \"MIT\"\nprogram = "
                                        "\"engine.sh\"\n" +
                                        rest));
    EXPECT_TRUE(WriteFileAtomically(folder / "engine.sh",
                                    "#!/bin/sh\nprintf '<%s>' \"$@\"\n"
                                    "test \"$2\" != rm || exit 3\n",
                                    0755));
  }
  void PutModel(const std::string& name, const std::string& engine) {
    const auto folder = dir_.path() / "models" / name;
    std::filesystem::create_directories(folder);
    EXPECT_TRUE(WriteFileAtomically(
        folder / "model.toml",
        "[model]\nid = \"" + name + "\"\nengine = \"" + engine + "\"\nkind = \"tts\"\n[files]\n"));
  }

  // Runs `parley voice WORDS` and keeps what it and the engine print.
  int Run(std::vector<std::string> words) {
    words.insert(words.begin(), {"parley", "voice"});
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int code = RunParley(static_cast<int>(argv.size()), argv.data(), {});
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return code;
  }

  std::string Folder(const std::string& model) const {
    return (dir_.path() / "models" / model).string();
  }

  const testing::TempDir dir_;
  std::string out_;
  std::string err_;
};

TEST_F(VoiceCommandTest, TheModelsOwnEngineIsRunAndItsExitStatusIsOurs) {
  PutModel("one", "keeper");
  PutModel("other", "plain");
  EXPECT_EQ(Run({"add", "anna", "--audio", "a b.wav", "--text", "It's she."}), kDone) << err_;
  EXPECT_EQ(out_, "<voices><add><anna><--audio><a b.wav><--text><It's she.><--model><" +
                      Folder("one") + ">");
  EXPECT_EQ(Run({"list", "--json"}), kDone) << err_;
  EXPECT_EQ(out_, "<voices><list><--json><--model><" + Folder("one") + ">");
  EXPECT_EQ(Run({"rm", "anna", "--model", "one"}), kMissing);
}

TEST_F(VoiceCommandTest, WhichModelIsMeantMustBeClear) {
  EXPECT_EQ(Run({"list"}), kMissing);
  EXPECT_THAT(err_, HasSubstr("no model in " + (dir_.path() / "models").string()));
  PutModel("one", "keeper");
  PutModel("two", "keeper");
  EXPECT_EQ(Run({"list"}), kWrongUsage);
  EXPECT_THAT(err_, HasSubstr("--model which model's voices are meant: one, two"));
  EXPECT_EQ(Run({"list", "--model", "two"}), kDone) << err_;
  EXPECT_EQ(Run({"list", "--model", "three"}), kMissing);
  EXPECT_THAT(err_, HasSubstr("there are one, two"));
}

TEST_F(VoiceCommandTest, AVoiceNeedsANameAndARecording) {
  PutModel("one", "keeper");
  EXPECT_EQ(Run({"add", "anna"}), kWrongUsage);
  EXPECT_EQ(Run({"add", "--audio", "a.wav"}), kWrongUsage);
  EXPECT_EQ(Run({}), kWrongUsage);
}

}  // namespace
}  // namespace parley::cli
