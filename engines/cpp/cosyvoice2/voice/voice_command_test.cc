// A voice as users make, list and remove it.
#include "cosyvoice2/voice/voice_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "audio/wav_writer.h"
#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "cosyvoice2/pack/model_files.h"
#include "cosyvoice2/pack/voice_graphs.h"
#include "cosyvoice2/testing/golden_data.h"
#include "cosyvoice2/testing/small_tokenizer.h"
#include "cosyvoice2/testing/sounds.h"
#include "cosyvoice2/voice/voice_library.h"

namespace parley::cosyvoice2 {
namespace {

using ::testing::HasSubstr;

constexpr char kSaid[] = "hello there on the line";

// A model folder as far as voices need one, and a recording.
class VoiceCommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto blank = dir_.path() / "CosyVoice-BlankEN";
    std::filesystem::create_directories(blank);
    const std::pair<std::filesystem::path, std::string> files[] = {
        {dir_.path() / "campplus.onnx", SpeakerGraph(1)},
        {dir_.path() / "speech_tokenizer_v2.onnx", SpeechTokenizerGraph(1, 97)},
        {dir_.path() / "cosyvoice2.yaml", ModelYaml(TinyShape(), 20)},
        {blank / "vocab.json", testing::SmallVocabulary()},
        {blank / "merges.txt", testing::SmallMerges()}};
    for (const auto& [path, bytes] : files) ASSERT_TRUE(WriteFileAtomically(path, bytes));
    Record(testing::VoiceLike(22'050, 4, 1));
  }

  void Record(const audio::AudioClip& clip) {
    ASSERT_TRUE(
        audio::WriteWavFile(wav_, clip.sample_rate_hz, std::span<const float>(clip.samples)));
  }

  NewVoice Me() const { return {.model = dir_.path(), .name = "me", .audio = wav_}; }

  std::string Refusal(const NewVoice& voice) const {
    const auto said = AddVoice(voice);
    return said ? std::string() : said.error().message;
  }

  const parley::testing::TempDir dir_;
  const std::filesystem::path wav_ = dir_.path() / "recording.wav";
};

TEST_F(VoiceCommandTest, ARecordingBecomesAVoiceThatIsListedAndRemoved) {
  NewVoice me = Me();
  me.transcript = kSaid;
  const auto said = AddVoice(me);
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_THAT(said->back(), HasSubstr("speech tokens"));
  const auto described = DescribeVoices(dir_.path(), true);
  ASSERT_TRUE(described) << described.error().message;
  const auto voices = nlohmann::json::parse(*described);
  ASSERT_EQ(voices.size(), 1U);
  EXPECT_EQ(voices[0]["name"], "me");
  EXPECT_EQ(voices[0]["mode"], "zero-shot");
  EXPECT_EQ(voices[0]["transcript"], kSaid);
  EXPECT_NEAR(voices[0]["seconds"].get<double>(), 4.4, 0.1);
  EXPECT_TRUE(voices[0]["default"].get<bool>());
  EXPECT_THAT(*DescribeVoices(dir_.path(), false), HasSubstr("the default voice"));
  ASSERT_TRUE(RemoveVoice(dir_.path(), "me"));
  EXPECT_TRUE(VoiceLibrary::Load(dir_.path())->names().empty());
}

TEST_F(VoiceCommandTest, AVoiceIsReplacedOnlyWhenThatIsAskedFor) {
  NewVoice me = Me();
  ASSERT_TRUE(AddVoice(me));
  EXPECT_THAT(Refusal(me), HasSubstr("--replace"));
  me.replace = true;
  me.transcript = kSaid;
  ASSERT_TRUE(AddVoice(me));
  EXPECT_EQ(LoadPrompt(PromptFile(dir_.path(), "me"))->transcript, kSaid);
}

TEST_F(VoiceCommandTest, RecordingsThatMakeNoVoiceLeaveNone) {
  const std::pair<audio::AudioClip, const char*> recordings[] = {
      {{16'000, {}}, "holds no sound"},
      {testing::VoiceLike(16'000, 60), "60000 ms of speech"},
      {testing::VoiceLike(8'000, 4), "8000 Hz"},
      {{16'000, std::vector<float>(4 * 16'000)}, "as good as silence"}};
  for (const auto& [clip, why] : recordings) {
    Record(clip);
    EXPECT_THAT(Refusal(Me()), HasSubstr(why));
  }
  ASSERT_TRUE(WriteFileAtomically(wav_, "this is no sound"));
  EXPECT_THAT(Refusal(Me()), HasSubstr("recording.wav"));
  EXPECT_TRUE(VoiceLibrary::Load(dir_.path())->names().empty());
}

TEST_F(VoiceCommandTest, ATranscriptOfSomethingElseIsRefused) {
  NewVoice me = Me();
  for (int i = 0; i < 60; ++i) me.transcript.append(kSaid).append(" ");
  EXPECT_THAT(Refusal(me), HasSubstr("tokens for 4."));
}

TEST_F(VoiceCommandTest, ANameThatIsNoneMakesNoFile) {
  for (const char* name : {"", "..", "../me", "a b", "-me", ".me", "a,b"}) {
    NewVoice me = Me();
    me.name = name;
    EXPECT_THAT(Refusal(me), HasSubstr("no name for a voice")) << name;
    EXPECT_FALSE(RemoveVoice(dir_.path(), name)) << name;
  }
  NewVoice other = Me();
  other.name = "女声-2";
  EXPECT_TRUE(AddVoice(other));
}

TEST_F(VoiceCommandTest, AVoiceThatIsNotThereOrIsNeededStays) {
  ASSERT_TRUE(AddVoice(Me()));
  const Status absent = RemoveVoice(dir_.path(), "you");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, Code::kNotFound);
  EXPECT_THAT(absent.error().message, HasSubstr("there are: me"));
  ASSERT_TRUE(WriteFileAtomically(dir_.path() / "voices.toml", "default = \"me\"\n"));
  const Status needed = RemoveVoice(dir_.path(), "me");
  ASSERT_FALSE(needed);
  EXPECT_THAT(needed.error().message, HasSubstr("voices.toml"));
  std::filesystem::copy_file(testing::SmallGoldens() / "G1_reader" / "spk2info_like.pt",
                             dir_.path() / "spk2info.pt");
  const Status official = RemoveVoice(dir_.path(), "official");
  ASSERT_FALSE(official);
  EXPECT_THAT(official.error().message, HasSubstr("spk2info.pt"));
  EXPECT_EQ(VoiceLibrary::Load(dir_.path())->names().size(), 3U);
}

TEST_F(VoiceCommandTest, WrongUseIsToldFromFailure) {
  const std::string model = dir_.path().string();
  const std::string wav = wav_.string();
  const auto run = [](std::vector<std::string_view> words) { return RunVoiceCommand(words); };
  EXPECT_EQ(run({}), 2);
  EXPECT_EQ(run({"add", "me", "--model", model}), 2);
  EXPECT_EQ(run({"rm", "me", "--model", model, "--audio", wav}), 2);
  EXPECT_EQ(run({"list", "me", "--model", model}), 2);
  EXPECT_EQ(run({"list", "--model"}), 2);
  EXPECT_EQ(run({"rm", "me", "--model", model}), 3);
  EXPECT_EQ(run({"add", "me", "--audio", wav, "--model", model}), 0);
  EXPECT_EQ(run({"list", "--model", model, "--json"}), 0);
  EXPECT_EQ(run({"rm", "me", "--model", model}), 0);
}

}  // namespace
}  // namespace parley::cosyvoice2
