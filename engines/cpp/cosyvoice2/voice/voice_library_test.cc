#include "cosyvoice2/voice/voice_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "cosyvoice2/testing/golden_data.h"

namespace parley::cosyvoice2 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kToml[] = R"(default = "anna"
[styles.happy]
instruct = "Speak happily."
[styles.calm]
instruct = "Speak calmly."
[voices.anna.styles.happy]
prompt = "anna-happy"
)";

VoicePrompt Prompt(std::string transcript) {
  VoicePrompt prompt;
  prompt.transcript = std::move(transcript);
  prompt.speech_tokens = {1};
  prompt.mel.assign(160, 0.5F);
  prompt.embedding.assign(192, 1.0F);
  return prompt;
}

Voices Three() {
  return {{"anna", Prompt("plain")}, {"anna-happy", Prompt("glad")}, {"ben", Prompt("")}};
}

VoiceLibrary Library() {
  auto library = VoiceLibrary::Create(Three(), kToml);
  EXPECT_TRUE(library) << library.error().message;
  return std::move(*library);
}

TEST(VoiceLibrary, WithoutANameOrStyleTheDefaultSpeaksAsItsPrompt) {
  const VoiceLibrary library = Library();
  const auto choice = library.Choose("", "", "");
  ASSERT_TRUE(choice) << choice.error().message;
  EXPECT_EQ(choice->prompt->transcript, "plain");
  EXPECT_EQ(choice->mode, SpeechMode::kZeroShot);
  // A prompt without a transcript cannot be gone on from.
  EXPECT_EQ(library.Choose("ben", "", "")->mode, SpeechMode::kCrossLingual);
}

TEST(VoiceLibrary, AStyleIsAnInstructTextOrAnotherPrompt) {
  const VoiceLibrary library = Library();
  const auto ben = library.Choose("ben", "happy", "");
  ASSERT_TRUE(ben);
  EXPECT_EQ(ben->mode, SpeechMode::kInstruct);
  EXPECT_EQ(ben->instruct, "Speak happily.");
  const auto anna = library.Choose("anna", "happy", "");
  ASSERT_TRUE(anna);
  EXPECT_EQ(anna->prompt->transcript, "glad");
  EXPECT_EQ(anna->mode, SpeechMode::kZeroShot);
}

TEST(VoiceLibrary, EveryVoiceHasItsOwnMannerAsAStyle) {
  const auto choice = Library().Choose("anna", "neutral", "");
  ASSERT_TRUE(choice) << choice.error().message;
  EXPECT_EQ(choice->mode, SpeechMode::kZeroShot);
  const auto other = VoiceLibrary::Create(Three(), "[styles.neutral]\ninstruct = \"Be dry.\"");
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(other->Choose("anna", "neutral", "")->instruct, "Be dry.");
}

TEST(VoiceLibrary, AStyleThatNoVoiceHasIsToldWithThoseThatThereAre) {
  const VoiceLibrary library = Library();
  EXPECT_TRUE(library.CheckStyle("calm"));
  EXPECT_TRUE(library.CheckStyle("neutral"));
  EXPECT_TRUE(library.HasStyle("", "happy"));
  EXPECT_FALSE(library.HasStyle("", "angry"));
  const Status unknown = library.CheckStyle("angry");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("there are: calm, happy, neutral"));
}

TEST(VoiceLibrary, WordsOfTheCallersOwnComeBeforeAStyle) {
  const VoiceLibrary library = Library();
  const auto choice = library.Choose("anna", "happy", "Whisper.");
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->instruct, "Whisper.");
  EXPECT_EQ(choice->prompt->transcript, "plain");
}

TEST(VoiceLibrary, WhatIsNotThereIsAnsweredByWhatIs) {
  const VoiceLibrary library = Library();
  const auto style = library.Choose("ben", "angry", "");
  ASSERT_FALSE(style);
  EXPECT_EQ(style.error().code, Code::kNotFound);
  EXPECT_THAT(style.error().message, HasSubstr("it has: calm, happy, neutral"));
  const auto voice = library.Choose("carl", "", "");
  ASSERT_FALSE(voice);
  EXPECT_THAT(voice.error().message, HasSubstr("there are: anna, anna-happy, ben"));
  EXPECT_FALSE(VoiceLibrary::Create({}, "")->Choose("", "", ""));
}

TEST(VoiceLibrary, RefusesAFileThatSpeaksOfWhatIsNotThere) {
  for (const char* toml :
       {"default = \"carl\"", "[styles.x]\nprompt = \"carl\"", "[voices.carl.styles]",
        "[styles.x]\n", "[styles.x]\ninstruct = \"a\"\nprompt = \"anna\"", "styles = 3", "= ="}) {
    const auto library = VoiceLibrary::Create(Three(), toml);
    ASSERT_FALSE(library) << toml;
    EXPECT_EQ(library.error().code, Code::kInvalidArgument) << toml;
  }
}

TEST(VoiceLibrary, IsReadFromAModelFolder) {
  const parley::testing::TempDir dir;
  std::filesystem::create_directories(dir.path() / "voices");
  std::filesystem::copy_file(testing::SmallGoldens() / "G1_reader" / "spk2info_like.pt",
                             dir.path() / "spk2info.pt");
  ASSERT_TRUE(SavePrompt(dir.path() / "voices" / "anna.voice", Prompt("plain")));
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "voices.toml", "default = \"anna\"\n"));
  const auto library = VoiceLibrary::Load(dir.path());
  ASSERT_TRUE(library) << library.error().message;
  EXPECT_THAT(library->names(), ElementsAre("anna", "official", "女声-demo"));
  EXPECT_EQ(library->Choose("", "", "")->prompt->transcript, "plain");
  const parley::testing::TempDir empty;
  EXPECT_TRUE(VoiceLibrary::Load(empty.path())->names().empty());
}

}  // namespace
}  // namespace parley::cosyvoice2
