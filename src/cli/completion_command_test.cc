#include "cli/completion_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>
#include <cstdio>

#include "base/file.h"
#include "base/testing/temp_dir.h"

namespace parley::cli {
namespace {

using ::testing::HasSubstr;

class CompletionTest : public ::testing::Test {
 protected:
  CompletionTest() {
    CLI::App& models = *app_.add_subcommand("models", "Models");
    models.add_flag("--quiet", quiet_, "Says 'nothing'");
    models.add_subcommand("pull", "Fetch")->add_flag("--default", default_, "All");
    app_.add_subcommand("say", "Speak");
  }
  bool quiet_ = false;
  bool default_ = false;
  CLI::App app_{"test", "parley"};
};

// What bash itself offers after these words.
std::string BashOffers(const std::string& script, const std::string& words, int at) {
  const testing::TempDir dir;
  const std::string path = (dir.path() / "c.sh").string();
  EXPECT_TRUE(WriteFileAtomically(path, script + "COMP_WORDS=(" + words +
                                            "); COMP_CWORD=" + std::to_string(at) +
                                            "; _parley; echo \"${COMPREPLY[@]}\"\n"));
  std::FILE* pipe = ::popen(("bash " + path + " 2>&1").c_str(), "r");
  std::array<char, 1024> line{};
  const size_t count = std::fread(line.data(), 1, line.size(), pipe);
  ::pclose(pipe);
  return std::string(line.data(), count);
}

TEST_F(CompletionTest, BashKnowsCommandsAndOptionsWhereTheyBelong) {
  const std::string script = CompletionScript(app_, Shell::kBash);
  EXPECT_THAT(BashOffers(script, "parley ''", 1), HasSubstr("models say"));
  EXPECT_EQ(BashOffers(script, "parley s", 1), "say\n");
  EXPECT_THAT(BashOffers(script, "parley models ''", 2), HasSubstr("pull"));
  EXPECT_EQ(BashOffers(script, "parley models pull --d", 3), "--default\n");
  EXPECT_EQ(BashOffers(script, "parley models --q", 2), "--quiet\n");
}

TEST_F(CompletionTest, ZshUsesTheSameThroughItsBashMode) {
  EXPECT_THAT(CompletionScript(app_, Shell::kZsh), HasSubstr("bashcompinit"));
}

TEST_F(CompletionTest, FishQuotesWhatPeopleRead) {
  EXPECT_THAT(CompletionScript(app_, Shell::kFish),
              HasSubstr("complete -c parley -n '__fish_seen_subcommand_from models' -l quiet -d "
                        "'Says \\'nothing\\''\n"));
}

}  // namespace
}  // namespace parley::cli
