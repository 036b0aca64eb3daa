// Conversations over a real socket, with fakes in place of models: what a client sees of the
// protocol, of limits, and of its own mistakes.
#include "gateway/realtime_sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/base64.h"
#include "gateway/testing/fake_gateway.h"
#include "net/testing/raw_client.h"
#include "ports/testing/fake_language_model.h"

namespace parley::gateway {
namespace {

using testing::FakeGateway;
using ::testing::HasSubstr;
using Json = nlohmann::json;

// Nobody ever speaks.
class Silence final : public perception::VoiceActivityModel {
 public:
  Result<float> Step(std::span<const float, kInputSamples>,
                     perception::VoiceActivityState&) const override {
    return 0.0f;
  }
};

class RealtimeTest : public ::testing::Test {
 protected:
  void Start(GatewayConfig config = {}) {
    gateway_ = std::make_unique<FakeGateway>(config);
    services_ = std::make_unique<session::Session::Services>(session::Session::Services{
        .clock = clock_,
        .metrics = metrics_,
        .recognizer = gateway_->recognizer,
        .model = model_,
        .voice = gateway_->voice,
        .voice_activity = silence_,
        .end_of_turn = nullptr,
        .turns = turns_,
        .choose_voice =
            [](std::string_view name) {
              return session::VoiceChoice{std::string(name), ""};
            },
        .choose_recognizer = [](std::string_view name) { return std::string(name); },
        .apology = [] { return std::vector<int16_t>(); }});
    sessions_ = std::make_unique<RealtimeSessions>(config, session::Session::Config{}, *services_,
                                                   metrics_);
    gateway_->realtime = [this](const net::HttpRequest& request, net::Executor& executor,
                                std::string patch) {
      return sessions_->Open(request, executor, std::move(patch));
    };
  }
  // The sockets go first, then what their conversations used.
  void TearDown() override {
    sessions_->Stop();
    gateway_.reset();
  }

  std::unique_ptr<net::WebSocketClient> Connect(std::string query = "?model=gpt-realtime",
                                                net::Headers headers = {}) {
    net::WebSocketClient::Options options;
    options.url = gateway_->url() + "/v1/realtime" + query;
    options.headers = std::move(headers);
    auto client = net::WebSocketClient::Connect(options);
    EXPECT_TRUE(client) << client.error().message;
    return client ? *std::move(client) : nullptr;
  }

  // The next message of that type, skipping others, while the fakes' time goes on.
  Json Next(net::WebSocketClient& client, const std::string& type) {
    Json found;
    const bool came = gateway_->RunUntil([&] {
      model_.AdvanceUs(5'000);
      const auto message = client.Receive(0);
      if (!message) return message.error().code == Code::kUnavailable;
      found = Json::parse(message->bytes);
      return found["type"] == type;
    });
    EXPECT_TRUE(came && found.value("type", "") == type) << "no " << type << ", last: " << found;
    return found;
  }

  // A text session that outlives its line, in which "Hi" was said and answered; its token.
  std::string OpenResumable(net::WebSocketClient& client) {
    client.SendText(R"({"type":"session.update","session":{"type":"realtime",
                        "output_modalities":["text"],"x_parley":{"resume":true}}})");
    const std::string token = Next(client, "x_parley.resume")["token"];
    Exchange(client, "Hi");
    return token;
  }
  void Exchange(net::WebSocketClient& client, const std::string& words) {
    client.SendText(R"({"type":"conversation.item.create","item":{"type":"message","role":"user",
                        "content":[{"type":"input_text","text":")" +
                    words + R"("}]}})");
    client.SendText(R"({"type":"response.create"})");
    EXPECT_EQ(Next(client, "response.done")["response"]["status"], "completed");
  }

  const SteadyClock clock_{};
  metrics::Registry registry_;
  metrics::GatewayMetrics metrics_{registry_};
  session::TurnLog turns_;
  const Silence silence_{};
  ports::testing::FakeLanguageModel model_{{{.deltas = {"Hello ", "there."}}}};
  std::unique_ptr<session::Session::Services> services_;
  std::unique_ptr<RealtimeSessions> sessions_;
  std::unique_ptr<FakeGateway> gateway_;
};

TEST_F(RealtimeTest, TheSessionIsToldFirst) {
  Start();
  const auto client = Connect();
  ASSERT_TRUE(client);
  const Json created = Next(*client, "session.created");
  EXPECT_EQ(created["session"]["object"], "realtime.session");
  EXPECT_EQ(created["session"]["model"], "gpt-realtime");
  EXPECT_THAT(created["session"]["id"].get<std::string>(), ::testing::StartsWith("sess_"));
}

