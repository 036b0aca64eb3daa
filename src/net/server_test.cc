// The server over real sockets on free ports of loopback.
#include "net/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "net/client.h"
#include "net/testing/function_service.h"
#include "net/testing/raw_client.h"

namespace parley::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawClient;
using ::testing::StartsWith;

class ServerTest : public ::testing::Test {
 protected:
  void Start(ServerConfig config = {}) {
    auto threads = IoThreads::Start(2, "io");
    ASSERT_TRUE(threads);
    threads_ = std::move(*threads);
    auto server = Server::Start(config, service_, *threads_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  HttpCall Call(std::string method, std::string target, std::string body = "") {
    HttpCall call;
    call.method = std::move(method);
    call.url = server_->base_url() + target;
    call.body = std::move(body);
    call.timeout_ms = 10'000;
    return call;
  }

  testing::FunctionService service_;
  std::unique_ptr<IoThreads> threads_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, ARequestIsAnswered) {
  Start();
  const auto response = Fetch(Call("POST", "/a%20b?x=1", "body"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "POST /a b body");
  EXPECT_EQ(response->headers.Get("content-type"), "text/plain; charset=utf-8");
}

TEST_F(ServerTest, AConnectionServesManyRequestsAlsoPipelined) {
  Start();
  RawClient client(server_->port());
  client.Send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  client.Send("GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string all = client.ReadToEnd();
  EXPECT_THAT(all, AllOf(HasSubstr("GET /1"), HasSubstr("GET /2"), HasSubstr("GET /3"),
                         HasSubstr("Connection: close")));
  EXPECT_EQ(server_->stats().accepted, 1u);
}

TEST_F(ServerTest, HeadHasLengthButNoBody) {
  Start();
  RawClient client(server_->port());
  client.Send("HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), AllOf(HasSubstr("Content-Length: 8"), Not(HasSubstr("HEAD /x"))));
}

TEST_F(ServerTest, AStreamComesInPiecesEachConfirmed) {
  std::promise<void> first_sent;
  service_.on_request = [&](std::shared_ptr<Exchange> exchange) {
    exchange->StartStream(TextResponse(200, "a"));
    exchange->Write("b", [&first_sent, exchange] {
      first_sent.set_value();
      exchange->Write("c", Task());
      exchange->End();
    });
  };
  Start();
  std::string pieces;
  const auto response = FetchInPieces(Call("GET", "/"), [&](std::string_view piece) {
    pieces += piece;
    return true;
  });
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(pieces, "abc");
  EXPECT_EQ(response->headers.Get("transfer-encoding"), "chunked");
  first_sent.get_future().get();
}

TEST_F(ServerTest, AnOldClientGetsAStreamThatEndsByClosing) {
  service_.on_request = [](std::shared_ptr<Exchange> exchange) {
    exchange->StartStream(TextResponse(200, "one "));
    exchange->Write("two", Task());
    exchange->End();
  };
  Start();
  RawClient client(server_->port());
  client.Send("GET / HTTP/1.0\r\n\r\n");
  const std::string answer = client.ReadToEnd();
  EXPECT_THAT(answer, AllOf(::testing::EndsWith("\r\n\r\none two"), Not(HasSubstr("chunked"))));
}

TEST_F(ServerTest, AnAbortedStreamIsSeenAsCutOff) {
  service_.on_request = [](std::shared_ptr<Exchange> exchange) {
    exchange->StartStream(TextResponse(200, ""));
    exchange->Write("half", [exchange] { exchange->Abort(); });
  };
  Start();
  const auto response = Fetch(Call("GET", "/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kDataLoss);
}

TEST_F(ServerTest, AForgottenRequestGetsStatus500) {
  service_.on_request = [](std::shared_ptr<Exchange>) {};
  Start();
  const auto response = Fetch(Call("GET", "/"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 500);
}

TEST_F(ServerTest, AClientThatVanishesIsNoticedWhileTheAnswerIsMade) {
  std::promise<std::shared_ptr<Exchange>> asked;
  std::promise<void> gone;
  service_.on_request = [&](std::shared_ptr<Exchange> exchange) {
    exchange->OnGone([&gone] { gone.set_value(); });
    asked.set_value(std::move(exchange));
  };
  Start();
  auto client = std::make_unique<RawClient>(server_->port());
  client->Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto exchange = asked.get_future().get();
  client.reset();
  EXPECT_EQ(gone.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  exchange->Respond(TextResponse(200, "too late"));
}

TEST_F(ServerTest, AStreamNobodyReadsIsBounded) {
  std::promise<void> gone;
  service_.on_request = [&](std::shared_ptr<Exchange> exchange) {
    exchange->OnGone([&gone] { gone.set_value(); });
    exchange->StartStream(TextResponse(200, ""));
    for (int i = 0; i < 200; ++i) exchange->Write(std::string(64 * 1024, 'x'), Task());
  };
  ServerConfig config;
  config.stream_queue_bytes_max = 1024 * 1024;
  Start(config);
  RawClient client(server_->port());
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(gone.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_F(ServerTest, ABodyOverTheLimitIsRefusedBeforeItIsRead) {
  service_.admit = [](const HttpRequest& head) {
    return Admission{.body_bytes_max = head.path == "/big" ? size_t{100} : size_t{10},
                     .refusal = std::nullopt};
  };
  Start();
  EXPECT_EQ(Fetch(Call("POST", "/big", std::string(100, 'x')))->status, 200);
  EXPECT_EQ(Fetch(Call("POST", "/big", std::string(101, 'x')))->status, 413);
  EXPECT_EQ(Fetch(Call("POST", "/", std::string(11, 'x')))->status, 413);
  // A large upload in full flight still sees the answer.
  EXPECT_EQ(Fetch(Call("POST", "/", std::string(8 << 20, 'x')))->status, 413);
  RawClient chunked(server_->port());
  chunked.Send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  chunked.Send("b\r\nhello world\r\n0\r\n\r\n");
  EXPECT_THAT(chunked.ReadToEnd(), StartsWith("HTTP/1.1 413"));
}

TEST_F(ServerTest, ARefusalByHeadIsAnsweredWithoutTheBody) {
  service_.admit = [](const HttpRequest&) {
    return Admission{.body_bytes_max = 1 << 20, .refusal = TextResponse(401, "who are you?")};
  };
  Start();
  RawClient client(server_->port());
  client.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("who are you?"), StartsWith("HTTP/1.1 401"));
}

TEST_F(ServerTest, ExpectContinueIsAnswered) {
  Start();
  RawClient client(server_->port());
  client.Send(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
      "Connection: close\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100 Continue"));
  client.Send("ok");
  EXPECT_THAT(client.ReadToEnd(), HasSubstr("POST / ok"));
}

TEST_F(ServerTest, MalformedRequestsGetAStatusAndNeverACrash) {
  struct Case {
    std::string bytes, starts;
  };
  const Case cases[] = {
      {"\r\n\r\n\r\n", "HTTP/1.1 400"},
      {"nonsense\r\n\r\n", "HTTP/1.1 400"},
      {std::string("\x16\x03\x01\x02\x00\x01", 6) + std::string(64, '\0'), "HTTP/1.1 400"},
      {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400"},
      {"GET /a%00 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400"},
      {"GET * HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "HTTP/1.1 400"},
      {"GET / HTTP/9.9\r\n\r\n", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\nX: " + std::string(20'000, 'h') + "\r\n\r\n", "HTTP/1.1 431"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400"},
  };
  Start();
  for (const Case& one : cases) {
    RawClient client(server_->port());
    client.Send(one.bytes);
    EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith(one.starts)) << one.bytes.substr(0, 60);
  }
  EXPECT_EQ(Fetch(Call("GET", "/"))->status, 200);
}

TEST_F(ServerTest, ASlowHeadAndASlowBodyAreCut) {
  ServerConfig config;
  config.head_timeout_ms = 100;
  config.body_timeout_ms = 100;
  Start(config);
  RawClient head(server_->port());
  head.Send("GET / HT");
  RawClient body(server_->port());
  body.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(head.ReadToEnd(), "");
  EXPECT_EQ(body.ReadToEnd(), "");
}

TEST_F(ServerTest, AnIdleConnectionIsClosed) {
  ServerConfig config;
  config.keep_alive_timeout_ms = 100;
  Start(config);
  RawClient client(server_->port());
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, ConnectionsOverTheLimitAreToldSo) {
  ServerConfig config;
  config.connections_max = 1;
  Start(config);
  auto first = std::make_unique<RawClient>(server_->port());
  first->Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  first->ReadUntil("GET /");
  RawClient second(server_->port());
  EXPECT_THAT(second.ReadToEnd(), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("1 connections")));
  EXPECT_EQ(server_->stats().refused, 1u);
}

TEST_F(ServerTest, APortThatIsTakenIsNamedWithAWayOut) {
  Start();
  ServerConfig config;
  config.port = server_->port();
  const auto second = Server::Start(config, service_, *threads_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kUnavailable);
  EXPECT_THAT(second.error().message,
              AllOf(HasSubstr(std::to_string(config.port)), HasSubstr("--port")));
}

TEST_F(ServerTest, AnAddressThatIsNoneIsRefused) {
  auto threads = IoThreads::Start(1, "io");
  ServerConfig config;
  config.address = "example.invalid";
  const auto server = Server::Start(config, service_, **threads);
  ASSERT_FALSE(server);
  EXPECT_THAT(server.error().message, HasSubstr("example.invalid"));
}

TEST_F(ServerTest, ResponsesCannotBeSplitByAValue) {
  service_.on_request = [](std::shared_ptr<Exchange> exchange) {
    HttpResponse response = TextResponse(200, "");
    response.headers.Add("X-Echo", "a\r\nSet-Cookie: b");
    exchange->Respond(std::move(response));
  };
  Start();
  const auto response = Fetch(Call("GET", "/"));
  ASSERT_TRUE(response);
  EXPECT_FALSE(response->headers.Has("Set-Cookie"));
}

TEST_F(ServerTest, StoppingWaitsForAnAnswerUnderWay) {
  std::promise<std::shared_ptr<Exchange>> asked;
  service_.on_request = [&](std::shared_ptr<Exchange> exchange) {
    asked.set_value(std::move(exchange));
  };
  Start();
  std::promise<Result<HttpResponse>> got;
  std::thread client([&] { got.set_value(Fetch(Call("GET", "/"))); });
  std::shared_ptr<Exchange> exchange = asked.get_future().get();
  std::thread stopper([&] { server_->Stop(10'000); });
  exchange->Respond(TextResponse(200, "done"));
  exchange.reset();
  stopper.join();
  client.join();
  const auto response = got.get_future().get();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "done");
  EXPECT_FALSE(RawClient(server_->port()).connected());
  EXPECT_EQ(server_->stats().connections, 0);
}

TEST_F(ServerTest, StoppingCutsWhatOutlivesTheGrace) {
  std::promise<std::shared_ptr<Exchange>> asked;
  service_.on_request = [&](std::shared_ptr<Exchange> exchange) {
    asked.set_value(std::move(exchange));
  };
  Start();
  RawClient client(server_->port());
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto exchange = asked.get_future().get();
  server_->Stop(10);
  EXPECT_EQ(client.ReadToEnd(), "");
  EXPECT_EQ(server_->stats().connections, 0);
}

TEST_F(ServerTest, TlsWithASelfMadeCertificate) {
  ServerConfig config;
  config.tls.self_signed = true;
  Start(config);
  EXPECT_THAT(server_->base_url(), StartsWith("https://127.0.0.1:"));
  HttpCall call = Call("GET", "/secret");
  EXPECT_FALSE(Fetch(call)) << "a self-signed certificate must not be believed unasked";
  call.trust.verify = false;
  const auto response = Fetch(call);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "GET /secret ");
  RawClient plain(server_->port());
  plain.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(plain.ReadToEnd(), Not(HasSubstr("200 OK")));
}

TEST_F(ServerTest, TlsFilesThatAreMissingAreNamed) {
  auto threads = IoThreads::Start(1, "io");
  ServerConfig config;
  config.tls.cert_file = "/nonexistent/cert.pem";
  EXPECT_THAT(Server::Start(config, service_, **threads).error().message, HasSubstr("key_file"));
  config.tls.key_file = "/nonexistent/key.pem";
  EXPECT_THAT(Server::Start(config, service_, **threads).error().message,
              HasSubstr("/nonexistent/cert.pem"));
}

TEST(FetchTest, NobodyThereIsSaidByAddress) {
  HttpCall call;
  call.url = "http://127.0.0.1:1/";
  const auto response = Fetch(call);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_THAT(response.error().message, HasSubstr("127.0.0.1:1"));
}

}  // namespace
}  // namespace parley::net
