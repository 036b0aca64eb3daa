#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "cosyvoice2/pack/voice_graphs.h"
#include "cosyvoice2/testing/golden_data.h"
#include "cosyvoice2/testing/small_tokenizer.h"
#include "cosyvoice2/testing/sounds.h"
#include "cosyvoice2/voice/prompt_audio.h"
#include "cosyvoice2/voice/speech_request.h"
#include "cosyvoice2/voice/spk2info.h"
#include "cosyvoice2/voice/voice_encoder.h"

namespace parley::cosyvoice2 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;

class VoiceEncoderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteFileAtomically(dir_.path() / "campplus.onnx", SpeakerGraph(1)));
    ASSERT_TRUE(
        WriteFileAtomically(dir_.path() / "speech_tokenizer_v2.onnx", SpeechTokenizerGraph(1, 97)));
  }
  Result<std::unique_ptr<VoiceEncoder>> Load(int64_t speech_tokens = 97) const {
    VoiceEncoder::Config config;
    config.threads = 1;
    config.speech_tokens = speech_tokens;
    return VoiceEncoder::Load(dir_.path(), config);
  }

  const parley::testing::TempDir dir_;
};

TEST_F(VoiceEncoderTest, MakesTokensFramesAndEmbeddingThatBelongTogether) {
  const auto encoder = Load();
  ASSERT_TRUE(encoder) << encoder.error().message;
  for (const int rate : {16'000, 22'050, 44'100, 48'000}) {
    const auto prompt = (*encoder)->Encode(testing::VoiceLike(rate, 2.0), "hello");
    ASSERT_TRUE(prompt) << prompt.error().message;
    EXPECT_EQ(prompt->speech_tokens.size(), 50U) << rate;  // 25 a second
    EXPECT_TRUE(CheckPrompt(*prompt));
    EXPECT_THAT(prompt->speech_tokens, ::testing::Each(Lt(97)));
    EXPECT_EQ(prompt->transcript, "hello");
  }
}