TEST_F(RealtimeTest, ATextExchangeRunsDownTheLadder) {
  Start();
  const auto client = Connect();
  ASSERT_TRUE(client);
  client->SendText(R"({"type":"session.update","session":{"type":"realtime",
                       "output_modalities":["text"]}})");
  client->SendText(R"({"type":"conversation.item.create","item":{"type":"message","role":"user",
                       "content":[{"type":"input_text","text":"Hi"}]}})");
  client->SendText(R"({"type":"response.create"})");
  Next(*client, "session.updated");
  Next(*client, "conversation.item.done");
  Next(*client, "response.created");
  EXPECT_EQ(Next(*client, "response.output_text.done")["text"], "Hello there.");
  EXPECT_EQ(Next(*client, "response.done")["response"]["status"], "completed");
  ASSERT_EQ(model_.requests().size(), 1u);
  EXPECT_EQ(model_.requests()[0].messages.back().text, "Hi");
}

TEST_F(RealtimeTest, AClientOfTheOlderDialectIsAnsweredInIt) {
  Start();
  const auto client = Connect("?model=gpt-4o-realtime-preview", {{"OpenAI-Beta", "realtime=v1"}});
  ASSERT_TRUE(client);
  EXPECT_EQ(Next(*client, "session.created")["session"]["input_audio_format"], "pcm16");
  client->SendText(R"({"type":"session.update","session":{"modalities":["text"],
                       "temperature":0.8}})");
  EXPECT_EQ(Next(*client, "session.updated")["session"]["modalities"], Json{"text"});
  client->SendText(R"({"type":"conversation.item.create","item":{"type":"message","role":"user",
                       "content":[{"type":"input_text","text":"Hi"}]}})");
  Next(*client, "conversation.item.created");
  client->SendText(R"({"type":"response.create"})");
  EXPECT_EQ(Next(*client, "response.text.done")["text"], "Hello there.");
  const Json done = Next(*client, "response.done")["response"];
  EXPECT_EQ(done["output"][0]["content"][0]["type"], "text");
  client->SendText(R"({"type":"session.update","session":{"speed":9}})");
  EXPECT_EQ(Next(*client, "error")["error"]["param"], "session.speed");
}

TEST_F(RealtimeTest, MistakesAreToldAndTheSessionGoesOn) {
  Start();
  const auto client = Connect();
  ASSERT_TRUE(client);
  struct Case {
    std::string message;
    const char* code;
  };
  const Case cases[] = {
      {"not json", "invalid_json"},
      {"", "invalid_json"},
      {"[1,2]", "invalid_json"},
      {R"({"event_id":"e"})", "invalid_event"},
      {R"({"type":"no.such.event"})", "invalid_event"},
      {R"({"type":"input_audio_buffer.append"})", "missing_required_parameter"},
      {R"({"type":"input_audio_buffer.append","audio":7})", "invalid_value"},
      {R"({"type":"input_audio_buffer.append","audio":"!!!"})", "invalid_value"},
      {R"({"type":"session.update","session":{"type":"realtime","voice":"x"}})",
       "unknown_parameter"},
      {R"({"type":"input_audio_buffer.commit"})", "input_audio_buffer_commit_empty"},
      {R"({"type":"response.cancel"})", "response_cancel_not_active"},
      {R"({"type":"conversation.item.delete","item_id":"x"})", "item_delete_invalid_item_id"},
  };
  for (const Case& one : cases) {
    client->SendText(one.message);
    EXPECT_EQ(Next(*client, "error")["error"]["code"], one.code) << one.message;
  }
  client->SendBinary("\x01\x02");
  EXPECT_EQ(Next(*client, "error")["error"]["code"], "invalid_event");
  client->SendText(R"({"type":"input_audio_buffer.clear"})");
  Next(*client, "input_audio_buffer.cleared");
}

