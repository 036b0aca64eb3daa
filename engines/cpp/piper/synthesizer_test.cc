#include "piper/synthesizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "base/file.h"
#include "base/testing/skip.h"
#include "piper/testing/npy.h"
#include "piper/testing/tiny_voice.h"
#include "piper/testing/voices.h"

namespace parley::piper {
namespace {

using testing::TinyVoiceModel;

std::vector<int64_t> SomeIds(size_t count) {
  std::vector<int64_t> ids;
  for (size_t i = 0; i < count; ++i) ids.push_back(static_cast<int64_t>(20 + i * 37 % 100));
  return ids;
}

struct Spoken {
  std::vector<float> samples;
  std::vector<size_t> chunks;
  std::vector<int64_t> samples_of_ids;
};

Spoken Speak(const Synthesizer& synthesizer, const std::vector<int64_t>& ids,
             const SpeechSettings& settings, uint64_t seed) {
  SplitMix64 random(seed);
  const auto sentence = synthesizer.Begin(ids, settings, &random, nullptr);
  EXPECT_TRUE(sentence) << sentence.error().message;
  Spoken spoken;
  if (!sentence) return spoken;
  spoken.samples_of_ids = (*sentence)->SamplesOfIds();
  while (true) {
    const auto chunk = (*sentence)->Next();
    EXPECT_TRUE(chunk) << chunk.error().message;
    if (!chunk || chunk->empty()) return spoken;
    spoken.samples.insert(spoken.samples.end(), chunk->begin(), chunk->end());
    spoken.chunks.push_back(chunk->size());
  }
}

double SnrDb(const std::vector<float>& expected, const std::vector<float>& got) {
  if (expected.size() != got.size()) return -1;
  double signal = 0;
  double noise = 1e-30;
  for (size_t i = 0; i < got.size(); ++i) {
    signal += static_cast<double>(expected[i]) * expected[i];
    const double difference = static_cast<double>(got[i]) - expected[i];
    noise += difference * difference;
  }
  return 10 * std::log10(signal / noise);
}

std::unique_ptr<Synthesizer> Tiny(const Synthesizer::Config& config,
                                  const testing::TinyVoiceOptions& options = {}) {
  auto made = Synthesizer::Create(TinyVoiceModel(options), config);
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

Synthesizer::Config OnePiece() {
  Synthesizer::Config config;
  config.plan.ramp = {1'000'000};
  return config;
}

TEST(CutVoice, PiecesAreTheWholeWithinRounding) {
  const auto ids = SomeIds(120);
  const Spoken pieces = Speak(*Tiny({}), ids, {}, 5);
  const Spoken whole = Speak(*Tiny(OnePiece()), ids, {}, 5);
  EXPECT_GT(pieces.chunks.size(), 2u);
  EXPECT_EQ(whole.chunks.size(), 1u);
  EXPECT_GT(SnrDb(whole.samples, pieces.samples), 100);
}

TEST(CutVoice, LessContextThanTheReachIsHeard) {
  Synthesizer::Config config;
  config.decoder_context_max = 1;
  const auto ids = SomeIds(120);
  const Spoken whole = Speak(*Tiny(OnePiece()), ids, {}, 5);
  EXPECT_LT(SnrDb(whole.samples, Speak(*Tiny(config), ids, {}, 5).samples), 60);
}

TEST(CutVoice, TheSeedDecidesEveryByte) {
  const auto voice = Tiny({});
  const auto ids = SomeIds(60);
  const auto first = Speak(*voice, ids, {}, 11).samples;
  EXPECT_EQ(first, Speak(*voice, ids, {}, 11).samples);
  EXPECT_NE(first, Speak(*voice, ids, {}, 12).samples);
}

TEST(CutVoice, TheIdsDurationsAddUpToTheSound) {
  const Spoken spoken = Speak(*Tiny({}), SomeIds(60), {}, 1);
  EXPECT_EQ(spoken.samples_of_ids.size(), 60u);
  EXPECT_EQ(std::accumulate(spoken.samples_of_ids.begin(), spoken.samples_of_ids.end(), int64_t{0}),
            static_cast<int64_t>(spoken.samples.size()));
}

TEST(CutVoice, ALongerScaleSpeaksLonger) {
  const auto voice = Tiny({});
  const auto ids = SomeIds(60);
  const size_t normal = Speak(*voice, ids, {}, 1).samples.size();
  const size_t slow = Speak(*voice, ids, {.length_scale = 2}, 1).samples.size();
  EXPECT_GT(slow, normal + normal / 4);
}

TEST(CutVoice, SpeakersDifferAndEachIsExactInPieces) {
  const testing::TinyVoiceOptions two{.two_speakers = true};
  const auto pieces = Tiny({}, two);
  EXPECT_EQ(pieces->whole_reason(), "");
  const auto whole = Tiny(OnePiece(), two);
  const auto ids = SomeIds(120);
  const auto low = Speak(*pieces, ids, {.speaker = 0}, 3).samples;
  const auto high = Speak(*pieces, ids, {.speaker = 1}, 3).samples;
  EXPECT_NE(low, high);
  EXPECT_GT(SnrDb(Speak(*whole, ids, {.speaker = 1}, 3).samples, high), 100);
}

TEST(CutVoice, ACancelledSentenceEndsWithinItsChunk) {
  const auto voice = Tiny({});
  onnx::CancelToken cancel;
  SplitMix64 random(1);
  auto sentence = voice->Begin(SomeIds(120), {}, &random, &cancel);
  ASSERT_TRUE(sentence);
  ASSERT_TRUE((*sentence)->Next());
  cancel.Cancel();
  const auto chunk = (*sentence)->Next();
  ASSERT_FALSE(chunk);
  EXPECT_EQ(chunk.error().code, Code::kCancelled);
}

TEST(WholeVoice, AVoiceThatCannotBeCutSpeaksSentenceBySentenceAndSaysWhy) {
  const auto voice = Tiny({}, {.can_be_cut = false});
  EXPECT_NE(voice->whole_reason().find("Softmax"), std::string_view::npos);
  const Spoken spoken = Speak(*voice, SomeIds(120), {}, 1);
  EXPECT_EQ(spoken.chunks.size(), 1u);
  EXPECT_TRUE(spoken.samples_of_ids.empty());
}

TEST(WholeVoice, WhatIsNoVoiceIsRefused) {
  const auto made = Synthesizer::Create("this is no model", {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kDataLoss) << made.error().message;
}

TEST(ChunkPlan, EveryFrameIsDecodedOnceAndItsLatentIsMadeBefore) {
  const Reach flow{32, 32};
  const Reach decoder{11, 11};
  for (int64_t frames = 1; frames < 700; ++frames) {
    int64_t decoded = 0;
    int64_t latent = 0;
    for (const Chunk& chunk : PlanChunks(frames, flow, decoder, {})) {
      if (chunk.flow.end > chunk.flow.begin) {
        ASSERT_EQ(chunk.flow.begin, latent);
        ASSERT_EQ(chunk.flow.context_begin, std::max<int64_t>(0, latent - 32));
        ASSERT_EQ(chunk.flow.context_end, std::min(frames, chunk.flow.end + 32));
        latent = chunk.flow.end;
      }
      ASSERT_EQ(chunk.decoder.begin, decoded);
      ASSERT_GT(chunk.decoder.end, decoded);
      ASSERT_LE(chunk.decoder.context_end, latent);
      decoded = chunk.decoder.end;
    }
    ASSERT_EQ(decoded, frames);
    ASSERT_EQ(latent, frames);
  }
}

TEST(ChunkPlan, ChunksGrowAndAShortRestJoinsTheLast) {
  const auto chunks = PlanChunks(32 + 32 + 48 + 10, {32, 32}, {11, 11}, {});
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].decoder.end, 32);
  EXPECT_EQ(chunks[0].flow.end, 43);
  EXPECT_EQ(chunks[2].decoder.end - chunks[2].decoder.begin, 58);
}

constexpr SpeechSettings kStill{.noise_scale = 0, .length_scale = 1, .noise_w = 0};

// --- The default voice -------------------------------------------------------------------------

class DefaultVoice : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto path = testing::DefaultVoiceFolder() / "en_US-joe-medium.onnx";
    if (!std::filesystem::exists(path)) SkipCounted("the voice en_US-joe-medium is not pulled");
    model_ = *ReadFile(path, 1 << 27);
    golden_ = nlohmann::json::parse(*ReadFile(testing::TestData("piper_noiseless.json"), 1 << 20));
  }

