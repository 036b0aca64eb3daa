// The gateway's parsers and renderers, without sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/audio_windows.h"
#include "gateway/speech_request.h"
#include "gateway/transcript.h"
#include "gateway/transcription_request.h"

namespace parley::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(SpeechRequest, DefaultsAreTheApis) {
  const auto request =
      ParseSpeechRequest(R"({"model":"tts-1","input":"Hi","voice":{"id":"nova"},"x":1})", 10);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->voice, "nova");
  EXPECT_EQ(request->format, SpeechFormat::kMp3);
  EXPECT_EQ(request->speed, 1.0);
  EXPECT_FALSE(request->sse);
}

TEST(SpeechRequest, MistakesNameTheirField) {
  struct Case {
    const char* body;
    const char* param;
    const char* code;
  };
  const Case cases[] = {
      {"", "", "invalid_json"},
      {"[]", "", "invalid_json"},
      {"{\"model\":\"\xff\"}", "", "invalid_json"},
      {R"({"input":"x","voice":"v"})", "model", "missing_required_parameter"},
      {R"({"model":"m","voice":"v"})", "input", "missing_required_parameter"},
      {R"({"model":"m","input":"x"})", "voice", "missing_required_parameter"},
      {R"({"model":"m","input":7,"voice":"v"})", "input", "invalid_type"},
      {R"({"model":"m","input":"","voice":"v"})", "input", "string_too_short"},
      {R"({"model":"m","input":"12345678901","voice":"v"})", "input", "string_too_long"},
      {R"({"model":"m","input":"x","voice":"v","response_format":"ogg"})", "response_format",
       "invalid_value"},
      {R"({"model":"m","input":"x","voice":"v","speed":5})", "speed", "invalid_value"},
      {R"({"model":"m","input":"x","voice":"v","speed":"1"})", "speed", "invalid_value"},
      {R"({"model":"m","input":"x","voice":"v","stream_format":"x"})", "stream_format",
       "invalid_value"},
  };
  for (const Case& one : cases) {
    const auto request = ParseSpeechRequest(one.body, 10);
    ASSERT_FALSE(request) << one.body;
    EXPECT_EQ(request.error().param, one.param) << one.body;
    EXPECT_EQ(request.error().code, one.code) << one.body;
    EXPECT_EQ(request.error().status, 400);
  }
}

TEST(SpeechRequest, TheLimitCountsCharactersNotBytes) {
  EXPECT_TRUE(ParseSpeechRequest(R"({"model":"m","input":"ääääääääää","voice":"v"})", 10));
}

