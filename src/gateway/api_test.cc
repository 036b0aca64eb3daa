// The REST addresses over a real socket, with a fake voice and recognizer.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>

#include "audio/audio_file.h"
#include "audio/wav_writer.h"
#include "base/base64.h"
#include "gateway/testing/fake_gateway.h"
#include "net/testing/raw_client.h"

namespace parley::gateway {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FakeGateway;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

std::string Wav(int64_t ms, int16_t value = 1000, int hz = 16'000) {
  const int64_t count = ms * hz / 1000;
  const auto header = audio::WavHeader(hz, count);
  std::string wav(reinterpret_cast<const char*>(header.data()), header.size());
  for (int64_t i = 0; i < count; ++i) {
    wav.push_back(static_cast<char>(value & 0xff));
    wav.push_back(static_cast<char>(value >> 8));
  }
  return wav;
}

using Fields = std::vector<std::pair<std::string, std::string>>;

net::HttpCall Transcription(const FakeGateway& gateway, const std::string& file,
                            const Fields& fields = {{"model", "whisper-1"}},
                            const std::string& path = "/v1/audio/transcriptions") {
  net::HttpCall call;
  call.method = "POST";
  call.url = gateway.url() + path;
  call.headers = {{"Content-Type", "multipart/form-data; boundary=B"}};
  call.body =
      "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
      "Content-Type: audio/wav\r\n\r\n" +
      file + "\r\n";
  for (const auto& [name, value] : fields) {
    call.body += fmt::format("--B\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n",
                             name, value);
  }
  call.body += "--B--\r\n";
  return call;
}

Result<net::HttpResponse> Transcribe(FakeGateway& gateway, const std::string& file,
                                     const Fields& fields = {{"model", "whisper-1"}},
                                     const std::string& path = "/v1/audio/transcriptions") {
  return gateway.Fetch(Transcription(gateway, file, fields, path));
}

Json ErrorOf(const Result<net::HttpResponse>& response) {
  if (!response) return Json();
  const Json json = Json::parse(response->body, nullptr, false);
  return json.is_object() && json.contains("error") ? json["error"] : Json();
}

TEST(SpeechApi, PcmIsTheVoicesSamplesWhole) {
  FakeGateway gateway;
  const auto response = gateway.Post(
      "/v1/audio/speech",
      R"({"model":"tts-1","input":"Hello there.","voice":"alloy","response_format":"pcm"})");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->headers.Get("content-type"), "audio/pcm");
  EXPECT_THAT(gateway.voice.spoken(), ElementsAre("1:Hello there."));
  ASSERT_EQ(response->body.size(), 12u * 50 * 24 * 2);  // 50 ms a byte, 24 kHz, 16 bits
  for (size_t i = 0; i < response->body.size() / 2; ++i) {
    const int low = static_cast<uint8_t>(response->body[2 * i]);
    const int high = static_cast<uint8_t>(response->body[2 * i + 1]);
    ASSERT_EQ(low | high << 8, ports::testing::FakeVoice::SampleAt(static_cast<int64_t>(i)));
  }
}

TEST(SpeechApi, Mp3IsTheDefaultAndWavCanBeRead) {
  FakeGateway gateway;
  const auto mp3 =
      gateway.Post("/v1/audio/speech", R"({"model":"tts-1","input":"Hello.","voice":"nova"})");
  ASSERT_TRUE(mp3);
  EXPECT_EQ(mp3->headers.Get("content-type"), "audio/mpeg");
  const auto decoded = audio::DecodeAudioFile(mp3->body);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_NEAR(static_cast<double>(decoded->duration_ms()), 300, 120);
  const auto wav =
      gateway.Post("/v1/audio/speech",
                   R"({"model":"tts-1","input":"Hello.","voice":"nova","response_format":"wav"})");
  ASSERT_TRUE(wav);
  EXPECT_THAT(wav->body, StartsWith("RIFF"));
  EXPECT_EQ(wav->body.size(), 44u + 6 * 50 * 24 * 2);
}

TEST(SpeechApi, SpeedVoiceAndInstructionsReachTheVoice) {
  FakeGateway gateway;
  ASSERT_TRUE(gateway.Post("/v1/audio/speech",
                           R"({"model":"tts-1","input":"Hi.","voice":"piper/x#bob","speed":1.5,
                               "instructions":"cheerful","response_format":"pcm"})"));
  const auto requests = gateway.voice.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].model, "piper/x");
  EXPECT_EQ(requests[0].voice, "bob");
  EXPECT_EQ(requests[0].speed, 1.5);
  EXPECT_EQ(requests[0].instruct, "cheerful");
  EXPECT_EQ(requests[0].sample_rate_hz, 24'000);
}