  std::unique_ptr<Synthesizer> Open(const Synthesizer::Config& config) {
    auto made = Synthesizer::Create(model_, config);
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  // As engines use it; loading takes a second, so the tests share one.
  const Synthesizer& Cut() {
    static const auto cut = Open({});
    return *cut;
  }

  std::string model_;
  nlohmann::json golden_;
};

TEST_F(DefaultVoice, SpeaksAsTheReferenceDoesWholeAndCut) {
  const auto whole = Open({.whole = true});
  EXPECT_EQ(Cut().whole_reason(), "");
  for (const auto& golden : golden_) {
    if (!golden["file"].is_string()) continue;
    const std::vector<int64_t> ids = golden["ids"];
    const auto expected = testing::ReadNpy(testing::TestData(golden["file"].get<std::string>()));
    for (const Synthesizer* synthesizer : {&std::as_const(*whole), &Cut()}) {
      const auto samples = Speak(*synthesizer, ids, kStill, 1).samples;
      ASSERT_EQ(samples.size(), expected.size());
      for (size_t i = 0; i < samples.size(); ++i) ASSERT_NEAR(samples[i], expected[i], 1e-3) << i;
    }
  }
}

// Method: without the runtime's fusions, which differ between a model and its parts, cutting must
// change nothing at all, and piecing no more than rounding.
TEST_F(DefaultVoice, TheCutChangesNoBitAndPiecesNoMoreThanRounding) {
  Synthesizer::Config one_piece = OnePiece();
  one_piece.optimize = false;
  const auto whole = Open({.whole = true, .optimize = false});
  const auto uncut = Open(one_piece);
  const auto pieces = Open({.optimize = false});
  const std::vector<int64_t> ids = golden_[0]["ids"];
  const auto expected = Speak(*whole, ids, kStill, 1).samples;
  EXPECT_EQ(Speak(*uncut, ids, kStill, 1).samples, expected);
  const Spoken spoken = Speak(*pieces, ids, kStill, 1);
  EXPECT_GT(spoken.chunks.size(), 1u);
  EXPECT_GT(SnrDb(expected, spoken.samples), 110);
}

TEST_F(DefaultVoice, WithNoiseAndFusionsPiecesAreStillTheWhole) {
  const std::vector<int64_t> ids = golden_[2]["ids"];
  const auto expected = Speak(*Open(OnePiece()), ids, {}, 9).samples;
  EXPECT_GT(SnrDb(expected, Speak(Cut(), ids, {}, 9).samples), 110);
}

TEST_F(DefaultVoice, ALengthScaleGivesTheReferencesNumberOfSamples) {
  for (const auto& golden : golden_) {
    const SpeechSettings settings{
        .noise_scale = 0, .length_scale = golden["length_scale"], .noise_w = 0};
    EXPECT_EQ(Speak(Cut(), golden["ids"], settings, 1).samples.size(), golden["samples"]);
  }
}

TEST_F(DefaultVoice, ASeedGivesTheSameBytesOnOneThreadOrTwo) {
  const std::vector<int64_t> ids = golden_[0]["ids"];
  const auto two = Open({.threads = 2});
  const auto first = Speak(Cut(), ids, {}, 42).samples;
  EXPECT_EQ(first, Speak(Cut(), ids, {}, 42).samples);
  EXPECT_EQ(first, Speak(*two, ids, {}, 42).samples);
  EXPECT_NE(first, Speak(Cut(), ids, {}, 43).samples);
}

}  // namespace
}  // namespace parley::piper
