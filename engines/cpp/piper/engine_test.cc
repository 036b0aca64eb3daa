#include "piper/engine.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/file.h"
#include "base/testing/skip.h"
#include "base/testing/temp_dir.h"
#include "piper/testing/tiny_voice.h"
#include "piper/testing/voices.h"

namespace parley::piper {
namespace {

class Progress final : public engine::LoadProgress {
 public:
  void Report(double, std::string_view what) override { words.emplace_back(what); }
  bool cancelled() const override { return cancel; }
  std::vector<std::string> words;
  bool cancel = false;
};

// A worker's side of a stream: gives the texts, keeps what comes.
class FakeStream final : public engine::TtsStream {
 public:
  struct Utterance {
    std::vector<float> audio;
    std::vector<std::pair<size_t, int64_t>> marks;
    size_t chunks = 0;
    std::string error;
  };

  explicit FakeStream(std::deque<std::string> texts) : TtsStream(flag_), texts_(std::move(texts)) {}

  std::optional<engine::Text> NextText() override {
    if (texts_.empty() || cancelled()) return std::nullopt;
    engine::Text text{.utterance = spoken.size(), .text = texts_.front()};
    texts_.pop_front();
    spoken.emplace_back();
    return text;
  }
  bool Audio(std::span<const float> samples) override {
    if (cancelled()) return false;
    Utterance& now = spoken.back();
    now.audio.insert(now.audio.end(), samples.begin(), samples.end());
    if (++now.chunks == cancel_after_chunks) flag_.Set();
    return true;
  }
  void Mark(size_t text_end, int64_t sample) override {
    spoken.back().marks.emplace_back(text_end, sample);
  }
  void FailUtterance(Error error) override { spoken.back().error = error.message; }

  std::vector<Utterance> spoken;
  size_t cancel_after_chunks = 0;

 private:
  engine::CancelFlag flag_;
  std::deque<std::string> texts_;
};

class PiperEngine : public ::testing::Test {
 protected:
  Result<engine::Loaded> Load(const testing::TinyVoiceOptions& voice = {},
                              std::map<std::string, engine::OptionValue> options = {}) {
    testing::WriteTinyVoice(folder_.path(), voice);
    Progress progress;
    return model_.Load({.pack = folder_.path(), .options = std::move(options)}, progress);
  }

  std::vector<FakeStream::Utterance> Speak(std::deque<std::string> texts,
                                           const engine::TtsStart& start = {.seed = 1}) {
    FakeStream stream(std::move(texts));
    const Status status = model_.Speak(start, stream);
    EXPECT_TRUE(status) << status.error().message;
    return stream.spoken;
  }