TEST(SpeechApi, EventsCarryTheSameSound) {
  FakeGateway gateway;
  const auto response =
      gateway.Post("/v1/audio/speech",
                   R"({"model":"tts-1","input":"Hi.","voice":"alloy","response_format":"pcm",
          "stream_format":"sse"})");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->headers.Get("content-type"), "text/event-stream");
  size_t bytes = 0;
  std::string last;
  std::string_view rest = response->body;
  while (!rest.empty()) {
    const size_t end = rest.find("\n\n");
    ASSERT_NE(end, std::string_view::npos);
    const Json event = Json::parse(rest.substr(6, end - 6));
    last = event["type"];
    if (last == "speech.audio.delta") {
      bytes += Base64Decode(event["audio"].get<std::string>())->size();
    }
    rest.remove_prefix(end + 2);
  }
  EXPECT_EQ(last, "speech.audio.done");
  EXPECT_EQ(bytes, 160u * 24 * 2) << "three bytes of 50 ms each, in whole frames";
}

TEST(SpeechApi, TextWithNothingToSayIsAShortSilence) {
  FakeGateway gateway;
  for (const char* input : {"😀🎉", "   ", "\\u0001\\u0002", "**"}) {
    const auto response =
        gateway.Post("/v1/audio/speech", std::string(R"({"model":"tts-1","input":")") + input +
                                             R"(","voice":"alloy","response_format":"pcm"})");
    ASSERT_TRUE(response) << input;
    EXPECT_EQ(response->status, 200) << input;
    EXPECT_EQ(response->body, std::string(4800, '\0')) << input;
  }
  EXPECT_TRUE(gateway.voice.requests().empty());
}

TEST(SpeechApi, MixedScriptsAndLongTextsAreSpokenWhole) {
  FakeGateway gateway;
  std::string input;
  while (input.size() < 3900) input += "Это 한국어 and English, 混ぜて書く. ";
  const Json body = {{"model", "tts-1"},
                     {"input", input.substr(0, input.rfind(' '))},
                     {"voice", "alloy"},
                     {"response_format", "pcm"}};
  const auto response = gateway.Post("/v1/audio/speech", body.dump());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_GT(gateway.voice.spoken().size(), 5u);
}

TEST(SpeechApi, UnknownNamesAndFormatsAreRefused) {
  FakeGateway gateway;
  const auto post = [&](const char* body) { return gateway.Post("/v1/audio/speech", body); };
  const auto model = post(R"({"model":"nope","input":"x","voice":"alloy"})");
  EXPECT_EQ(model->status, 404);
  EXPECT_EQ(ErrorOf(model)["code"], "model_not_found");
  const auto voice = post(R"({"model":"tts-1","input":"x","voice":"nope"})");
  EXPECT_EQ(voice->status, 400);
  EXPECT_EQ(ErrorOf(voice)["param"], "voice");
  EXPECT_EQ(ErrorOf(post("{not json"))["code"], "invalid_json");
}

TEST(SpeechApi, AVoiceThatFailsBeforeItsFirstSoundIsAnError) {
  FakeGateway gateway;
  auto answer = std::async(std::launch::async, [&] {
    net::HttpCall call;
    call.method = "POST";
    call.url = gateway.url() + "/v1/audio/speech";
    call.body = R"({"model":"tts-1","input":"Hello.","voice":"alloy"})";
    return net::Fetch(call);
  });
  ASSERT_TRUE(gateway.RunUntil([&] {
    if (gateway.voice.live() == 0) return false;
    gateway.voice.FailStreams({Code::kUnavailable, "the worker is gone"}, true);
    return true;
  }));
  const auto response = answer.get();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(ErrorOf(response)["message"], "the worker is gone");
}

TEST(SpeechApi, AClientThatGoesCancelsTheVoice) {
  FakeGateway gateway;
  {
    net::testing::RawClient client(gateway.port());
    const std::string body = R"({"model":"tts-1","input":"A long sentence to be spoken.",
                                 "voice":"alloy","response_format":"pcm"})";
    client.Send("POST /v1/audio/speech HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
    ASSERT_TRUE(gateway.RunUntil([&] { return gateway.voice.live() == 1; }));
  }
  // The fake's time stands still here, so only the cancel can end it.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (gateway.voice.live() != 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(gateway.voice.live(), 0);
}

