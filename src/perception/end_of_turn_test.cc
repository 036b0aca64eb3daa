#include "perception/end_of_turn.h"

#include <gtest/gtest.h>

#include <cmath>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

#include "audio/audio_file.h"
#include "base/file.h"
#include "base/testing/skip.h"
#include "perception/testing/models.h"
#include "perception/turn_features.h"

namespace parley::perception {
namespace {

const std::string kTestData = PARLEY_SOURCE_DIR "/src/perception/testdata/";

// Where a processor lacks VNNI, ONNX Runtime's int8 products may saturate: another answer.
const bool kVnni = __builtin_cpu_supports("avx512vnni") != 0;

struct Case {
  std::string name;
  std::vector<float> audio;
  double probability = 0.0;
  double features_sum = 0.0;
  std::string features_file;
};

std::vector<Case> Cases() {
  const auto jfk = audio::ReadAudioFile(PARLEY_SOURCE_DIR "/tests/data/jfk_16k.wav").value();
  std::ifstream file(kTestData + "smartturn.json");
  const nlohmann::json golden = nlohmann::json::parse(file);
  std::vector<Case> cases;
  for (const auto& entry : golden.at("cases")) {
    Case c;
    c.name = entry.at("name");
    const size_t samples = entry.at("samples");
    c.audio = c.name.starts_with("silence")
                  ? std::vector<float>(samples)
                  : std::vector<float>(jfk.samples.begin(),
                                       jfk.samples.begin() + static_cast<long>(samples));
    c.probability = entry.at("probability");
    if (kVnni) c.probability = entry.value("probability_vnni", c.probability);
    c.features_sum = entry.at("features_sum");
    c.features_file = entry.value("features", "");
    cases.push_back(std::move(c));
  }
  return cases;
}

// A NumPy file of little-endian float32: 10 bytes, the header's length, the header, the numbers.
std::vector<float> ReadNpy(const std::string& path) {
  const std::string bytes = ReadFile(path, 1 << 20).value();
  uint16_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data() + 8, sizeof header_bytes);
  std::vector<float> values((bytes.size() - 10 - header_bytes) / sizeof(float));
  std::memcpy(values.data(), bytes.data() + 10 + header_bytes, values.size() * sizeof(float));
  return values;
}

TEST(TurnFeatures, AreTheReferenceExtractors) {
  const TurnFeatures extractor;
  std::vector<float> features(TurnFeatures::kBands * TurnFeatures::kFrames);
  for (const Case& c : Cases()) {
    extractor.Compute(c.audio, features);
    double sum = 0.0;
    for (const float value : features) sum += value;
    EXPECT_NEAR(sum / double(features.size()), c.features_sum / double(features.size()), 1e-3)
        << c.name;
    if (c.features_file.empty()) continue;
    const std::vector<float> golden = ReadNpy(kTestData + c.features_file);
    ASSERT_EQ(golden.size(), features.size());
    for (size_t i = 0; i < golden.size(); ++i) ASSERT_NEAR(features[i], golden[i], 1e-3) << i;
  }
}

TEST(SmartTurn, JudgesRealSpeechAsTheReferenceDoes) {
  if (!std::filesystem::exists(testing::SmartTurnFile())) {
    SkipCounted("no model " + testing::SmartTurnFile().string());
  }
  const auto model = std::move(LoadSmartTurn(testing::SmartTurnFile()).value());
  for (const Case& c : Cases()) {
    EXPECT_NEAR(model->Score(c.audio).value(), c.probability, 2e-2) << c.name;
  }
}

TEST(SmartTurn, AFileThatIsNotThereIsNamed) {
  const auto missing = LoadSmartTurn("/nonexistent/turn.onnx");
  EXPECT_EQ(missing.error().code, Code::kNotFound);
}

// Answers the sample it is given, once the test opens the gate.
class GatedModel final : public EndOfTurnModel {
 public:
  Result<float> Score(std::span<const float> audio) const override {
    std::unique_lock lock(mutex_);
    ++asked_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    if (audio.empty()) return Fail(Code::kInternal, "no sound");
    return audio.front();
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void WaitUntilAsked() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return asked_ > 0; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable int asked_ = 0;
  bool open_ = false;
};

class ScorerTest : public ::testing::Test {
 protected:
  struct Answer {
    uint64_t pause;
    float probability;
    Code code;
    bool operator==(const Answer&) const = default;
  };