  const parley::testing::TempDir folder_;
  PiperModel model_{PARLEY_ESPEAK_DATA_DIR};
};

TEST_F(PiperEngine, SaysWhatItsVoiceIsAndCan) {
  const auto loaded = Load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->sample_rate_hz, 22'050);
  EXPECT_EQ(loaded->languages, std::vector<std::string>{"en-US"});
  EXPECT_EQ(loaded->capabilities, (std::vector<std::string>{"speed", "seed", "marks"}));
  EXPECT_TRUE(loaded->voices.empty());
}

TEST_F(PiperEngine, EveryWordHasAMarkInOrderWithinTheSound) {
  ASSERT_TRUE(Load());
  const std::string text = "Hello there. It costs 221 pounds -- really!";
  const auto spoken = Speak({text})[0];
  ASSERT_EQ(spoken.marks.size(), 7u);
  EXPECT_EQ(text.substr(0, spoken.marks[1].first), "Hello there.");
  EXPECT_EQ(text.substr(0, spoken.marks[4].first), "Hello there. It costs 221");
  for (size_t i = 1; i < spoken.marks.size(); ++i) {
    EXPECT_GT(spoken.marks[i].first, spoken.marks[i - 1].first);
    EXPECT_GT(spoken.marks[i].second, spoken.marks[i - 1].second);
  }
  EXPECT_EQ(spoken.marks.back().first, text.size());
  EXPECT_LE(spoken.marks.back().second, static_cast<int64_t>(spoken.audio.size()));
}

TEST_F(PiperEngine, ASeedGivesTheSameBytesWhereverInTheStreamTheTextStands) {
  ASSERT_TRUE(Load());
  const auto spoken = Speak({"Good morning.", "And now this one.", "Good morning."});
  EXPECT_FALSE(spoken[0].audio.empty());
  EXPECT_EQ(spoken[0].audio, spoken[2].audio);
  EXPECT_EQ(spoken[0].audio, Speak({"Good morning."})[0].audio);
  EXPECT_NE(spoken[0].audio, Speak({"Good morning."}, {.seed = 2})[0].audio);
}

TEST_F(PiperEngine, WithoutASeedNoTwoReadingsAreEqual) {
  ASSERT_TRUE(Load());
  const auto spoken = Speak({"Good morning.", "Good morning."}, {});
  EXPECT_NE(spoken[0].audio, spoken[1].audio);
}

TEST_F(PiperEngine, SpeedShortensUpToItsLimit) {
  ASSERT_TRUE(Load());
  const std::string text = "One two three four five six seven eight nine ten.";
  const auto length = [&](double speed) {
    return Speak({text}, {.speed = speed, .seed = 1})[0].audio.size();
  };
  EXPECT_GT(length(0.5), length(1.0));
  EXPECT_GT(length(1.0), length(1.6));
  EXPECT_EQ(length(2.0), length(4.0));
}

TEST_F(PiperEngine, TextWithoutSoundIsSpokenInNoSamples) {
  ASSERT_TRUE(Load());
  const auto spoken = Speak({"", "   ", "...", "\x01\x02", "\xff\xfe", "Yes."});
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_TRUE(spoken[i].audio.empty()) << i;
    EXPECT_TRUE(spoken[i].error.empty()) << i;
  }
  EXPECT_FALSE(spoken[5].audio.empty());
}

TEST_F(PiperEngine, OddTextsAreSpokenWithoutAnError) {
  ASSERT_TRUE(Load());
  for (const auto& utterance :
       Speak({"😀😀😀", "Привет, world. 你好!", "<|endofprompt|> [[x]] {y}", "a\xc3(b\xe2\x82",
              std::string(5000, 'x'),
              "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa e\xcc\x81\xcc\x81\xcc\x81"})) {
    EXPECT_TRUE(utterance.error.empty()) << utterance.error;
    EXPECT_FALSE(utterance.audio.empty());
  }
}

TEST_F(PiperEngine, AHundredThousandCharactersAreSpokenToTheEnd) {
  ASSERT_TRUE(Load());
  std::string text;
  while (text.size() < 100'000) text += "Some words that go on, and on. ";
  const auto spoken = Speak({text})[0];
  EXPECT_TRUE(spoken.error.empty()) << spoken.error;
  EXPECT_EQ(spoken.marks.back().first, text.find_last_not_of(' ') + 1);
  EXPECT_GT(spoken.marks.size(), 20'000u);
}

TEST_F(PiperEngine, ACancelledStreamEndsAtOnceAndTheNextOneSpeaks) {
  ASSERT_TRUE(Load());
  FakeStream stream({"One two three four five six seven eight nine ten eleven twelve.", "More."});
  stream.cancel_after_chunks = 1;
  EXPECT_TRUE(model_.Speak({.seed = 1}, stream));
  ASSERT_EQ(stream.spoken.size(), 1u);
  EXPECT_EQ(stream.spoken[0].chunks, 1u);
  EXPECT_FALSE(Speak({"More."})[0].audio.empty());
}

TEST_F(PiperEngine, SpeakersAreChosenByNameOrNumber) {
  const auto loaded = Load({.two_speakers = true});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->voices, (std::vector<std::string>{"low", "high"}));
  const auto say = [&](const char* voice) {
    return Speak({"Hello."}, {.voice = voice, .seed = 1})[0].audio;
  };
  EXPECT_EQ(say(""), say("low"));
  EXPECT_EQ(say("high"), say("1"));
  EXPECT_NE(say("low"), say("high"));
  FakeStream stream({"Hello."});
  const Status status = model_.Speak({.voice = "nobody"}, stream);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kNotFound);
  EXPECT_NE(status.error().message.find("high"), std::string::npos);
}

TEST_F(PiperEngine, AnotherLanguageIsRefusedAndARegionIsNot) {
  ASSERT_TRUE(Load());
  EXPECT_FALSE(Speak({"Hello."}, {.language = "en-GB"})[0].audio.empty());
  FakeStream stream({"Bonjour."});
  const Status status = model_.Speak({.language = "fr-FR"}, stream);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kInvalidArgument);
}