TEST(SpeechApi, AClientThatDoesNotReadHoldsTheVoiceBack) {
  FakeGateway gateway;
  net::testing::RawClient client(gateway.port());
  client.ShrinkReceiveBuffer();
  Json body = {{"model", "tts-1"}, {"voice", "alloy"}, {"response_format", "pcm"}};
  std::string input;
  while (input.size() < 4000) input += "This goes on and on and on. ";
  body["input"] = input;
  const std::string text = body.dump();
  client.Send("POST /v1/audio/speech HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " +
              std::to_string(text.size()) + "\r\n\r\n" + text);
  ASSERT_TRUE(gateway.RunUntil([&] { return gateway.voice.live() == 1; }));
  // 200 s of sound would be 9.6 MB. In an hour of the fake's time only what credit allows is made;
  // the queue's limit (4 MB) would have closed the connection otherwise.
  for (int i = 0; i < 3600; ++i) gateway.voice.AdvanceUs(1'000'000);
  EXPECT_EQ(gateway.voice.live(), 1);
}

TEST(TranscriptionApi, ATranslationIsAskedOfTheRecognizer) {
  FakeGateway gateway;
  for (const auto& [path, translate] :
       {std::pair{"/v1/audio/transcriptions", false}, {"/v1/audio/translations", true}}) {
    EXPECT_EQ(Transcribe(gateway, Wav(1000), {{"model", "whisper-1"}}, path)->status, 200) << path;
    EXPECT_EQ(gateway.recognizer.requests().back().translate, translate) << path;
  }
}

TEST(TranscriptionApi, WordsComeBackInEveryFormat) {
  FakeGateway gateway({}, {.script = {{"hello", 1600, 4800, 0.9f}, {"world.", 5600, 8000, 0.9f}}});
  const auto json = Transcribe(gateway, Wav(1000));
  ASSERT_TRUE(json) << json.error().message;
  ASSERT_EQ(json->status, 200) << json->body;
  EXPECT_EQ(Json::parse(json->body)["text"], "hello world.");
  EXPECT_EQ(Json::parse(json->body)["usage"]["seconds"], 1);
  const auto text =
      Transcribe(gateway, Wav(1000), {{"model", "whisper-1"}, {"response_format", "text"}});
  EXPECT_EQ(text->body, "hello world.\n");
  const auto srt =
      Transcribe(gateway, Wav(1000), {{"model", "whisper-1"}, {"response_format", "srt"}});
  EXPECT_EQ(srt->body, "1\n00:00:00,100 --> 00:00:00,500\nhello world.\n\n");
  const auto verbose = Transcribe(gateway, Wav(1000),
                                  {{"model", "whisper-1"},
                                   {"response_format", "verbose_json"},
                                   {"timestamp_granularities[]", "word"}});
  EXPECT_EQ(Json::parse(verbose->body)["words"][1]["start"], 0.35);
}

TEST(TranscriptionApi, AStreamEndsWithTheWholeText) {
  FakeGateway gateway({}, {.script = {{"hello", 1600, 4800, 0.9f}}});
  const auto response =
      Transcribe(gateway, Wav(1000), {{"model", "whisper-1"}, {"stream", "true"}});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->headers.Get("content-type"), "text/event-stream");
  EXPECT_THAT(response->body, AllOf(StartsWith("data: {\"type\":\"transcript.text.delta\""),
                                    HasSubstr("transcript.text.done")));
}

