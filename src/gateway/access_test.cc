#include "gateway/access.h"

#include <gtest/gtest.h>

namespace parley::gateway {
namespace {

net::HttpRequest With(net::Headers headers) {
  net::HttpRequest request;
  request.headers = std::move(headers);
  return request;
}

TEST(AccessPolicy, WithoutAKeyAnyIsAccepted) {
  const AccessPolicy policy(Secret(), {}, false);
  EXPECT_FALSE(policy.CheckKey(With({})));
  EXPECT_FALSE(policy.CheckKey(With({{"Authorization", "Bearer sk-anything"}})));
}

TEST(AccessPolicy, AKeyIsTakenFromTheHeaderOrTheSubprotocol) {
  const AccessPolicy policy(Secret("right-key"), {}, true);
  EXPECT_FALSE(policy.CheckKey(With({{"authorization", "bearer right-key"}})));
  EXPECT_FALSE(policy.CheckKey(
      With({{"Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.right-key"}})));
  for (const char* wrong :
       {"Bearer wrong", "Bearer ", "Bearer right-key2", "Basic right-key", ""}) {
    const auto refused = policy.CheckKey(With({{"Authorization", wrong}}));
    ASSERT_TRUE(refused) << wrong;
    EXPECT_EQ(refused->status, 401);
    EXPECT_EQ(refused->code, "invalid_api_key");
  }
}

TEST(AccessPolicy, PagesOfOtherSitesAreRefused) {
  const AccessPolicy policy(Secret("right-key"), {"https://friend.example"}, true);
  const auto from = [](std::string origin, std::string key = "") {
    return With({{"Host", "voice.example:8080"},
                 {"Origin", std::move(origin)},
                 {"Authorization", "Bearer " + key}});
  };
  EXPECT_FALSE(policy.CheckOrigin(With({{"Host", "voice.example:8080"}})));
  EXPECT_FALSE(policy.CheckOrigin(from("http://voice.example:8080")));
  EXPECT_FALSE(policy.CheckOrigin(from("https://friend.example")));
  EXPECT_FALSE(policy.CheckOrigin(from("https://other.example", "right-key")));
  for (const char* origin : {"https://other.example", "null", "http://voice.example"}) {
    const auto refused = policy.CheckOrigin(from(origin));
    ASSERT_TRUE(refused) << origin;
    EXPECT_EQ(refused->status, 403);
  }
}

TEST(AccessPolicy, ANameReboundToThisMachineIsRefused) {
  const AccessPolicy policy(Secret(), {}, false);
  for (const char* host : {"127.0.0.1:8080", "localhost", "[::1]:8080"}) {
    EXPECT_FALSE(policy.CheckHost(With({{"Host", host}}))) << host;
  }
  EXPECT_TRUE(policy.CheckHost(With({{"Host", "evil.example:8080"}})));
  EXPECT_TRUE(
      policy.CheckHost(With({{"Host", "evil.example"}, {"Origin", "http://evil.example"}})));
}

TEST(AccessPolicy, EveryOriginMayBeAllowed) {
  const AccessPolicy policy(Secret(), {"*"}, true);
  EXPECT_EQ(policy.AllowedOrigin(With({{"Origin", "https://a.example"}})), "https://a.example");
  EXPECT_EQ(policy.AllowedOrigin(With({})), "");
}

TEST(Subprotocol, RealtimeIsSelectedWhenOffered) {
  EXPECT_EQ(SelectSubprotocol(With({{"Sec-WebSocket-Protocol", "x, realtime"}})), "realtime");
  EXPECT_EQ(SelectSubprotocol(With({{"Sec-WebSocket-Protocol", "x"}})), "");
  EXPECT_EQ(SelectSubprotocol(With({})), "");
  EXPECT_EQ(SelectSubprotocol(With({{"Sec-WebSocket-Protocol",
                                     "openai-insecure-api-key.x, openai-beta.realtime-v1"}})),
            "openai-beta.realtime-v1");
}

TEST(Subprotocol, TheOlderDialectIsAskedForByHeaderOrSubprotocol) {
  EXPECT_TRUE(SpeaksBeta(With({{"OpenAI-Beta", "assistants=v2, realtime=v1"}})));
  EXPECT_TRUE(SpeaksBeta(With({{"Sec-WebSocket-Protocol", "realtime, openai-beta.realtime-v1"}})));
  EXPECT_FALSE(SpeaksBeta(With({{"OpenAI-Beta", "realtime=v2"}})));
  EXPECT_FALSE(SpeaksBeta(With({{"Sec-WebSocket-Protocol", "realtime"}})));
}

}  // namespace
}  // namespace parley::gateway
