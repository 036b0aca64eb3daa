// WebSockets over real sockets on free ports of loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <thread>

#include "net/client.h"
#include "net/server.h"
#include "net/testing/function_service.h"
#include "net/testing/raw_client.h"

namespace parley::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::RawClient;
using ::testing::StartsWith;
using testing::WebSocketFrame;

constexpr std::string_view kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

struct Ending {
  uint16_t code;
  std::string reason;
};

// Echoes; "close" closes, "flood" sends until refused.
class EchoListener : public WebSocketListener {
 public:
  explicit EchoListener(std::promise<Ending>* ended) : ended_(ended) {}

  void OnOpen(std::shared_ptr<WebSocket> socket) override { socket_ = std::move(socket); }
  void OnText(std::string_view message) override {
    EXPECT_TRUE(socket_->executor().IsCurrent());
    if (message == "close") {
      socket_->SendText("bye");
      socket_->Close(CloseCode::kNormal, "asked");
    } else if (message == "flood") {
      while (socket_->SendText(std::string(64 * 1024, 'x'))) {
      }
    } else {
      socket_->SendText("echo " + std::string(message));
    }
  }
  void OnBinary(std::span<const uint8_t> message) override {
    socket_->SendBinary(std::string(message.rbegin(), message.rend()));
  }
  void OnClosed(uint16_t code, std::string_view reason) override {
    socket_.reset();
    if (ended_) ended_->set_value({code, std::string(reason)});
  }

 private:
  std::promise<Ending>* ended_;
  std::shared_ptr<WebSocket> socket_;
};