TEST(TranscriptionApi, LongRecordingsGoThroughInWindowsByCredit) {
  FakeGateway gateway({}, {.script = {{"again", 1600, 4800, 0.9f}}, .credit_samples = 16'000});
  const auto response = Transcribe(gateway, Wav(70'000));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(Json::parse(response->body)["text"], "again again again");
  EXPECT_EQ(gateway.recognizer.requests().size(), 3u);
}

TEST(TranscriptionApi, FilesThatAreNoneAreRefused) {
  FakeGateway gateway;
  const std::string whole = Wav(1000);
  const std::pair<const char*, std::string> files[] = {
      {"empty", ""},
      {"no sound", "this is not a sound file at all"},
      {"a header alone", whole.substr(0, 44)},
      {"half a header", whole.substr(0, 20)},
      {"cut off", whole.substr(0, 1000)},
      {"too short", Wav(50)},
      {"a picture", std::string("\x89PNG\r\n\x1a\n", 8) + std::string(100, 'x')},
  };
  for (const auto& [what, file] : files) {
    const auto response = Transcribe(gateway, file);
    ASSERT_TRUE(response) << what;
    EXPECT_EQ(response->status, 400) << what << ": " << response->body;
    EXPECT_EQ(ErrorOf(response)["param"], "file") << what << ": " << response->body;
  }
  EXPECT_TRUE(gateway.recognizer.requests().empty());
}

TEST(TranscriptionApi, ARecognizerThatDiesIsAnError) {
  FakeGateway gateway;
  auto answer = std::async(std::launch::async, [&] {
    return net::Fetch(Transcription(gateway, Wav(1000)));  // the clock is the test's alone
  });
  ASSERT_TRUE(gateway.RunUntil([&] {
    if (gateway.recognizer.live() == 0) return false;
    gateway.recognizer.FailStreams({Code::kUnavailable, "the engine died"}, true);
    return true;
  }));
  EXPECT_EQ(answer.get()->status, 503);
}

TEST(Api, ModelsAreListedAndFound) {
  FakeGateway gateway;
  gateway.ready.models.resize(1);
  gateway.ready.models[0].id = "piper/en_US-joe-medium";
  const auto list = Json::parse(gateway.Get("/v1/models")->body);
  EXPECT_EQ(list["object"], "list");
  EXPECT_EQ(list["data"][0]["id"], "piper/en_US-joe-medium");
  EXPECT_EQ(gateway.Get("/v1/models/piper/en_US-joe-medium")->status, 200);
  EXPECT_EQ(gateway.Get("/v1/models/nope")->status, 404);
}

TEST(Api, HealthReadinessMetricsAndTurns) {
  FakeGateway gateway;
  gateway.ready.missing = {"voice: piper/joe is loading"};
  EXPECT_EQ(gateway.Get("/healthz")->status, 200);
  const auto waiting = gateway.Get("/readyz");
  EXPECT_EQ(waiting->status, 503);
  EXPECT_THAT(waiting->body, HasSubstr("piper/joe is loading"));
  gateway.ready = {.ready = true};
  EXPECT_EQ(gateway.Get("/readyz")->status, 200);
  gateway.turns = {R"({"turn":2})", R"({"turn":1})"};
  EXPECT_EQ(gateway.Get("/v1/admin/turns?limit=2")->body, R"({"turns":[{"turn":2},{"turn":1}]})");
  EXPECT_THAT(gateway.Get("/metrics")->body,
              HasSubstr("parley_http_requests_total{route=\"/readyz\",status=\"5xx\"} 1"));
}

TEST(Api, ThePageIsServedUnderAPolicy) {
  FakeGateway gateway;
  const auto page = gateway.Get("/");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200);
  EXPECT_EQ(page->headers.Get("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(std::string(page->headers.Get("content-security-policy")),
              AllOf(HasSubstr("default-src 'none'"), HasSubstr("ws://127.0.0.1:"),
                    Not(HasSubstr("unsafe"))));
  EXPECT_EQ(gateway.Get("/app.js")->headers.Get("content-type"), "text/javascript; charset=utf-8");
  const std::string etag(page->headers.Get("etag"));
  EXPECT_EQ(gateway.Get("/", {{"If-None-Match", etag}})->status, 304);
  EXPECT_EQ(gateway.Get("/../etc/passwd")->status, 404);
  EXPECT_EQ(gateway.Get("/package.json")->status, 404);
}

TEST(Api, MistakenAddressesAndMethodsAreToldSo) {
  FakeGateway gateway;
  EXPECT_EQ(ErrorOf(gateway.Get("/v1/nothing"))["code"], "unknown_url");
  const auto method = gateway.Get("/v1/audio/speech");
  EXPECT_EQ(method->status, 405);
  EXPECT_EQ(method->headers.Get("allow"), "POST");
  EXPECT_EQ(gateway.Get("/v1/realtime")->status, 426);
  EXPECT_EQ(gateway.Post("/v1/models", "{}")->status, 413);
}

TEST(Api, BodiesOverTheLimitAreRefused) {
  GatewayConfig config;
  config.body_mib_max = 1;
  FakeGateway gateway(config);
  const auto response = Transcribe(gateway, Wav(40'000));
  EXPECT_EQ(response->status, 413);
  EXPECT_EQ(ErrorOf(response)["code"], "request_too_large");
}

TEST(Api, RequestsOverTheLimitAreToldToComeBack) {
  GatewayConfig config;
  config.requests_max = 1;
  FakeGateway gateway(config);
  net::HttpCall call;
  call.method = "POST";
  call.url = gateway.url() + "/v1/audio/speech";
  call.body = R"({"model":"tts-1","input":"Hello.","voice":"alloy"})";
  // The fake's time stands still, so the first request waits for its voice.
  auto first = std::async(std::launch::async, [&] { return net::Fetch(call); });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (gateway.voice.live() == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  const auto refused = net::Fetch(call);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 429);
  EXPECT_EQ(refused->headers.Get("retry-after"), "1");
  ASSERT_TRUE(gateway.RunUntil(
      [&] { return first.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }));
  EXPECT_EQ(first.get()->status, 200);
  EXPECT_EQ(gateway.Post("/v1/audio/speech", call.body)->status, 200);
}

TEST(Api, AKeyProtectsAllButPageAndHealth) {
  GatewayConfig config;
  config.key = Secret("correct horse");
  FakeGateway gateway(config);
  EXPECT_EQ(gateway.Get("/")->status, 200);
  EXPECT_EQ(gateway.Get("/healthz")->status, 200);
  for (const char* path : {"/v1/models", "/metrics", "/v1/admin/turns", "/v1/realtime"}) {
    const auto refused = gateway.Get(path);
    EXPECT_EQ(refused->status, 401) << path;
    EXPECT_EQ(ErrorOf(refused)["code"], "invalid_api_key");
    EXPECT_NE(gateway.Get(path, {{"Authorization", "Bearer correct horse"}})->status, 401);
  }
}

TEST(Api, AFriendlySitesPageMayAskFirstAndThenReadTheAnswer) {
  GatewayConfig config;
  config.key = Secret("correct horse");
  config.allowed_origins = {"https://friend.example"};
  FakeGateway gateway(config);
  net::HttpCall preflight;
  preflight.method = "OPTIONS";
  preflight.url = gateway.url() + "/v1/audio/speech";
  preflight.headers = {{"Origin", "https://friend.example"},
                       {"Access-Control-Request-Method", "POST"},
                       {"Access-Control-Request-Headers", "authorization, content-type"}};
  const auto allowed = gateway.Fetch(preflight);
  EXPECT_EQ(allowed->status, 204);
  EXPECT_EQ(allowed->headers.Get("access-control-allow-origin"), "https://friend.example");
  EXPECT_EQ(allowed->headers.Get("access-control-allow-methods"), "POST, OPTIONS");
  EXPECT_EQ(allowed->headers.Get("access-control-allow-headers"), "authorization, content-type");
  preflight.headers.Set("Origin", "https://stranger.example");
  EXPECT_EQ(gateway.Fetch(preflight)->status, 403);

  net::HttpCall speech;
  speech.method = "POST";
  speech.url = gateway.url() + "/v1/audio/speech";
  speech.headers = {{"Origin", "https://friend.example"},
                    {"Authorization", "Bearer correct horse"}};
  speech.body = R"({"model":"tts-1","voice":"alloy","input":"Hello."})";
  const auto spoken = gateway.Fetch(speech);
  EXPECT_EQ(spoken->status, 200);
  EXPECT_EQ(spoken->headers.Get("access-control-allow-origin"), "https://friend.example");
  // So that it can tell its user why.
  speech.headers.Set("Authorization", "Bearer wrong");
  const auto refused = gateway.Fetch(speech);
  EXPECT_EQ(refused->status, 401);
  EXPECT_EQ(refused->headers.Get("access-control-allow-origin"), "https://friend.example");
}

TEST(Api, RealtimeIsRefusedBeforeTheUpgrade) {
  GatewayConfig config;
  config.key = Secret("correct horse");
  FakeGateway gateway(config);
  net::WebSocketClient::Options options;
  options.url = gateway.url() + "/v1/realtime?model=gpt-realtime";
  EXPECT_EQ(net::WebSocketClient::Connect(options).error().code, Code::kUnauthenticated);
  options.headers = {{"Origin", "https://evil.example"}};
  EXPECT_EQ(net::WebSocketClient::Connect(options).error().code, Code::kPermissionDenied);
  options.headers = {{"Authorization", "Bearer correct horse"}};
  options.url = gateway.url() + "/v1/realtime?call_id=rtc_1";
  EXPECT_THAT(net::WebSocketClient::Connect(options).error().message, HasSubstr("call_not_found"));
  options.url = gateway.url() + "/v1/realtime?model=nope";
  EXPECT_THAT(net::WebSocketClient::Connect(options).error().message, HasSubstr("404"));
}

}  // namespace
}  // namespace parley::gateway