TEST_F(VoiceEncoderTest, RefusesSoundThatItCannotUse) {
  const auto encoder = Load();
  ASSERT_TRUE(encoder);
  const auto low = (*encoder)->Encode(testing::VoiceLike(8'000, 2), "");
  ASSERT_FALSE(low);
  EXPECT_THAT(low.error().message, HasSubstr("8000 Hz"));
  const auto empty = (*encoder)->Encode({16'000, {}}, "");
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, Code::kInvalidArgument);
  EXPECT_FALSE((*encoder)->Encode({16'000, std::vector<float>(31 * 16'000)}, ""));
}

TEST_F(VoiceEncoderTest, RefusesModelsOfAnotherKind) {
  const auto fewer = Load(10);
  ASSERT_TRUE(fewer);
  const auto prompt = (*fewer)->Encode(testing::VoiceLike(16'000, 2), "");
  ASSERT_FALSE(prompt);
  EXPECT_EQ(prompt.error().code, Code::kDataLoss);
  ASSERT_TRUE(WriteFileAtomically(dir_.path() / "speech_tokenizer_v2.onnx", SpeakerGraph(1)));
  EXPECT_EQ(Load().error().code, Code::kUnimplemented);
  std::filesystem::remove(dir_.path() / "campplus.onnx");
  EXPECT_FALSE(Load());
}

TEST(PromptAudio, CutsSilenceAndBringsPeaksDown) {
  const auto prepared = PreparePromptAudio(testing::VoiceLike(24'000, 4, 1.5, 0.95F));
  ASSERT_TRUE(prepared) << prepared.error().message;
  EXPECT_NEAR(prepared->cut_ms, 2'800, 30);                    // 100 ms are kept on both sides
  EXPECT_NEAR(prepared->clip.duration_ms(), 4'000 + 400, 40);  // and 200 ms added
  const auto& samples = prepared->clip.samples;
  EXPECT_NEAR(*std::max_element(samples.begin(), samples.end()), 0.8F, 0.01F);
  EXPECT_THAT(prepared->warnings, IsEmpty());
}

TEST(PromptAudio, SaysWhatIsWrongWithARecording) {
  const auto message = [](const audio::AudioClip& clip) {
    const auto prepared = PreparePromptAudio(clip);
    return prepared ? std::string() : prepared.error().message;
  };
  EXPECT_THAT(message({16'000, {}}), HasSubstr("0 ms of speech"));
  EXPECT_THAT(message({16'000, std::vector<float>(32'000)}), HasSubstr("as good as silence"));
  EXPECT_THAT(message(testing::VoiceLike(16'000, 60)), HasSubstr("60000 ms of speech"));
  EXPECT_THAT(message(testing::VoiceLike(8'000, 4)), HasSubstr("8000 Hz"));
  auto loud = testing::VoiceLike(16'000, 4, 0, 3.0F);
  for (float& sample : loud.samples) sample = std::clamp(sample, -1.0F, 1.0F);
  EXPECT_THAT(message(loud), HasSubstr("full scale"));
  auto broken = testing::VoiceLike(16'000, 4);
  broken.samples[7] = std::nanf("");
  EXPECT_THAT(message(broken), HasSubstr("no finite numbers"));
}

TEST(Transcript, MustFitTheLengthOfTheSpeech) {
  EXPECT_TRUE(CheckTranscript(0, 5));
  EXPECT_TRUE(CheckTranscript(20, 5));
  EXPECT_FALSE(CheckTranscript(1, 10));
  const auto long_text = CheckTranscript(500, 5);
  ASSERT_FALSE(long_text);
  EXPECT_THAT(long_text.error().message, HasSubstr("500 tokens for 5.0 s"));
}

std::filesystem::path Spk2info() {
  return testing::SmallGoldens() / "G1_reader" / "spk2info_like.pt";
}

TEST(Spk2info, ReadsBothFormsThatAreFound) {
  const auto voices = LoadSpk2info(Spk2info());
  ASSERT_TRUE(voices) << voices.error().message;
  ASSERT_EQ(voices->size(), 2U);
  const VoicePrompt& other = voices->at("女声-demo");
  EXPECT_EQ(other.transcript, "希望你以后能够做的比我还好呦");
  EXPECT_THAT(other.text_tokens, ElementsAre(99658, 99317, 56568));
  EXPECT_THAT(other.speech_tokens, ElementsAre(5, 6560, 0));
  EXPECT_EQ(other.mel.size(), 480U);
  // The tensor is transposed in the file: its first row is every sixth number there.
  EXPECT_FLOAT_EQ(other.mel[1], -0.47806668281555176F);
  const VoicePrompt& official = voices->at("official");
  EXPECT_THAT(official.text_tokens, ElementsAre(1, 2));
  EXPECT_THAT(official.speech_tokens, ElementsAre(3, 4, 5));
  EXPECT_FLOAT_EQ(official.embedding[0], 0.2534370422363281F);
}

TEST(Spk2info, NamesTheFileThatIsNoSuchThing) {
  const auto voices = LoadSpk2info(testing::SmallGoldens() / "G1_reader" / "malicious_posix.pt");
  ASSERT_FALSE(voices);
  EXPECT_THAT(voices.error().message, HasSubstr("malicious_posix.pt"));
  EXPECT_TRUE(LoadSpk2info(testing::SmallGoldens() / "G1_reader" / "state_dict.pt"));  // no voices
}

VoicePrompt Demo() { return LoadSpk2info(Spk2info())->at("女声-demo"); }

TEST(VoicePrompt, IsLoadedAsItWasSaved) {
  const parley::testing::TempDir dir;
  const auto path = dir.path() / "demo.voice";
  const Status saved = SavePrompt(path, Demo());
  ASSERT_TRUE(saved) << saved.error().message;
  const auto loaded = LoadPrompt(path);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(*loaded, Demo());
  auto bytes = ReadFile(path, 1 << 20);
  (*bytes)[200] = static_cast<char>((*bytes)[200] ^ 1);
  ASSERT_TRUE(WriteFileAtomically(path, *bytes));
  EXPECT_EQ(LoadPrompt(path).error().code, Code::kDataLoss);
}

TEST(VoicePrompt, IsRefusedWhereItsPartsDoNotFit) {
  VoicePrompt shorter = Demo();
  shorter.mel.pop_back();
  EXPECT_FALSE(CheckPrompt(shorter));
  VoicePrompt negative = Demo();
  negative.speech_tokens[0] = -1;
  EXPECT_FALSE(CheckPrompt(negative));
  VoicePrompt nan = Demo();
  nan.embedding[5] = std::nanf("");
  EXPECT_FALSE(CheckPrompt(nan));
}

class SpeechRequestTest : public ::testing::Test {
 protected:
  SpeechRequest Make(SpeechMode mode, std::string_view instruct = "") const {
    auto request = MakeSpeechRequest(*tokenizer_, Demo(), {mode, instruct}, "on");
    EXPECT_TRUE(request) << request.error().message;
    return request ? *request : SpeechRequest();
  }

  const std::unique_ptr<Tokenizer> tokenizer_ = testing::SmallTokenizer();
};

TEST_F(SpeechRequestTest, EachModeGivesTheModelsWhatItShould) {
  const SpeechRequest zero_shot = Make(SpeechMode::kZeroShot);
  EXPECT_EQ(zero_shot.text, tokenizer_->Encode("on"));
  EXPECT_EQ(zero_shot.prompt_text, Demo().text_tokens);
  EXPECT_EQ(zero_shot.prompt_speech, Demo().speech_tokens);
  EXPECT_EQ(zero_shot.flow_mel, Demo().mel);

  const SpeechRequest cross = Make(SpeechMode::kCrossLingual);
  EXPECT_THAT(cross.prompt_text, IsEmpty());
  EXPECT_THAT(cross.prompt_speech, IsEmpty());
  EXPECT_EQ(cross.flow_tokens, Demo().speech_tokens);

  const SpeechRequest instruct = Make(SpeechMode::kInstruct, "in");
  EXPECT_EQ(instruct.prompt_text, tokenizer_->Encode("in<|endofprompt|>"));
  EXPECT_EQ(Make(SpeechMode::kInstruct, "in<|endofprompt|>").prompt_text, instruct.prompt_text);
  EXPECT_THAT(instruct.prompt_speech, IsEmpty());

  const SpeechRequest speaker = Make(SpeechMode::kSpeaker);
  EXPECT_THAT(speaker.flow_tokens, IsEmpty());
  EXPECT_EQ(speaker.embedding, Demo().embedding);
}

TEST_F(SpeechRequestTest, SaysWhichModeAVoiceServes) {
  VoicePrompt untold = Demo();
  untold.transcript.clear();
  untold.text_tokens.clear();
  const auto zero_shot = MakeSpeechRequest(*tokenizer_, untold, {SpeechMode::kZeroShot, ""}, "on");
  ASSERT_FALSE(zero_shot);
  EXPECT_THAT(zero_shot.error().message, HasSubstr("cross-lingual"));
  VoicePrompt bare;
  bare.embedding = Demo().embedding;
  EXPECT_FALSE(MakeSpeechRequest(*tokenizer_, bare, {SpeechMode::kCrossLingual, ""}, "on"));
  EXPECT_TRUE(MakeSpeechRequest(*tokenizer_, bare, {SpeechMode::kSpeaker, ""}, "on"));
  EXPECT_FALSE(MakeSpeechRequest(*tokenizer_, Demo(), {SpeechMode::kInstruct, ""}, "on"));
}

}  // namespace
}  // namespace parley::cosyvoice2