TEST_F(PiperEngine, AVoiceThatCannotBeCutIsSpokenBySentenceWithAMarkEach) {
  const auto loaded = Load({.can_be_cut = false});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->capabilities, std::vector<std::string>{"speed"});
  const std::string text = "Hello there. It works!";
  const auto spoken = Speak({text})[0];
  ASSERT_EQ(spoken.marks.size(), 2u);
  EXPECT_EQ(text.substr(0, spoken.marks[0].first), "Hello there.");
  EXPECT_EQ(spoken.marks[1].second, static_cast<int64_t>(spoken.audio.size()));
}

TEST_F(PiperEngine, OptionsDevicesAndBrokenPacksAreRefusedWithTheirNames) {
  const auto unknown = Load({}, {{"thread", int64_t{2}}});
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("thread"), std::string::npos);
  Progress progress;
  const auto device = model_.Load({.pack = folder_.path(), .device = "cuda:0"}, progress);
  EXPECT_EQ(device.error().code, Code::kInvalidArgument);
  const auto missing = model_.Load({.pack = folder_.path() / "nothing"}, progress);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  ASSERT_TRUE(WriteFileAtomically(folder_.path() / "tiny.onnx", "\x08\x08half a mod"));
  const auto corrupt = model_.Load({.pack = folder_.path()}, progress);
  EXPECT_EQ(corrupt.error().code, Code::kDataLoss) << corrupt.error().message;
  ASSERT_TRUE(WriteFileAtomically(folder_.path() / "tiny.onnx.json", "{\"audio\": 3}"));
  EXPECT_EQ(model_.Load({.pack = folder_.path()}, progress).error().code, Code::kDataLoss);
}

TEST(NextBlock, CutsLongTextsAfterASentenceAndNeverWithinACharacter) {
  EXPECT_EQ(NextBlock("Short text.", 0), 11u);
  std::string sentences;
  while (sentences.size() < 10'000) sentences += "A sentence here. ";
  EXPECT_LE(NextBlock(sentences, 0), 2048u);
  EXPECT_EQ(sentences[NextBlock(sentences, 0) - 1], '.');
  std::string wide;
  while (wide.size() < 10'000) wide += "€";
  EXPECT_EQ(NextBlock(wide, 0) % 3, 0u);
  EXPECT_GT(NextBlock(wide, 0), 0u);
}

TEST(DefaultVoiceEngine, SpeaksAnEnglishSentenceWithMarksInTime) {
  const auto folder = testing::DefaultVoiceFolder();
  if (!std::filesystem::exists(folder / "en_US-joe-medium.onnx")) {
    SkipCounted("the voice en_US-joe-medium is not pulled");
  }
  PiperModel model{PARLEY_ESPEAK_DATA_DIR};
  Progress progress;
  const auto loaded = model.Load({.pack = folder}, progress);
  ASSERT_TRUE(loaded) << loaded.error().message;
  FakeStream stream({"How are you today? I am fine."});
  ASSERT_TRUE(model.Speak({.seed = 1, .normalized = true}, stream));
  const auto& spoken = stream.spoken[0];
  ASSERT_EQ(spoken.marks.size(), 7u);
  const double seconds = static_cast<double>(spoken.audio.size()) / loaded->sample_rate_hz;
  EXPECT_GT(seconds, 1.2);
  EXPECT_LT(seconds, 4.0);
  // "today?" is said before the second sentence begins, about the middle.
  const double today = static_cast<double>(spoken.marks[3].second) / loaded->sample_rate_hz;
  EXPECT_GT(today, 0.3 * seconds);
  EXPECT_LT(today, 0.7 * seconds);
  float peak = 0;
  for (const float sample : spoken.audio) peak = std::max(peak, std::abs(sample));
  EXPECT_GT(peak, 0.1f);
  EXPECT_LE(peak, 1.0f);
}

}  // namespace
}  // namespace parley::piper
