#include "perception/voice_activity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "audio/audio_file.h"
#include "audio/testing/signals.h"
#include "base/testing/skip.h"
#include "perception/testing/models.h"

namespace parley::perception {
namespace {

std::vector<float> Jfk() {
  return audio::ReadAudioFile(PARLEY_SOURCE_DIR "/tests/data/jfk_16k.wav").value().samples;
}

class SileroTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(testing::SileroFile())) {
      SkipCounted("no model " + testing::SileroFile().string());
    }
    model_ = std::move(LoadSilero(testing::SileroFile()).value());
  }

  std::vector<VoiceActivityDetector::Window> Windows(std::span<const float> samples,
                                                     float gate_dbfs, size_t block) const {
    VoiceActivityDetector::Config config;
    config.gate_dbfs = gate_dbfs;
    VoiceActivityDetector detector(*model_, config);
    std::vector<VoiceActivityDetector::Window> windows;
    while (!samples.empty()) {
      const auto part = samples.first(std::min(block, samples.size()));
      EXPECT_TRUE(detector.Process(part, [&](const auto& window) { windows.push_back(window); }));
      samples = samples.subspan(part.size());
    }
    return windows;
  }

  std::unique_ptr<VoiceActivityModel> model_;
};

TEST_F(SileroTest, EveryWindowOfRealSpeechIsAsTheReferenceSays) {
  std::ifstream file(PARLEY_SOURCE_DIR "/src/perception/testdata/silero_jfk.json");
  const auto golden = nlohmann::json::parse(file).at("probabilities").get<std::vector<float>>();
  const std::vector<float> samples = Jfk();
  for (const size_t block : {160u, 512u, 10000u}) {
    const auto windows = Windows(samples, -90.0f, block);
    ASSERT_GE(windows.size() + 1, golden.size());
    for (size_t i = 0; i < std::min(golden.size(), windows.size()); ++i) {
      ASSERT_NEAR(windows[i].probability, golden[i], 1e-4) << i;
      ASSERT_EQ(windows[i].end_sample, int64_t(i + 1) * 512);
    }
  }
}

// Where speech begins at or after window `from`: the second of two windows in three above 0.5.
size_t OnsetAfter(const std::vector<VoiceActivityDetector::Window>& windows, size_t from) {
  for (size_t i = from + 2; i < windows.size(); ++i) {
    int above = 0;
    for (size_t k = i - 2; k <= i; ++k) above += windows[k].probability >= 0.5f ? 1 : 0;
    if (above >= 2) return i;
  }
  return windows.size();
}

// Speech, near silence of 3 or 10 s, speech again: what the gate changes.
TEST_F(SileroTest, TheGateChangesAlmostNothing) {
  const std::vector<float> speech = Jfk();
  const struct {
    size_t pause;
    float hiss;
  } cases[] = {{3 * 16000, 0.0f}, {3 * 16000, 0.0004f}, {10 * 16000, 0.0001f}};
  for (const auto& [pause, hiss] : cases) {
    const std::vector<float> parts[] = {speech, audio::testing::Noise(pause, hiss, 1), speech};
    const std::vector<float> in = audio::testing::Joined(parts);
    const auto exact = Windows(in, -90.0f, 512);
    const auto gated = Windows(in, VoiceActivityDetector::Config{}.gate_dbfs, 512);
    ASSERT_EQ(exact.size(), gated.size());
    size_t differing = 0;
    for (size_t i = 0; i < exact.size(); ++i) {
      const float a = exact[i].probability;
      const float b = gated[i].probability;
      ASSERT_LT(b == 0.0f ? a : 0.0f, 0.003f);
      for (const float threshold : {0.5f, 0.35f}) differing += (a >= threshold) != (b >= threshold);
    }
    EXPECT_LE(differing, 2 * exact.size() / 100) << pause << " " << hiss;
    const size_t pause_end = (speech.size() + pause) / 512;
    EXPECT_NEAR(double(OnsetAfter(gated, pause_end)), double(OnsetAfter(exact, pause_end)), 1.0);
  }
}

TEST_F(SileroTest, ASilentMicrophoneCostsNothing) {
  VoiceActivityDetector detector(*model_, {});
  int windows = 0;
  const std::vector<float> silence(512 * 100);
  ASSERT_TRUE(detector.Process(silence, [&](const auto& window) {
    ++windows;
    EXPECT_LT(window.probability, 0.2f);
    EXPECT_EQ(window.level_dbfs, -120.0f);
  }));
  EXPECT_EQ(windows, 100);
  EXPECT_EQ(detector.gated_windows(), 68);
}

TEST_F(SileroTest, AfterResetTheStreamIsAsNew) {
  const std::vector<float> samples = Jfk();
  const auto first = std::span(samples).first(16000);
  VoiceActivityDetector detector(*model_, {});
  std::vector<float> before;
  std::vector<float> after;
  ASSERT_TRUE(detector.Process(first, [&](const auto& w) { before.push_back(w.probability); }));
  detector.Reset();
  ASSERT_TRUE(detector.Process(first, [&](const auto& w) { after.push_back(w.probability); }));
  EXPECT_EQ(before, after);
}

TEST(Silero, AFileThatIsNoModelIsNamed) {
  const auto missing = LoadSilero("/nonexistent/silero.onnx");
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_NE(missing.error().message.find("/nonexistent/silero.onnx"), std::string::npos);
}

TEST_F(SileroTest, AModelOfAnotherShapeIsRefused) {
  if (!std::filesystem::exists(testing::SmartTurnFile())) SkipCounted("no second model at hand");
  EXPECT_EQ(LoadSilero(testing::SmartTurnFile()).error().code, Code::kFailedPrecondition);
}

}  // namespace
}  // namespace parley::perception