class WebSocketTest : public ::testing::Test {
 protected:
  void Start(ServerConfig config = {}) {
    service_.on_upgrade = [this](const HttpRequest& request, Executor&) {
      Upgrade upgrade;
      if (request.path != "/ws") {
        upgrade.refusal = TextResponse(request.path == "/denied" ? 401 : 404, "not here");
        return upgrade;
      }
      upgrade.listener = std::make_unique<EchoListener>(&ended_);
      const auto offers = SplitList(request.headers.Get("sec-websocket-protocol"));
      for (const auto offer : offers) {
        if (offer == "realtime") upgrade.subprotocol = "realtime";
      }
      return upgrade;
    };
    threads_ = std::move(*IoThreads::Start(2, "io"));
    auto server = Server::Start(config, service_, *threads_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  Result<std::unique_ptr<WebSocketClient>> Connect(std::string target = "/ws") {
    WebSocketClient::Options options;
    options.url = server_->base_url() + target;
    options.subprotocols = {"key.abc", "realtime"};
    options.trust.verify = false;
    return WebSocketClient::Connect(options);
  }
  Ending Ended() {
    auto future = ended_.get_future();
    if (future.wait_for(std::chrono::seconds(10)) != std::future_status::ready) {
      ADD_FAILURE() << "OnClosed was not called";
      return {};
    }
    return future.get();
  }

  testing::FunctionService service_;
  std::promise<Ending> ended_;
  std::unique_ptr<IoThreads> threads_;
  std::unique_ptr<Server> server_;
};

TEST_F(WebSocketTest, TextAndBinaryComeBackInOrder) {
  Start();
  auto client = Connect();
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_EQ((*client)->subprotocol(), "realtime");
  for (int i = 0; i < 100; ++i) (*client)->SendText(std::to_string(i));
  (*client)->SendBinary("abc");
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ((*client)->Receive(10'000)->bytes, "echo " + std::to_string(i));
  }
  const auto binary = (*client)->Receive(10'000);
  ASSERT_TRUE(binary);
  EXPECT_TRUE(binary->binary);
  EXPECT_EQ(binary->bytes, "cba");
  EXPECT_EQ(server_->stats().web_sockets, 1);
}

TEST_F(WebSocketTest, FifteenMebibytesPassAndTheLimitCloses) {
  Start();
  auto client = Connect();
  ASSERT_TRUE(client);
  const std::string big(15 << 20, 'x');
  (*client)->SendText(big);
  EXPECT_EQ((*client)->Receive(20'000)->bytes.size(), big.size() + 5);
  (*client)->SendText(std::string(18 << 20, 'x'));
  EXPECT_EQ((*client)->Receive(20'000).error().code, Code::kUnavailable);
  EXPECT_EQ(Ended().code, 1009);
}

TEST_F(WebSocketTest, OverTls) {
  ServerConfig config;
  config.tls.self_signed = true;
  Start(config);
  auto client = Connect();
  ASSERT_TRUE(client) << client.error().message;
  (*client)->SendText("x");
  EXPECT_EQ((*client)->Receive(10'000)->bytes, "echo x");
}

TEST_F(WebSocketTest, TheServersGoodbyeFollowsItsLastMessage) {
  Start();
  auto client = Connect();
  ASSERT_TRUE(client);
  (*client)->SendText("close");
  EXPECT_EQ((*client)->Receive(10'000)->bytes, "bye");
  EXPECT_THAT((*client)->Receive(10'000).error().message, HasSubstr("1000 asked"));
  EXPECT_FALSE((*client)->SendText("more"));
  EXPECT_EQ(Ended().code, 1000);
}

TEST_F(WebSocketTest, TheClientsGoodbyeIsHeard) {
  Start();
  auto client = Connect();
  ASSERT_TRUE(client);
  (*client)->Close(3001, "enough");
  const Ending ending = Ended();
  EXPECT_EQ(ending.code, 3001);
  EXPECT_EQ(ending.reason, "enough");
}

TEST_F(WebSocketTest, AClientThatVanishesEndsTheSession) {
  Start();
  RawClient client(server_->port());
  client.Send(kUpgrade);
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 101"));
  client.Reset();
  EXPECT_EQ(Ended().code, 1006);
}

TEST_F(WebSocketTest, AClientThatDoesNotReadIsClosed) {
  ServerConfig config;
  config.web_socket_queue_bytes_max = 1 << 20;
  Start(config);
  RawClient client(server_->port());
  client.ShrinkReceiveBuffer();
  client.Send(kUpgrade);
  client.ReadUntil("\r\n\r\n");
  client.Send(WebSocketFrame(1, "flood"));
  const Ending ending = Ended();
  EXPECT_EQ(ending.code, 1008);
  EXPECT_THAT(ending.reason, HasSubstr("too slowly"));
}

TEST_F(WebSocketTest, PingsAreAnsweredBetweenMessages) {
  Start();
  RawClient client(server_->port());
  client.Send(kUpgrade);
  client.ReadUntil("\r\n\r\n");
  client.Send(WebSocketFrame(9, "are you there"));
  const std::string pong = client.ReadUntil("are you there");
  ASSERT_GE(pong.size(), 2u);
  EXPECT_EQ(static_cast<uint8_t>(pong[0]), 0x8a);
}

TEST_F(WebSocketTest, ASilentPeerIsAskedAndThenClosed) {
  ServerConfig config;
  config.web_socket_silence_timeout_ms = 1000;
  Start(config);
  RawClient client(server_->port());
  client.Send(kUpgrade);
  client.ReadUntil("\r\n\r\n");
  const std::string rest = client.ReadToEnd();  // it reads, but never answers the ping
  ASSERT_GE(rest.size(), 2u);
  EXPECT_EQ(static_cast<uint8_t>(rest[0]), 0x89);
  EXPECT_EQ(Ended().code, 1006);
}

TEST_F(WebSocketTest, AnIdleClientIsClosedWithTheReason) {
  ServerConfig config;
  config.web_socket_idle_timeout_ms = 100;
  Start(config);
  auto client = Connect();
  ASSERT_TRUE(client);
  EXPECT_THAT((*client)->Receive(10'000).error().message, HasSubstr("1008 no message"));
}

TEST_F(WebSocketTest, BadFramesCloseWithTheRightCode) {
  struct Case {
    std::string frame;
    uint16_t code;
  };
  std::string unmasked("\x81\x01x", 3);
  const Case cases[] = {
      {WebSocketFrame(1, "\xff\xfe"), 1007},  // not UTF-8
      {WebSocketFrame(3, ""), 1002},          // reserved opcode
      {unmasked, 1002},
      {WebSocketFrame(9, "ping", false), 1002},  // a control frame in pieces
      {WebSocketFrame(0, "no beginning"), 1002},
  };
  Start();
  for (const Case& one : cases) {
    ended_ = std::promise<Ending>();
    auto client = std::make_unique<RawClient>(server_->port());
    client->Send(kUpgrade);
    client->ReadUntil("\r\n\r\n");
    client->Send(one.frame);
    const std::string rest = client->ReadToEnd();
    client.reset();
    ASSERT_GE(rest.size(), 4u);
    EXPECT_EQ(static_cast<uint8_t>(rest[0]), 0x88);
    EXPECT_EQ(static_cast<uint8_t>(rest[2]) << 8 | static_cast<uint8_t>(rest[3]), one.code);
    Ended();
  }
}

TEST_F(WebSocketTest, APeerThatIgnoresTheGoodbyeIsLetGo) {
  Start();
  RawClient client(server_->port());
  client.Send(kUpgrade);
  client.ReadUntil("\r\n\r\n");
  client.Send(WebSocketFrame(3, ""));
  client.ReadToEnd();
  Ended();  // though the client's side stays open
}

TEST_F(WebSocketTest, ARefusedUpgradeTellsWhy) {
  Start();
  EXPECT_EQ(Connect("/denied").error().code, Code::kUnauthenticated);
  const auto missing = Connect("/elsewhere");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kFailedPrecondition);
  EXPECT_THAT(missing.error().message, AllOf(HasSubstr("404"), HasSubstr("not here")));
}

TEST_F(WebSocketTest, StoppingSaysGoingAway) {
  Start();
  auto client = Connect();
  ASSERT_TRUE(client);
  std::thread stopper([&] { server_->Stop(10'000); });
  EXPECT_THAT((*client)->Receive(10'000).error().message, HasSubstr("1001"));
  stopper.join();
  EXPECT_EQ(server_->stats().connections, 0);
}

TEST_F(WebSocketTest, ManyClientsAtOnce) {
  Start();
  std::vector<std::thread> clients;
  std::atomic<int> answered = 0;
  // ended_ can be fulfilled once only, so these sockets get listeners without it.
  service_.on_upgrade = [](const HttpRequest&, Executor&) {
    Upgrade upgrade;
    upgrade.listener = std::make_unique<EchoListener>(nullptr);
    return upgrade;
  };
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back([this, &answered] {
      auto client = Connect();
      if (!client) return;
      for (int message = 0; message < 50; ++message) (*client)->SendText("x");
      for (int message = 0; message < 50; ++message) {
        if ((*client)->Receive(10'000)) ++answered;
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(answered, 16 * 50);
}

}  // namespace
}  // namespace parley::net
