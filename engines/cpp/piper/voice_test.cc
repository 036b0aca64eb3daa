#include "piper/voice.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "piper/testing/voices.h"
#include "piper/utf8.h"

namespace parley::piper {
namespace {

nlohmann::json Json() {
  return nlohmann::json::parse(
      ReadFile(testing::TestData("en_US-joe-medium.onnx.json"), 1 << 20).value());
}

TEST(Voice, ReadsWhatTheVoiceSaysOfItself) {
  const Voice voice = testing::EnglishVoice();
  EXPECT_EQ(voice.sample_rate_hz, 22'050);
  EXPECT_EQ(voice.language, "en-US");
  EXPECT_EQ(voice.espeak_voice, "en-us");
  EXPECT_FLOAT_EQ(voice.noise_scale, 0.667f);
  EXPECT_EQ(voice.ids.at('_'), std::vector<int64_t>{0});
}

TEST(Voice, AFieldOutOfRangeIsRefusedByName) {
  const auto refused = [](const char* field, auto set) {
    nlohmann::json json = Json();
    set(json);
    const auto voice = ParseVoice(json.dump());
    EXPECT_FALSE(voice) << field;
    if (voice) return;
    EXPECT_EQ(voice.error().code, Code::kDataLoss);
    EXPECT_NE(voice.error().message.find(field), std::string::npos) << voice.error().message;
  };
  refused("sample_rate", [](auto& json) { json["audio"]["sample_rate"] = 5; });
  refused("length_scale", [](auto& json) { json["inference"]["length_scale"] = "slow"; });
  refused("num_speakers", [](auto& json) { json["num_speakers"] = -1; });
  refused("phoneme_id_map", [](auto& json) { json.erase("phoneme_id_map"); });
  refused("phoneme_id_map", [](auto& json) { json["phoneme_id_map"].erase("^"); });
  refused("phoneme_id_map", [](auto& json) { json["phoneme_id_map"]["a"] = {-4}; });
  refused("speaker_id_map", [](auto& json) { json["speaker_id_map"] = {{"x", 3}}; });
}

TEST(Voice, PhonemesOfAnUnknownKindAreNamed) {
  nlohmann::json json = Json();
  json["phoneme_type"] = "pinyin";
  const auto voice = ParseVoice(json.dump());
  ASSERT_FALSE(voice);
  EXPECT_EQ(voice.error().code, Code::kUnimplemented);
  EXPECT_NE(voice.error().message.find("pinyin"), std::string::npos);
}

TEST(Voice, WhatIsNoJsonIsRefused) {
  for (const char* text : {"", "[]", "{", "\xff", "null"}) EXPECT_FALSE(ParseVoice(text)) << text;
}

TEST(Voice, AVoiceOfOneSpeakerAnswersToItsNameAndToNoOther) {
  const Voice voice = testing::EnglishVoice();
  for (const char* name : {"", "default", "en_US-joe-medium"}) {
    const auto speaker = voice.Speaker(name, "en_US-joe-medium");
    ASSERT_TRUE(speaker) << name;
    EXPECT_EQ(*speaker, std::nullopt);
  }
  EXPECT_FALSE(voice.Speaker("amy", "en_US-joe-medium"));
}

TEST(VoiceFiles, AFolderOrTheFileItselfIsFound) {
  const parley::testing::TempDir dir;
  const auto model = dir.path() / "x.onnx";
  EXPECT_EQ(FindVoiceFiles(dir.path()).error().code, Code::kNotFound);
  ASSERT_TRUE(WriteFileAtomically(model, "m"));
  EXPECT_EQ(FindVoiceFiles(model).error().code, Code::kNotFound);
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "x.onnx.json", "{}"));
  EXPECT_EQ(FindVoiceFiles(dir.path())->model, model);
  EXPECT_EQ(FindVoiceFiles(model)->config, dir.path() / "x.onnx.json");
}

TEST(VoiceFiles, SeveralVoicesInOneFolderAreAskedFor) {
  const parley::testing::TempDir dir;
  for (const char* name : {"a.onnx", "a.onnx.json", "b.onnx", "b.onnx.json"}) {
    ASSERT_TRUE(WriteFileAtomically(dir.path() / name, "x"));
  }
  EXPECT_EQ(FindVoiceFiles(dir.path()).error().code, Code::kInvalidArgument);
  EXPECT_TRUE(FindVoiceFiles(dir.path() / "b.onnx"));
}

TEST(Utf8, BrokenAndOverlongFormsTakeOneByteEach) {
  EXPECT_EQ(CodePoints("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), U"aé€😀");
  EXPECT_EQ(CodePoints("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82z"), U"z");
}

TEST(Utf8, PrintableKeepsEveryOffset) {
  EXPECT_EQ(Printable("a\x01\xc2\x85z\xff[[b\n"), "a   z [ b\n");
}

}  // namespace
}  // namespace parley::piper
