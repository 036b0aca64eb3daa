#include "dialogue/openai_language_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>

#include "catalog/testing/http_server.h"
#include "dialogue/testing/collected.h"

namespace parley::dialogue {
namespace {

using parley::testing::HttpConnection;
using parley::testing::HttpRequestSeen;
using parley::testing::HttpServer;
using ::testing::AllOf;
using testing::Collected;
using ::testing::HasSubstr;
using ::testing::Not;
using Model = ports::LanguageModel;

constexpr std::string_view kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string Piece(const std::string& data) {
  const std::string event = "data: " + data + "\n\n";
  std::string size(16, '\0');
  size.resize(static_cast<size_t>(snprintf(size.data(), size.size(), "%zx", event.size())));
  return size + "\r\n" + event + "\r\n";
}
std::string Delta(const std::string& text) {
  return Piece(R"({"choices":[{"delta":{"content":")" + text + R"("}}]})");
}
const std::string kStop = Piece(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})");
const std::string kDone = Piece("[DONE]");
constexpr std::string_view kEnd = "0\r\n\r\n";

void Answer(HttpConnection& connection) {
  connection.Write(std::string(kHead) + Delta("Hello") + Delta(" there.") + kStop + kDone +
                   std::string(kEnd));
}

class OpenAiTest : public ::testing::Test {
 protected:
  std::unique_ptr<OpenAiLanguageModel> Connect(const std::string& url) {
    config_.url = url;
    config_.model = "m";
    config_.key = Secret("sk-secret");
    config_.connect_timeout_ms = 2000;
    auto model = OpenAiLanguageModel::Create(config_);
    EXPECT_TRUE(model);
    return std::move(*model);
  }
  static Model::Request Request() {
    Model::Request request;
    request.messages = {{Model::Role::kUser, "hi", {}, {}}};
    return request;
  }
  // What one request to a server that answers so comes to.
  Model::Failed FailureOf(HttpServer::Handler handler, Model::Request request = Request()) {
    HttpServer server(std::move(handler));
    const auto model = Connect(server.Url("/v1"));
    Collected answer;
    const auto stream = model->Start(std::move(request), answer.sink());
    EXPECT_TRUE(answer.Wait());
    return answer.failed().value_or(Model::Failed{});
  }