TEST(AudioWindows, CutAtTheQuietPlace) {
  constexpr int kHz = 1000;
  std::vector<float> samples(48'000, 0.5f);
  for (size_t i = 20'000; i < 20'400; ++i) samples[i] = 0;
  const auto windows = CutWindows(samples, kHz);
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_NEAR(static_cast<double>(windows[0].upto_sample), 20'200, 110);
  EXPECT_EQ(windows[1].from_sample, windows[0].upto_sample);
  EXPECT_EQ(windows[1].upto_sample, samples.size());
}

TEST(AudioWindows, CoverEverythingWithinTheLimit) {
  constexpr int kHz = 1000;
  for (const size_t size : {0, 1, 27'999, 28'000, 28'001, 300'000}) {
    const std::vector<float> samples(size, 0.1f);
    size_t at = 0;
    for (const AudioWindow& window : CutWindows(samples, kHz)) {
      EXPECT_EQ(window.from_sample, at);
      EXPECT_GT(window.upto_sample, window.from_sample);
      EXPECT_LE(window.upto_sample - window.from_sample, 28'000u);
      at = window.upto_sample;
    }
    EXPECT_EQ(at, size);
  }
}

Transcript Example() {
  Transcript transcript{.language = "en", .duration_s = 3.2};
  transcript.parts.push_back({.text = "Hello there. How are you?",
                              .from_s = 0,
                              .upto_s = 3.2,
                              .words = {{"Hello", 0.1, 0.4},
                                        {"there.", 0.5, 0.9},
                                        {"How", 1.2, 1.4},
                                        {"are", 1.4, 1.6},
                                        {"you?", 1.6, 2.0}}});
  return transcript;
}

TEST(Transcript, SubtitlesHaveASentenceEach) {
  EXPECT_EQ(Render(Example(), TranscriptFormat::kSrt, {}),
            "1\n00:00:00,100 --> 00:00:00,900\nHello there.\n\n"
            "2\n00:00:01,200 --> 00:00:02,000\nHow are you?\n\n");
  EXPECT_THAT(Render(Example(), TranscriptFormat::kVtt, {}),
              StartsWith("WEBVTT\n\n00:00:00.100 --> 00:00:00.900\nHello there.\n"));
}

TEST(Transcript, JsonHasTextAndUsage) {
  const auto json = nlohmann::json::parse(Render(Example(), TranscriptFormat::kJson, {}));
  EXPECT_EQ(json["text"], "Hello there. How are you?");
  EXPECT_EQ(json["usage"]["type"], "duration");
  EXPECT_EQ(json["usage"]["seconds"], 4);
}

TEST(Transcript, VerboseJsonHasWhatWasAskedFor) {
  const auto words = nlohmann::json::parse(
      Render(Example(), TranscriptFormat::kVerboseJson, {.words = true, .segments = false}));
  EXPECT_EQ(words["words"].size(), 5u);
  EXPECT_FALSE(words.contains("segments"));
  const auto segments =
      nlohmann::json::parse(Render(Example(), TranscriptFormat::kVerboseJson, {}));
  EXPECT_EQ(segments["segments"][1]["start"], 1.2);
  EXPECT_EQ(segments["language"], "en");
  EXPECT_FALSE(segments.contains("words"));
}

TEST(Transcript, PartsWithoutWordsAreSegments) {
  Transcript transcript{.duration_s = 40};
  transcript.parts = {{.text = "one", .from_s = 0, .upto_s = 20},
                      {.text = "", .from_s = 20, .upto_s = 30},
                      {.text = "two", .from_s = 30, .upto_s = 40}};
  EXPECT_EQ(transcript.Text(), "one two");
  EXPECT_EQ(transcript.Segments().size(), 2u);
  EXPECT_EQ(Render({}, TranscriptFormat::kText, {}), "\n");
}

net::HttpRequest Form(const std::string& fields) {
  net::HttpRequest request;
  request.headers.Add("Content-Type", "multipart/form-data; boundary=B");
  request.body = fields + "--B--\r\n";
  return request;
}
std::string Field(const std::string& name, const std::string& value) {
  return "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
}

TEST(TranscriptionRequest, FieldsWithoutEffectAreIgnored) {
  const auto http =
      Form(Field("file", "RIFF") + Field("model", "whisper-1") + Field("language", "en") +
           Field("include[]", "logprobs") + Field("timestamp_granularities[]", "word") +
           Field("response_format", "verbose_json") + Field("temperature", "0"));
  const auto request = ParseTranscriptionRequest(http);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->file, "RIFF");
  EXPECT_EQ(request->language, "en");
  EXPECT_TRUE(request->detail.words);
  EXPECT_FALSE(request->detail.segments);
}

TEST(TranscriptionRequest, MistakesNameTheirField) {
  const std::string good = Field("file", "RIFF") + Field("model", "m");
  struct Case {
    std::string fields, param;
  };
  const Case cases[] = {
      {Field("model", "m"), "file"},
      {Field("file", "") + Field("model", "m"), "file"},
      {Field("file", "RIFF"), "model"},
      {good + Field("response_format", "doc"), "response_format"},
      {good + Field("response_format", "srt") + Field("stream", "true"), "stream"},
  };
  for (const Case& one : cases) {
    const auto http = Form(one.fields);
    const auto request = ParseTranscriptionRequest(http);
    ASSERT_FALSE(request) << one.fields;
    EXPECT_EQ(request.error().param, one.param);
  }
  net::HttpRequest json;
  json.headers.Add("Content-Type", "application/json");
  EXPECT_THAT(ParseTranscriptionRequest(json).error().message, HasSubstr("multipart/form-data"));
}

}  // namespace
}  // namespace parley::gateway
