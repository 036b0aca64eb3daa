// /v1/admin/floors over a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/testing/fake_gateway.h"
#include "net/testing/raw_client.h"

namespace parley::gateway {
namespace {

using testing::FakeGateway;
using turn::TurnState;
using turn::UserState;
using Json = nlohmann::json;

// The events so far of an answer that comes in pieces.
class Events {
 public:
  const std::vector<Json>& Add(std::string_view piece) {
    rest_ += piece;
    for (size_t end; (end = rest_.find("\n\n")) != std::string::npos; rest_.erase(0, end + 2)) {
      if (rest_.starts_with("data: ")) events_.push_back(Json::parse(rest_.substr(6, end - 6)));
    }
    return events_;
  }
  const std::vector<Json>& all() const { return events_; }

 private:
  std::string rest_;
  std::vector<Json> events_;
};

net::HttpCall Look(const FakeGateway& gateway) {
  net::HttpCall call;
  call.url = gateway.url() + "/v1/admin/floors";
  return call;
}

TEST(Floors, AreToldAsTheyAreAndThenAsTheyChange) {
  FakeGateway gateway;
  auto place = gateway.floors.Open(SessionId{7}, "parley", 5'000'000);
  place->Show({.at_us = 9'000'000,
               .user = UserState::kPausing,
               .probability = 0.25f,
               .silence_needed_ms = 400});
  place->AddTurn(R"({"heard":"Hi."})");
  Events events;
  const auto end = net::FetchInPieces(Look(gateway), [&](std::string_view piece) {
    const size_t told = events.Add(piece).size();
    if (told == 1) place->Show({.at_us = 9'500'000, .agent = TurnState::kDucked});
    if (told == 2) place.reset();
    return told < 3;
  });
  EXPECT_EQ(end.error().code, Code::kCancelled);
  ASSERT_EQ(events.all().size(), 3u);
  EXPECT_EQ(events.all()[0]["live"], Json{7});
  const Json& session = events.all()[0]["sessions"][0];
  EXPECT_EQ(session["model"], "parley");
  EXPECT_EQ(session["turns"][0]["heard"], "Hi.");
  EXPECT_EQ(session["floors"][0],
            Json::parse(R"({"at_ms":9000,"user":"pausing","p":0.25,"needed_ms":400,
                            "agent":"silent","preparing":false,"drafting":false,"line":true})"));
  const Json& change = events.all()[1]["sessions"][0];
  ASSERT_EQ(change["floors"].size(), 1u);
  EXPECT_EQ(change["floors"][0]["agent"], "ducked");
  EXPECT_TRUE(change["turns"].empty());
  EXPECT_TRUE(events.all()[2]["live"].empty());
}

TEST(Floors, EndWhenThereIsNothingToLookAtAnyMore) {
  FakeGateway gateway;
  const auto answer = net::FetchInPieces(Look(gateway), [&](std::string_view) {
    gateway.floors.Close();
    return true;
  });
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
}

TEST(Floors, AreForThoseWithTheKeyAndForAFewAtATime) {
  GatewayConfig config;
  config.key = Secret("correct horse");
  FakeGateway gateway(config);
  EXPECT_EQ(gateway.Get("/v1/admin/floors")->status, 401);
  const std::string look =
      "GET /v1/admin/floors HTTP/1.1\r\nHost: 127.0.0.1\r\n"
      "Authorization: Bearer correct horse\r\n\r\n";
  std::vector<std::unique_ptr<net::testing::RawClient>> watchers;
  for (int i = 0; i < 8; ++i) {
    watchers.push_back(std::make_unique<net::testing::RawClient>(gateway.port()));
    watchers.back()->Send(look);
    EXPECT_THAT(watchers.back()->ReadUntil("data: "), ::testing::HasSubstr("200 OK"));
  }
  const net::Headers key = {{"Authorization", "Bearer correct horse"}};
  EXPECT_EQ(gateway.Get("/v1/admin/floors", key)->status, 429);
  watchers.pop_back();
  EXPECT_TRUE(gateway.RunUntil([&] {
    net::testing::RawClient again(gateway.port());
    again.Send(look);
    return again.ReadUntil("\r\n").find("200") != std::string::npos;
  }));
}

}  // namespace
}  // namespace parley::gateway
