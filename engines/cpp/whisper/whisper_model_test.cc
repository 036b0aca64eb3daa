// The real tiny.en, where it is in the models cache.
#include "whisper/whisper_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <random>
#include <thread>

#include "base/file.h"
#include "base/testing/skip.h"
#include "base/testing/temp_dir.h"
#include "whisper/hearing_policy.h"
#include "whisper/segment.h"
#include "whisper/testing/models.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/lsan_interface.h>
#define PARLEY_LEAKS_ARE_LOOKED_FOR 1
#endif
#endif

namespace parley::whisper {
namespace {

using ::testing::HasSubstr;

class RealModel : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (testing::TinyEn().empty()) return;
    auto model = WhisperModel::Create({.file = testing::TinyEn(), .streams = 2});
    ASSERT_TRUE(model) << model.error().message;
    model_ = std::move(*model).release();
  }
  static void TearDownTestSuite() { delete std::exchange(model_, nullptr); }
  void SetUp() override {
    if (model_ == nullptr) SkipCounted("the model whisper/tiny.en is not in the models cache");
  }

  static std::string Hear(std::span<const float> pcm) {
    const auto ear = model_->Lend();
    Segment segment({.language = "en"}, *ear);
    segment.Append(pcm);
    const auto final = segment.Final({});
    EXPECT_TRUE(final) << final.error().message;
    return Join((*final)->words);
  }

  static std::vector<float> Noise(double seconds, float level) {
    std::mt19937 random(7);
    std::normal_distribution<float> gauss(0, level);
    std::vector<float> pcm(static_cast<size_t>(seconds * kSampleRateHz));
    for (float& sample : pcm) sample = gauss(random);
    return pcm;
  }

  static WhisperModel* model_;
};
WhisperModel* RealModel::model_ = nullptr;

TEST_F(RealModel, WritesDownElevenSeconds) {
  EXPECT_EQ(Normalized(Hear(testing::Jfk())),
            "and so my fellow americans ask not what your country can do for you ask what you can "
            "do for your country");
}

TEST_F(RealModel, WritesDownThreeSecondsOfIt) {
  const std::vector<float> all = testing::Jfk();
  const auto last = std::span<const float>(all).subspan(8 * kSampleRateHz);
  EXPECT_EQ(Normalized(Hear(last)), "ask what you can do for your country");
}

TEST_F(RealModel, KnowsWhenWordsWereSpoken) {
  const auto ear = model_->Lend();
  Segment segment({.language = "en"}, *ear);
  segment.Append(testing::Jfk());
  const auto final = segment.Final({});
  ASSERT_TRUE(final && *final);
  const auto& words = (*final)->words;
  ASSERT_EQ(words.size(), 22U);
  // "Americans" begins at 2.2 s and the second "ask" at 8.2 s, by ear and by the waveform's gaps.
  EXPECT_NEAR(words[4].from_sample / 16'000.0, 2.2, 0.3);
  EXPECT_NEAR(words[14].from_sample / 16'000.0, 8.4, 0.4);
  for (size_t i = 1; i < words.size(); ++i) {
    EXPECT_GE(words[i].from_sample, words[i - 1].from_sample);
    EXPECT_LE(words[i - 1].upto_sample, words[i].from_sample);
  }
}

TEST_F(RealModel, HearsNobodyInNoise) {
  for (const float level : {0.0F, 0.003F, 0.03F, 0.2F}) {
    EXPECT_EQ(Hear(Noise(2, level)), "") << "level " << level;
  }
}

TEST_F(RealModel, HearsNobodyInAHum) {
  std::vector<float> hum(3 * kSampleRateHz);
  for (size_t i = 0; i < hum.size(); ++i) {
    hum[i] = 0.2F * std::sin(static_cast<float>(i) * 0.0393F);  // 100 Hz
  }
  EXPECT_EQ(Hear(hum), "");
}

TEST_F(RealModel, StopsWithinAPassWhenAborted) {
  const auto ear = model_->Lend();
  const std::vector<float> pcm = testing::Jfk();
  std::atomic<int> asked{0};
  PassRequest request;
  request.pcm = pcm;
  request.language = "en";
  request.context_floor = kAudioContextMax;
  request.urgent = true;
  request.aborted = [&asked] { return ++asked > 20; };
  const auto pass = ear->Run(request);
  ASSERT_TRUE(pass) << pass.error().message;
  EXPECT_TRUE(pass->aborted);
  EXPECT_LE(asked.load(), 40);  // a pass has thousands of nodes

  request.aborted = {};
  const auto again = ear->Run(request);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_THAT(Normalized(Join(again->words)), HasSubstr("ask not what your country"));
}

TEST_F(RealModel, StreamsDoNotDisturbEachOther) {
  const std::vector<float> all = testing::Jfk();
  const auto first = std::span<const float>(all).first(4 * kSampleRateHz);
  const auto last = std::span<const float>(all).subspan(8 * kSampleRateHz);
  const std::string first_alone = Hear(first), last_alone = Hear(last);
  std::string first_beside;
  std::thread other([&] { first_beside = Hear(first); });
  const std::string last_beside = Hear(last);
  other.join();
  EXPECT_EQ(first_beside, first_alone);
  EXPECT_EQ(last_beside, last_alone);
}

TEST_F(RealModel, KnowsEnglishAlone) {
  EXPECT_EQ(*model_->LanguageCode("en-US"), "en");
  EXPECT_EQ(*model_->LanguageCode(""), "en");
  EXPECT_FALSE(model_->LanguageCode("de"));
}

TEST(WhisperModel, ThatIsMissingSaysWhich) {
  const auto model = WhisperModel::Create({.file = "/nowhere/ggml.bin"});
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, Code::kNotFound);
  EXPECT_THAT(model.error().message, HasSubstr("/nowhere/ggml.bin"));
}

TEST(WhisperModel, ThatIsSomethingElseIsRefused) {
  const parley::testing::TempDir dir;
  const auto file = dir.path() / "x.bin";
  ASSERT_TRUE(WriteFileAtomically(file, std::string(1000, 'x')));
  const auto model = WhisperModel::Create({.file = file});
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, Code::kDataLoss);
}

// whisper.cpp does not free the weights of a file that ends too soon. The engine's process, which
// ends when its model cannot be loaded, gives them back.
class LeakOfWhisperCpp {
 public:
#if PARLEY_LEAKS_ARE_LOOKED_FOR
  LeakOfWhisperCpp() { __lsan_disable(); }
  ~LeakOfWhisperCpp() { __lsan_enable(); }
#else
  LeakOfWhisperCpp() {}
#endif
};

TEST(WhisperModel, ThatIsCutIsRefused) {
  if (testing::TinyEn().empty())
    SkipCounted("the model whisper/tiny.en is not in the models cache");
  const parley::testing::TempDir dir;
  const auto file = dir.path() / "cut.bin";
  const std::string bytes = *ReadFile(testing::TinyEn(), 100 << 20);
  ASSERT_TRUE(WriteFileAtomically(file, std::string_view(bytes).substr(0, bytes.size() / 2)));
  const LeakOfWhisperCpp known;
  const auto model = WhisperModel::Create({.file = file});
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, Code::kDataLoss);
}

}  // namespace
}  // namespace parley::whisper
