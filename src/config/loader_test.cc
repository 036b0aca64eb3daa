#include "config/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/testing/temp_dir.h"

namespace parley::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

enum class Mode { kFast, kSafe };

struct Example {
  int resident_cap = 2;
  double speed = 1.0;
  bool warm = true;
  std::string model = "piper/en_US-joe-medium";
  std::filesystem::path socket = "/tmp/a";
  std::vector<std::string> preload;
  std::map<std::string, std::string> voices{{"alloy", "joe"}, {"echo", "joe"}};
  Mode mode = Mode::kSafe;
  Secret key;
};

void Bind(Binder& binder, Example& example) {
  binder.Field("worker.resident_cap", &example.resident_cap, {1, 64}, "Voices kept in memory.");
  binder.Field("worker.speed", &example.speed, {0.25, 4}, "Tempo.");
  binder.Field("worker.warm", &example.warm, "Warm up first.");
  binder.Field("worker.model", &example.model, "The default model.");
  binder.Field("worker.socket", &example.socket, "Where to listen.");
  binder.Field("worker.preload", &example.preload, "Loaded at start.");
  binder.Field("names.voices", &example.voices, "Names of others for our voices.");
  binder.Choice<Mode>("worker.mode", &example.mode, {{"fast", Mode::kFast}, {"safe", Mode::kSafe}},
                      "How.");
  binder.Secret("llm.key", &example.key, "Key of the endpoint.");
}

class LoaderTest : public ::testing::Test {
 protected:
  LoaderTest() { Bind(binder_, example_); }
  // The message of a load that must fail.
  std::string Problem(std::string_view text) {
    const Status loaded = LoadText(binder_, text, "p.toml");
    return loaded ? "" : loaded.error().message;
  }
  std::filesystem::path Write(std::string_view name, std::string_view text) {
    const auto path = dir_.path() / name;
    EXPECT_TRUE(WriteFileAtomically(path, text));
    return path;
  }

  testing::TempDir dir_;
  Example example_;
  Binder binder_;
};

TEST_F(LoaderTest, AFileFillsEveryKindOfField) {
  const Status loaded = LoadText(binder_, R"(
[worker]
resident_cap = 5
speed = 2          # a whole number is a number too
warm = false
model = "piper/x"
socket = "/run/p"
preload = ["a", "b"]
mode = "fast"
[names.voices]
"gpt-4.1" = "amy"
alloy = "amy"
)",
                                 "p.toml");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(example_.resident_cap, 5);
  EXPECT_EQ(example_.speed, 2.0);
  EXPECT_FALSE(example_.warm);
  EXPECT_EQ(example_.model, "piper/x");
  EXPECT_EQ(example_.socket, "/run/p");
  EXPECT_THAT(example_.preload, ElementsAre("a", "b"));
  EXPECT_EQ(example_.mode, Mode::kFast);
  EXPECT_EQ(example_.voices, (std::map<std::string, std::string>{
                                 {"alloy", "amy"}, {"echo", "joe"}, {"gpt-4.1", "amy"}}));
}

TEST_F(LoaderTest, AnUnknownKeyNamesPlaceAndNearestKey) {
  EXPECT_EQ(Problem("[worker]\n\nresidnet_cap = 3\n"),
            "p.toml:3: unknown key 'worker.residnet_cap'; did you mean 'worker.resident_cap'?");
  EXPECT_THAT(Problem("zzzzzzzzzzzz = 1\n"),
              AllOf(HasSubstr("p.toml:1: unknown key"), Not(HasSubstr("did you mean"))));
}

TEST_F(LoaderTest, AValueOutOfRangeNamesKeyValueAndRange) {
  EXPECT_EQ(Problem("[worker]\nresident_cap = 65\n"),
            "p.toml:2: worker.resident_cap = 65: must be an integer 1…64");
  EXPECT_EQ(Problem("[worker]\nspeed = nan\n"),
            "p.toml:2: worker.speed = nan: must be a number 0.25…4");
  EXPECT_EQ(Problem("[worker]\nmode = \"quick\"\n"),
            "p.toml:2: worker.mode = \"quick\": must be one of fast, safe");
  EXPECT_EQ(example_.resident_cap, 2) << "a refused value must not be taken";
}

TEST_F(LoaderTest, AWrongTypeIsRefusedNotConverted) {
  EXPECT_EQ(Problem("[worker]\nresident_cap = \"3\"\n"),
            "p.toml:2: worker.resident_cap = \"3\": must be an integer 1…64");
  EXPECT_THAT(Problem("[worker]\nresident_cap = 3.0\n"), HasSubstr("must be an integer"));
  EXPECT_THAT(Problem("[worker]\nwarm = 1\n"), HasSubstr("must be true or false"));
  EXPECT_THAT(Problem("[worker]\npreload = [1]\n"), HasSubstr("must be a list of texts"));
  EXPECT_THAT(Problem("[worker]\nmodel = 1979-05-27\n"), HasSubstr("must be text"));
  EXPECT_THAT(Problem("[names.voices]\nalloy = 3\n"), HasSubstr("names.voices.alloy = 3"));
}