  void SetUp() override {
    auto model = std::make_unique<GatedModel>();
    model_ = model.get();
    EndOfTurnScorer::Config config;
    config.waiting_max = 2;
    scorer_ = std::make_unique<EndOfTurnScorer>(std::move(model), clock_, config);
  }

  void Ask(uint64_t session, uint64_t pause) {
    const float sample = static_cast<float>(pause) / 16.0f;
    scorer_->Ask(SessionId{session}, PauseId{pause}, {sample},
                 [this](PauseId id, Result<EndOfTurnScore> score) {
                   const std::lock_guard lock(mutex_);
                   answers_.push_back(score ? Answer{id.value, score->probability, Code::kUnknown}
                                            : Answer{id.value, -1.0f, score.error().code});
                   changed_.notify_all();
                 });
  }
  std::vector<Answer> WaitForAnswers(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return answers_.size() >= count; });
    return answers_;
  }

  FakeClock clock_;
  GatedModel* model_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Answer> answers_;
  std::unique_ptr<EndOfTurnScorer> scorer_;
};

TEST_F(ScorerTest, ANewerQuestionOfASessionTakesTheOldersPlace) {
  Ask(1, 1);
  model_->WaitUntilAsked();
  Ask(2, 2);
  Ask(2, 3);
  EXPECT_EQ(scorer_->waiting(), 1u);
  model_->Open();
  EXPECT_EQ(WaitForAnswers(3), (std::vector<Answer>{{2, -1.0f, Code::kCancelled},
                                                    {1, 1 / 16.0f, Code::kUnknown},
                                                    {3, 3 / 16.0f, Code::kUnknown}}));
}

TEST_F(ScorerTest, TooManySessionsAreRefusedAtOnce) {
  Ask(1, 1);
  model_->WaitUntilAsked();
  Ask(2, 2);
  Ask(3, 3);
  Ask(4, 4);
  EXPECT_EQ(WaitForAnswers(1), (std::vector<Answer>{{4, -1.0f, Code::kResourceExhausted}}));
  model_->Open();
  EXPECT_EQ(WaitForAnswers(4).size(), 4u);
}

TEST_F(ScorerTest, AForgottenSessionHearsNoScoreAndOthersDo) {
  Ask(1, 1);
  model_->WaitUntilAsked();
  Ask(2, 2);
  scorer_->Forget(SessionId{2});
  scorer_->Forget(SessionId{7});
  EXPECT_EQ(WaitForAnswers(1), (std::vector<Answer>{{2, -1.0f, Code::kCancelled}}));
  model_->Open();
  EXPECT_EQ(WaitForAnswers(2)[1].pause, 1u);
}

TEST_F(ScorerTest, EveryQuestionIsAnsweredWhenTheScorerStops) {
  Ask(1, 1);
  model_->WaitUntilAsked();
  Ask(2, 2);
  model_->Open();
  scorer_.reset();
  EXPECT_EQ(answers_.size(), 2u);
}

TEST_F(ScorerTest, AFailureOfTheModelReachesTheSession) {
  model_->Open();
  scorer_->Ask(SessionId{1}, PauseId{9}, {}, [this](PauseId id, Result<EndOfTurnScore> score) {
    const std::lock_guard lock(mutex_);
    answers_.push_back({id.value, -1.0f, score.error().code});
    changed_.notify_all();
  });
  EXPECT_EQ(WaitForAnswers(1), (std::vector<Answer>{{9, -1.0f, Code::kInternal}}));
}

}  // namespace
}  // namespace parley::perception