TEST_F(RealtimeTest, OddBytesAndFifteenMebibytesOfAudioAreTaken) {
  Start();
  const auto client = Connect();
  ASSERT_TRUE(client);
  client->SendText(R"({"type":"session.update","session":{"type":"realtime",
                       "audio":{"input":{"turn_detection":null}}}})");
  const auto append = [&](size_t bytes) {
    client->SendText(R"({"type":"input_audio_buffer.append","audio":")" +
                     Base64Encode(std::vector<uint8_t>(bytes)) + "\"}");
  };
  append(4801);
  append(4799);
  client->SendText(R"({"type":"input_audio_buffer.commit"})");
  Next(*client, "input_audio_buffer.committed");
  append(11 << 20);
  client->SendText(R"({"type":"input_audio_buffer.clear"})");
  Next(*client, "input_audio_buffer.cleared");
}

TEST_F(RealtimeTest, AClientSecretOpensTheSessionThatItWasMadeFor) {
  GatewayConfig config;
  config.key = Secret("right-key");
  Start(config);
  net::HttpCall call;
  call.method = "POST";
  call.url = gateway_->url() + "/v1/realtime/client_secrets";
  call.headers = {{"Authorization", "Bearer right-key"}};
  call.body = R"({"expires_after":{"anchor":"created_at","seconds":60},"session":{
      "type":"realtime","instructions":"Speak of boats.","output_modalities":["text"]}})";
  const auto answer = gateway_->Fetch(call);
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->status, 200) << answer->body;
  const Json secret = Json::parse(answer->body);
  EXPECT_EQ(secret["session"]["instructions"], "Speak of boats.");
  const std::string value = secret["value"];
  for (int i = 0; i < 2; ++i) {
    const auto client = Connect("?model=gpt-realtime", {{"Authorization", "Bearer " + value}});
    ASSERT_TRUE(client);
    const Json session = Next(*client, "session.created")["session"];
    EXPECT_EQ(session["instructions"], "Speak of boats.");
    EXPECT_EQ(session["output_modalities"], Json{"text"});
  }
  // As a browser does, from a page of another site.
  net::WebSocketClient::Options browser;
  browser.url = gateway_->url() + "/v1/realtime?model=gpt-realtime";
  browser.headers = {{"Origin", "https://shop.example"}};
  browser.subprotocols = {"realtime", "openai-insecure-api-key." + value};
  EXPECT_TRUE(net::WebSocketClient::Connect(browser));
  browser.subprotocols = {"realtime", "openai-insecure-api-key.ek_made-up"};
  EXPECT_THAT(net::WebSocketClient::Connect(browser).error().message, HasSubstr("expired"));
  // It is for sessions and nothing else.
  const auto listed = gateway_->Get("/v1/models", {{"Authorization", "Bearer " + value}});
  EXPECT_EQ(listed->status, 401);
}

TEST_F(RealtimeTest, ASessionEndsWhenItsTimeIsUp) {
  GatewayConfig config;
  config.session_max_s = 1;
  Start(config);
  const auto client = Connect();
  ASSERT_TRUE(client);
  const int64_t expires_at = Next(*client, "session.created")["session"]["expires_at"];
  EXPECT_NEAR(static_cast<double>(expires_at), static_cast<double>(std::time(nullptr)) + 1, 2);
  EXPECT_EQ(Next(*client, "error")["error"]["code"], "session_expired");
  ASSERT_TRUE(gateway_->RunUntil([&] { return sessions_->count() == 0; }));
}

TEST_F(RealtimeTest, AMessageBeyondAllLimitsClosesWithTooBig) {
  Start();
  const auto client = Connect();
  ASSERT_TRUE(client);
  client->SendText(std::string(18 << 20, 'x'));
  ASSERT_TRUE(gateway_->RunUntil([&] {
    const auto message = client->Receive(0);
    return !message && message.error().code == Code::kUnavailable;
  }));
  EXPECT_TRUE(gateway_->RunUntil([&] { return sessions_->count() == 0; }));
}

TEST_F(RealtimeTest, OneSessionTooManyIsRefusedAndThePlaceComesBack) {
  GatewayConfig config;
  config.sessions_max = 1;
  Start(config);
  auto first = Connect();
  ASSERT_TRUE(first);
  Next(*first, "session.created");
  net::WebSocketClient::Options options;
  options.url = gateway_->url() + "/v1/realtime";
  EXPECT_THAT(net::WebSocketClient::Connect(options).error().message, HasSubstr("429"));
  EXPECT_EQ(metrics_.sessions_refused.value(), 1u);
  first->Close();
  ASSERT_TRUE(gateway_->RunUntil([&] { return sessions_->count() == 0; }));
  EXPECT_TRUE(net::WebSocketClient::Connect(options));
}