TEST_F(LoaderTest, AllProblemsOfAFileAreReportedTogether) {
  EXPECT_THAT(Problem("[worker]\nresident_cap = 0\nspeed = 9\nx = 1\n"),
              AllOf(HasSubstr("p.toml:2:"), HasSubstr("p.toml:3:"), HasSubstr("p.toml:4:")));
}

TEST_F(LoaderTest, BrokenTomlNamesItsLine) {
  EXPECT_THAT(Problem("[worker]\nresident_cap = \n"), HasSubstr("p.toml:2: "));
}

TEST_F(LoaderTest, LaterSourcesWin) {
  Sources sources;
  sources.file = Write("p.toml", "[worker]\nresident_cap = 3\nspeed = 2.0\nmodel = \"file\"\n");
  sources.env = {{"PARLEY_WORKER_RESIDENT_CAP", "4"},
                 {"PARLEY_WORKER_MODEL", "env"},
                 {"PARLEY_UNRELATED", "x"}};
  sources.flags = {{"worker.resident_cap", "5"}, {"worker.resident_cap", "6"}};
  const Status loaded = Load(binder_, sources);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(example_.resident_cap, 6);
  EXPECT_EQ(example_.model, "env");
  EXPECT_EQ(example_.speed, 2.0);
  EXPECT_EQ(binder_.Find("worker.resident_cap")->origin, "command line");
  EXPECT_EQ(binder_.Find("worker.model")->origin, "environment");
  EXPECT_EQ(binder_.Find("worker.warm")->origin, "default");
}

TEST_F(LoaderTest, BadEnvironmentAndFlagsNameThemselves) {
  Sources sources;
  sources.env = {{"PARLEY_WORKER_RESIDENT_CAP", "many"}};
  sources.flags = {{"worker.warm", "perhaps"}, {"worker.wram", "true"}};
  const Status loaded = Load(binder_, sources);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message,
            "PARLEY_WORKER_RESIDENT_CAP: worker.resident_cap = 'many': must be an integer 1…64\n"
            "--worker-warm: worker.warm = 'perhaps': must be true or false\n"
            "command line: unknown key 'worker.wram'; did you mean 'worker.warm'?");
}

TEST_F(LoaderTest, AMissingFileIsNamed) {
  Sources sources;
  sources.file = dir_.path() / "absent.toml";
  const Status loaded = Load(binder_, sources);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, Code::kNotFound);
  EXPECT_THAT(loaded.error().message, HasSubstr("absent.toml"));
}

TEST_F(LoaderTest, ASecretComesFromItsFileWithoutTheLineEnd) {
  const auto path = Write("key", "sk-123\n");
  ASSERT_TRUE(LoadText(binder_, "[llm]\nkey_file = \"" + path.string() + "\"\n", "p.toml"));
  EXPECT_EQ(example_.key.Reveal(), "sk-123");
}

TEST_F(LoaderTest, ASecretInTheConfigurationFileIsRefusedWithoutShowingIt) {
  EXPECT_THAT(Problem("[llm]\nkey = \"sk-123\"\n"),
              AllOf(HasSubstr("llm.key_file"), Not(HasSubstr("sk-123"))));
  EXPECT_TRUE(example_.key.empty());
}

TEST_F(LoaderTest, AnEmptyOrMissingSecretFileIsAnError) {
  const auto path = Write("key", "\n");
  EXPECT_THAT(Problem("[llm]\nkey_file = \"" + path.string() + "\"\n"),
              HasSubstr("first line is empty"));
  EXPECT_THAT(Problem("[llm]\nkey_file = \"/nowhere/key\"\n"), HasSubstr("/nowhere/key"));
}

TEST_F(LoaderTest, SectionsOfOtherProgramsAreLeftAlone) {
  binder_.Elsewhere("gateway");
  EXPECT_EQ(Problem("[gateway]\nport = 8080\n"), "");
  EXPECT_TRUE(Load(binder_, {.flags = {{"gateway.port", "8080"}}}));
  EXPECT_FALSE(Load(binder_, {.flags = {{"gatewey.port", "8080"}}}));
  EXPECT_THAT(Problem("[gatewey]\nport = 8080\n"), HasSubstr("unknown key"));
}

}  // namespace
}  // namespace parley::config
