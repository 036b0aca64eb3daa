#include "cli/engine_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "cli/parley.h"

namespace parley::cli {
namespace {

using ::testing::HasSubstr;

class EngineCommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("PARLEY_WORKER_PROGRAMS_DIR", PARLEY_BIN_DIR, 1);
    ::setenv("PARLEY_WORKER_ENGINE_DIRS", dir_.path().c_str(), 1);
    ::setenv("PARLEY_CACHE", dir_.path().c_str(), 1);
  }
  void TearDown() override {
    for (const char* name :
         {"PARLEY_WORKER_PROGRAMS_DIR", "PARLEY_WORKER_ENGINE_DIRS", "PARLEY_CACHE"}) {
      ::unsetenv(name);
    }
  }

  void PutEngine(const std::string& name, const std::string& rest) {
    std::filesystem::create_directories(dir_.path() / name);
    EXPECT_TRUE(WriteFileAtomically(
        dir_.path() / name / "engine.toml",
        "[engine]\nname = \"" + name + "\"\nkind = \"tts\"\nlicense = \"MIT\"\n" + rest));
  }

  // Runs `parley WORDS` and keeps what it prints.
  int Run(std::vector<std::string> words) {
    words.insert(words.begin(), "parley");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int code = RunParley(static_cast<int>(argv.size()), argv.data(), {});
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return code;
  }

  const testing::TempDir dir_;
  std::string out_;
  std::string err_;
};

TEST_F(EngineCommandTest, TheListSaysWhichEngineStartsAndWhyAnotherDoesNot) {
  PutEngine("absent", "program = \"parley-engine-absent\"\n");
  EXPECT_EQ(Run({"engine", "list", "--json"}), kFailed);
  const auto rows = nlohmann::json::parse(out_);
  const auto row = [&](const std::string& name) {
    return *std::find_if(rows.begin(), rows.end(),
                         [&](const auto& one) { return one["name"] == name; });
  };
  EXPECT_EQ(row("tone")["starts"], true);
  EXPECT_EQ(row("tone")["license"], "Apache-2.0");
  EXPECT_EQ(row("absent")["starts"], false);
  EXPECT_THAT(row("absent")["problem"].get<std::string>(), HasSubstr("parley-engine-absent"));
}

TEST_F(EngineCommandTest, ABrokenManifestIsNamedByFileLineAndKey) {
  PutEngine("odd", "program = \"x\"\nprogramme = \"x\"\n");
  EXPECT_EQ(Run({"engine", "list"}), kFailed);
  EXPECT_THAT(err_, HasSubstr("odd/engine.toml:6: programme is not a known key"));
}

TEST_F(EngineCommandTest, AnEngineThatKeepsTheProtocolPasses) {
  EXPECT_EQ(Run({"engine", "check", "tone", "--only", "says_hello,speaks_in_order"}), kDone)
      << out_;
  EXPECT_THAT(out_, HasSubstr("2 passed, 0 failed"));
}

TEST_F(EngineCommandTest, AnEngineOfSomebodyElseIsAddedByAFolder) {
  PutEngine("mine", "program = \"" PARLEY_BIN_DIR "/parley-engine-tone\"\n");
  EXPECT_EQ(Run({"engine", "check", "mine", "--only", "loads"}), kDone) << out_ << err_;
  EXPECT_EQ(Run({"engine", "check", (dir_.path() / "mine").string(), "--only", "loads"}), kDone);
}

TEST_F(EngineCommandTest, AProgramThatIsNoEngineFails) {
  EXPECT_EQ(Run({"engine", "check", "/bin/true"}), kFailed);
  EXPECT_THAT(err_, HasSubstr("no hello"));
}

TEST_F(EngineCommandTest, AnUnknownEngineIsMissingAndTheKnownAreNamed) {
  EXPECT_EQ(Run({"engine", "check", "pipr"}), kMissing);
  EXPECT_THAT(err_, HasSubstr("tone"));
  EXPECT_EQ(Run({"engine", "check", "tone", "--model", "none/such"}), kMissing);
  EXPECT_THAT(err_, HasSubstr("none/such"));
}

}  // namespace
}  // namespace parley::cli
