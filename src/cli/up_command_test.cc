#include "cli/up_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "cli/parley.h"

namespace parley::cli {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

class UpCommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(dir_.path() / "models/tone");
    EXPECT_TRUE(WriteFileAtomically(
        dir_.path() / "models/tone/model.toml",
        "[model]\nid = \"tone\"\nengine = \"tone\"\nkind = \"tts\"\n[files]\n"));
    EXPECT_TRUE(WriteFileAtomically(dir_.path() / "parley.toml", ""));
  }

  // Runs `parley up` with these settings; what it would have started is in `request_`.
  int Up(const std::vector<std::string>& settings) {
    std::vector<std::string> words{"parley",   "up",
                                   "--config", (dir_.path() / "parley.toml").string(),
                                   "--set",    "models.dir=" + (dir_.path() / "models").string()};
    for (const std::string& setting : settings) words.insert(words.end(), {"--set", setting});
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    ::testing::internal::CaptureStderr();
    const int code =
        RunParley(static_cast<int>(argv.size()), argv.data(), [this](const UpRequest& request) {
          request_ = request;
          return Status();
        });
    err_ = ::testing::internal::GetCapturedStderr();
    return code;
  }

  const testing::TempDir dir_;
  std::optional<UpRequest> request_;
  std::string err_;
};

TEST_F(UpCommandTest, SettingsOfTheGatewayAndOfTheWorkerReachThem) {
  ASSERT_EQ(Up({"worker.resident_cap=3", "session.lead_ms=120", "gateway.port=0",
                "names.voices=nova=piper/x", "client.url=http://h"}),
            kDone)
      << err_;
  EXPECT_THAT(request_->env, Contains(Pair("PARLEY_WORKER_RESIDENT_CAP", "3")));
  EXPECT_THAT(request_->env, Contains(Pair("PARLEY_SESSION_LEAD_MS", "120")));
  EXPECT_THAT(request_->env, Contains(Pair("PARLEY_GATEWAY_PORT", "0")));
  EXPECT_THAT(request_->env, Contains(Pair("PARLEY_NAMES_VOICES", "nova=piper/x")));
  EXPECT_THAT(request_->env, Contains(Pair("PARLEY_URL", "http://h")));
}

TEST_F(UpCommandTest, AKeyThatNobodyKnowsStartsNothingAndTheNearestIsNamed) {
  EXPECT_EQ(Up({"worker.resident_kap=3"}), kWrongUsage);
  EXPECT_THAT(err_, HasSubstr("did you mean 'worker.resident_cap'"));
  EXPECT_EQ(Up({"sesion.lead_ms=100"}), kWrongUsage);
  EXPECT_THAT(err_, HasSubstr("did you mean 'session.lead_ms'"));
  EXPECT_EQ(Up({"worker.resident_cap=0"}), kWrongUsage);
  EXPECT_THAT(err_, HasSubstr("1…64"));
  EXPECT_FALSE(request_);
}

}  // namespace
}  // namespace parley::cli