TEST_F(RealtimeTest, AClientThatVanishesInMidReplyLeavesNothing) {
  Start();
  auto client = Connect();
  ASSERT_TRUE(client);
  client->SendText(R"({"type":"conversation.item.create","item":{"type":"message","role":"user",
                       "content":[{"type":"input_text","text":"Hi"}]}})");
  client->SendText(R"({"type":"response.create"})");
  Next(*client, "response.output_audio.delta");
  EXPECT_EQ(sessions_->count(), 1);
  client.reset();
  ASSERT_TRUE(gateway_->RunUntil([&] { return sessions_->count() == 0; }));
  EXPECT_EQ(gateway_->voice.live(), 0);
  EXPECT_EQ(model_.live(), 0);
  EXPECT_EQ(gateway_->recognizer.live(), 0);
  EXPECT_EQ(metrics_.sessions.value(), 0);
}

TEST_F(RealtimeTest, AClientThatComesBackGoesOnWithItsConversation) {
  GatewayConfig config;
  config.sessions_max = 1;  // it keeps its place
  Start(config);
  auto client = Connect();
  ASSERT_TRUE(client);
  const std::string id = Next(*client, "session.created")["session"]["id"];
  const std::string token = OpenResumable(*client);
  client.reset();  // without a goodbye
  ASSERT_TRUE(gateway_->RunUntil([&] { return metrics_.sessions_held.value() == 1; }));
  EXPECT_EQ(sessions_->count(), 1);
  client = Connect("?x_parley_resume=" + token);
  ASSERT_TRUE(client);
  EXPECT_EQ(Next(*client, "x_parley.resume")["resumed"], true);
  Exchange(*client, "And now?");
  const auto requests = model_.requests();
  ASSERT_EQ(requests.size(), 2u);
  std::vector<std::string> said;
  for (const auto& message : requests[1].messages) said.push_back(message.text);
  EXPECT_THAT(said, ::testing::IsSupersetOf({"Hi", "Hello there.", "And now?"}));
  EXPECT_EQ(metrics_.sessions_resumed.value(), 1u);
  EXPECT_EQ(metrics_.sessions_held.value(), 0);
}

TEST_F(RealtimeTest, ALineIsTakenOverFromOneThatIsNotYetKnownToBeDead) {
  Start();
  const auto first = Connect();
  ASSERT_TRUE(first);
  const std::string token = OpenResumable(*first);
  const auto second = Connect("?x_parley_resume=" + token);
  ASSERT_TRUE(second);
  EXPECT_EQ(Next(*second, "x_parley.resume")["resumed"], true);
  ASSERT_TRUE(gateway_->RunUntil([&] {
    (void)first->Receive(0);
    return !first->is_open();
  }));
  EXPECT_EQ(first->close_code(), 1001);
  Exchange(*second, "Still there?");
  EXPECT_EQ(sessions_->count(), 1);
}

TEST_F(RealtimeTest, WhoSaysGoodbyeOrComesTooLateBeginsAnew) {
  GatewayConfig config;
  config.session_hold_s = 1;
  Start(config);
  auto client = Connect();
  ASSERT_TRUE(client);
  std::string token = OpenResumable(*client);
  client->Close();
  ASSERT_TRUE(gateway_->RunUntil([&] { return sessions_->count() == 0; }));
  client = Connect("?x_parley_resume=" + token);
  ASSERT_TRUE(client);
  Next(*client, "session.created");
  token = OpenResumable(*client);
  client.reset();
  ASSERT_TRUE(gateway_->RunUntil([&] { return metrics_.sessions_held.value() == 1; }));
  ASSERT_TRUE(gateway_->RunUntil([&] { return sessions_->count() == 0; }));
  client = Connect("?x_parley_resume=" + token);
  ASSERT_TRUE(client);
  Next(*client, "session.created");
  EXPECT_EQ(metrics_.sessions_resumed.value(), 0u);
}

TEST_F(RealtimeTest, WhatWaitsForItsClientEndsWithTheServer) {
  Start();
  auto client = Connect();
  ASSERT_TRUE(client);
  OpenResumable(*client);
  client.reset();
  ASSERT_TRUE(gateway_->RunUntil([&] { return metrics_.sessions_held.value() == 1; }));
  sessions_->Stop();
  EXPECT_EQ(sessions_->count(), 0);
  EXPECT_EQ(metrics_.sessions_held.value(), 0);
  EXPECT_EQ(metrics_.sessions.value(), 0);
}

}  // namespace
}  // namespace parley::gateway