  LlmConfig config_;
};

TEST_F(OpenAiTest, StreamsAnAnswer) {
  HttpServer server([](const auto&, auto& connection) { Answer(connection); });
  const auto model = Connect(server.Url("/v1/"));
  Collected answer;
  const auto stream = model->Start(Request(), answer.sink());
  ASSERT_TRUE(answer.Wait());
  EXPECT_EQ(answer.text(), "Hello there.");
  EXPECT_EQ(answer.deltas(), 2);
  ASSERT_TRUE(answer.done());
  EXPECT_GT(answer.done()->first_us, 0);
  const HttpRequestSeen request = server.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/v1/chat/completions");
  EXPECT_EQ(request.headers.at("authorization"), "Bearer sk-secret");
  const auto body = nlohmann::json::parse(request.body);
  EXPECT_EQ(body["model"], "m");
  EXPECT_EQ(body["max_tokens"], 256);
}

TEST_F(OpenAiTest, TheNextTurnUsesTheSameConnection) {
  HttpServer server([](const auto&, auto& connection) { Answer(connection); });
  const auto model = Connect(server.Url("/v1"));
  for (int turn = 0; turn < 3; ++turn) {
    Collected answer;
    const auto stream = model->Start(Request(), answer.sink());
    ASSERT_TRUE(answer.Wait());
    EXPECT_TRUE(answer.done());
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(OpenAiTest, TextArrivesBeforeTheAnswerIsWhole) {
  std::promise<void> heard;
  HttpServer server([&](const auto&, auto& connection) {
    connection.Write(std::string(kHead) + Delta("Hello"));
    heard.get_future().wait();
    connection.Write(kStop + kDone + std::string(kEnd));
  });
  const auto model = Connect(server.Url("/v1"));
  Collected answer;
  const auto stream = model->Start(Request(), answer.sink());
  EXPECT_TRUE(answer.WaitForText());
  EXPECT_FALSE(answer.done());
  heard.set_value();
  EXPECT_TRUE(answer.Wait());
}

TEST_F(OpenAiTest, CancelClosesTheConnectionAtOnce) {
  std::promise<void> closed;
  HttpServer server([&](const auto&, auto& connection) {
    connection.Write(std::string(kHead) + Delta("Hello"));
    connection.WaitUntilClosed();
    closed.set_value();
  });
  const auto model = Connect(server.Url("/v1"));
  Collected answer;
  const auto stream = model->Start(Request(), answer.sink());
  ASSERT_TRUE(answer.WaitForText());
  stream->Cancel();
  ASSERT_TRUE(answer.Wait());
  EXPECT_EQ(answer.done()->reason, Model::DoneReason::kCancelled);
  EXPECT_EQ(closed.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

TEST_F(OpenAiTest, ADestroyedStreamIsSilentAndClosesToo) {
  std::promise<void> closed;
  HttpServer server([&](const auto&, auto& connection) {
    connection.WaitUntilClosed();
    closed.set_value();
  });
  const auto model = Connect(server.Url("/v1"));
  Collected answer;
  auto stream = model->Start(Request(), answer.sink());
  while (server.requests().empty()) std::this_thread::yield();
  stream.reset();
  EXPECT_EQ(closed.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
  EXPECT_EQ(answer.events(), 0);
}

TEST_F(OpenAiTest, AStreamMayBeDestroyedInItsOwnSink) {
  HttpServer server([](const auto&, auto& connection) { Answer(connection); });
  const auto model = Connect(server.Url("/v1"));
  std::unique_ptr<Model::Stream> stream;
  std::promise<void> started;
  std::promise<void> destroyed;
  auto begin = started.get_future().share();
  stream = model->Start(Request(), [&](Model::Event) {
    begin.wait();
    stream.reset();
    destroyed.set_value();
  });
  started.set_value();
  EXPECT_EQ(destroyed.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

TEST_F(OpenAiTest, ToolCallsComeWholeBeforeTheEnd) {
  HttpServer server([](const auto&, auto& connection) {
    connection.Write(
        std::string(kHead) +
        Piece(R"({"choices":[{"delta":{"tool_calls":[)"
              R"({"index":0,"id":"c","function":{"name":"f","arguments":"{}"}}]}}]})") +
        Piece(R"({"choices":[{"delta":{},"finish_reason":"tool_calls"}]})") + kDone +
        std::string(kEnd));
  });
  const auto model = Connect(server.Url("/v1"));
  Collected answer;
  const auto stream = model->Start(Request(), answer.sink());
  ASSERT_TRUE(answer.Wait());
  EXPECT_EQ(answer.calls(), (std::vector<Model::ToolCall>{{"c", "f", "{}"}}));
  EXPECT_EQ(answer.done()->reason, Model::DoneReason::kToolCalls);
}

TEST_F(OpenAiTest, EachStatusHasItsMeaningAndNoneShowsTheKey) {
  struct Case {
    int status;
    Code code;
    bool retryable;
  };
  for (const Case& expected :
       {Case{401, Code::kUnauthenticated, false}, Case{404, Code::kNotFound, false},
        Case{400, Code::kInvalidArgument, false}, Case{429, Code::kResourceExhausted, true},
        Case{503, Code::kUnavailable, true}, Case{302, Code::kFailedPrecondition, false}}) {
    const auto failed = FailureOf([&](const auto&, auto& connection) {
      connection.Respond(expected.status, R"({"error":{"message":"bad key sk-secret"}})",
                         "Content-Type: application/json\r\nLocation: /elsewhere\r\n");
    });
    EXPECT_EQ(failed.error.code, expected.code) << expected.status;
    EXPECT_EQ(failed.retryable, expected.retryable) << expected.status;
    EXPECT_THAT(failed.error.message, AllOf(HasSubstr("bad key"), Not(HasSubstr("sk-secret"))));
  }
}

TEST_F(OpenAiTest, AnAnswerThatIsNoEventStreamIsSaidPlainly) {
  const auto failed = FailureOf([](const auto&, auto& connection) {
    connection.Respond(200, "<html>", "Content-Type: text/html\r\n");
  });
  EXPECT_EQ(failed.error.code, Code::kFailedPrecondition);
  EXPECT_THAT(failed.error.message, HasSubstr("text/html"));
}

TEST_F(OpenAiTest, ACutStreamFailsAndMayBeTriedAgain) {
  const auto failed = FailureOf([](const auto&, auto& connection) {
    connection.Write(std::string(kHead) + Delta("Hello"));
    connection.Close();
  });
  EXPECT_EQ(failed.error.code, Code::kUnavailable);
  EXPECT_TRUE(failed.retryable);
}

TEST_F(OpenAiTest, AnAnswerWithoutItsLastLineIsWholeAllTheSame) {
  HttpServer server([](const auto&, auto& connection) {
    connection.Write(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
        "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"length\"}]}\n\n");
    connection.Close();
  });
  const auto model = Connect(server.Url("/v1"));
  Collected answer;
  const auto stream = model->Start(Request(), answer.sink());
  ASSERT_TRUE(answer.Wait());
  ASSERT_TRUE(answer.done());
  EXPECT_EQ(answer.done()->reason, Model::DoneReason::kLength);
}

TEST_F(OpenAiTest, AServerThatNeverEndsItsResponseDoesNotHoldTheTurn) {
  HttpServer server([](const auto&, auto& connection) {
    connection.Write(std::string(kHead) + Delta("Hi") + kStop + kDone);
    connection.WaitUntilClosed();
  });
  const auto model = Connect(server.Url("/v1"));
  Collected answer;
  const auto stream = model->Start(Request(), answer.sink());
  ASSERT_TRUE(answer.Wait());
  EXPECT_TRUE(answer.done());
}

TEST_F(OpenAiTest, SilenceEndsAtItsDeadline) {
  Model::Request request = Request();
  request.ready_timeout_ms = 50;
  const auto failed = FailureOf([](const auto&, auto& connection) { connection.WaitUntilClosed(); },
                                std::move(request));
  EXPECT_EQ(failed.error.code, Code::kDeadlineExceeded);
  EXPECT_THAT(failed.error.message, HasSubstr("silent for 50 ms before"));
}

TEST_F(OpenAiTest, SilenceWithinAnAnswerEndsAtItsOwn) {
  config_.stall_timeout_ms = 100;
  const auto failed = FailureOf([](const auto&, auto& connection) {
    connection.Write(std::string(kHead) + Delta("Hello"));
    connection.WaitUntilClosed();
  });
  EXPECT_EQ(failed.error.code, Code::kDeadlineExceeded);
  EXPECT_THAT(failed.error.message, HasSubstr("within its answer"));
}

TEST_F(OpenAiTest, NobodyThereIsUnavailable) {
  std::string url;
  {
    url = HttpServer([](const auto&, auto&) {}).Url("/v1");
  }
  const auto model = Connect(url);
  Collected answer;
  const auto stream = model->Start(Request(), answer.sink());
  ASSERT_TRUE(answer.Wait());
  EXPECT_EQ(answer.failed()->error.code, Code::kUnavailable);
  EXPECT_TRUE(answer.failed()->retryable);
}

TEST_F(OpenAiTest, ManyStreamsRunSideBySide) {
  HttpServer server([](const auto&, auto& connection) { Answer(connection); });
  const auto model = Connect(server.Url("/v1"));
  std::vector<Collected> answers(50);
  std::vector<std::unique_ptr<Model::Stream>> streams;
  for (Collected& answer : answers) streams.push_back(model->Start(Request(), answer.sink()));
  for (Collected& answer : answers) {
    ASSERT_TRUE(answer.Wait());
    EXPECT_EQ(answer.text(), "Hello there.");
  }
}

TEST(LlmConfig, NamesWhatIsMissing) {
  LlmConfig config;
  config.url = "127.0.0.1:8000";
  EXPECT_THAT(config.Validate().error().message, HasSubstr("http://"));
  config.url = "http://127.0.0.1:8000/v1";
  EXPECT_THAT(config.Validate().error().message, HasSubstr("llm.model"));
  config.model = "m";
  EXPECT_TRUE(config.Validate());
  EXPECT_EQ(config.ResolvedKind(), LlmKind::kOpenAi);
  EXPECT_EQ(LlmConfig{}.ResolvedKind(), LlmKind::kEmbedded);
}

}  // namespace
}  // namespace parley::dialogue
