#include "gateway/client_secrets.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace parley::gateway {
namespace {

using Json = nlohmann::json;
using Kind = ClientSecrets::Kind;

TEST(ClientSecrets, ASecretIsGoodUntilItExpires) {
  ClientSecrets secrets({});
  const auto answer = secrets.Issue(
      Kind::kClientSecret,
      R"({"expires_after":{"anchor":"created_at","seconds":10},"session":{"instructions":"x"}})",
      1000);
  ASSERT_TRUE(answer) << answer.error().message;
  const Json json = Json::parse(*answer);
  EXPECT_EQ(json["expires_at"], 1010);
  EXPECT_EQ(json["session"]["type"], "realtime");
  EXPECT_EQ(json["session"]["object"], "realtime.session");
  const std::string value = json["value"];
  EXPECT_TRUE(ClientSecrets::LooksLikeOne(value));
  const auto patch = secrets.Find(value, 1009);
  ASSERT_TRUE(patch);
  EXPECT_EQ(Json::parse(*patch)["instructions"], "x");
  EXPECT_FALSE(secrets.Find(value, 1010));
  EXPECT_FALSE(secrets.Find("ek_unknown", 1000));
}

TEST(ClientSecrets, AnEmptyRequestGetsTheDefaults) {
  ClientSecrets secrets({.instructions = "Be kind."});
  for (const char* body : {"", " ", "{}", R"({"expires_after":null,"session":null})"}) {
    const auto answer = secrets.Issue(Kind::kClientSecret, body, 1000);
    ASSERT_TRUE(answer) << body;
    EXPECT_EQ(Json::parse(*answer)["expires_at"], 1600);
    EXPECT_EQ(Json::parse(*answer)["session"]["instructions"], "Be kind.");
  }
}

TEST(ClientSecrets, TheOlderRequestsAnswerInTheOlderForm) {
  ClientSecrets secrets({});
  const Json session = Json::parse(*secrets.Issue(
      Kind::kSession, R"({"model":"gpt-4o-realtime-preview","voice":"verse"})", 1000));
  EXPECT_EQ(session["voice"], "verse");
  EXPECT_EQ(session["model"], "gpt-4o-realtime-preview");
  EXPECT_EQ(session["modalities"], (Json{"audio", "text"}));
  EXPECT_EQ(session["client_secret"]["expires_at"], 1060);
  EXPECT_TRUE(secrets.Find(session["client_secret"]["value"].get<std::string>(), 1000));
  const Json transcription = Json::parse(*secrets.Issue(
      Kind::kTranscriptionSession,
      R"({"input_audio_format":"pcm16","input_audio_transcription":{"model":"whisper-1"}})", 1000));
  EXPECT_EQ(transcription["object"], "realtime.transcription_session");
  EXPECT_EQ(transcription["input_audio_transcription"]["model"], "whisper-1");
}

TEST(ClientSecrets, MistakesAreNamedByTheirPath) {
  ClientSecrets secrets({});
  struct Case {
    const char* body;
    const char* param;
    const char* code;
  };
  for (const Case& c :
       {Case{"[]", "", "invalid_json"},
        {"{", "", "invalid_json"},
        {R"({"expires_after":7})", "expires_after", "invalid_type"},
        {R"({"expires_after":{"anchor":"noon"}})", "expires_after.anchor", "invalid_value"},
        {R"({"expires_after":{"seconds":9}})", "expires_after.seconds", "invalid_value"},
        {R"({"expires_after":{"seconds":7201}})", "expires_after.seconds", "invalid_value"},
        {R"({"expires_after":{"seconds":"60"}})", "expires_after.seconds", "invalid_value"},
        {R"({"session":7})", "session", "invalid_value"},
        {R"({"session":{"type":"party"}})", "session.type", "invalid_value"},
        {R"({"session":{"voice":"x"}})", "session.voice", "unknown_parameter"}}) {
    const auto answer = secrets.Issue(Kind::kClientSecret, c.body, 1000);
    ASSERT_FALSE(answer) << c.body;
    EXPECT_EQ(answer.error().status, 400);
    EXPECT_EQ(answer.error().param, c.param) << c.body;
    EXPECT_EQ(answer.error().code, c.code) << c.body;
  }
}

TEST(ClientSecrets, TooManyAreRefusedUntilSomeExpire) {
  ClientSecrets secrets({});
  for (size_t i = 0; i < ClientSecrets::kSecretsMax; ++i) {
    ASSERT_TRUE(secrets.Issue(Kind::kClientSecret, "{}", 1000));
  }
  EXPECT_EQ(secrets.Issue(Kind::kClientSecret, "{}", 1000).error().status, 429);
  EXPECT_TRUE(secrets.Issue(Kind::kClientSecret, "{}", 2000));
}

}  // namespace
}  // namespace parley::gateway
