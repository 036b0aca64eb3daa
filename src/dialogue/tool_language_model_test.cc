#include "dialogue/tool_language_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/clock.h"
#include "catalog/testing/http_server.h"
#include "dialogue/testing/collected.h"
#include "ports/testing/fake_language_model.h"

namespace parley::dialogue {
namespace {

using parley::testing::HttpConnection;
using parley::testing::HttpRequestSeen;
using parley::testing::HttpServer;
using ports::testing::FakeLanguageModel;
using testing::Collected;
using Model = ports::LanguageModel;
using Reply = FakeLanguageModel::Reply;

class ToolModelTest : public ::testing::Test {
 protected:
  void Make(std::vector<Reply> script) {
    model_ = std::make_unique<FakeLanguageModel>(std::move(script));
    tools_ = std::make_unique<ToolLanguageModel>(
        *model_, std::vector<HttpTool>{{.declared = {.name = "weather", .description = "Now."},
                                        .url = server_.Url("/weather")}});
  }
  // Until the reply ends; the fake's time goes on meanwhile.
  void Run(Collected& collected, Model::Request request = {}) {
    const auto stream = tools_->Start(std::move(request), collected.sink());
    const int64_t until_us = clock_.NowUs() + 10'000'000;
    while (!collected.done() && !collected.failed() && clock_.NowUs() < until_us) {
      model_->AdvanceUs(10'000);
      std::this_thread::yield();
    }
    ASSERT_TRUE(collected.Wait());
  }

  const SteadyClock clock_;
  HttpServer server_{
      [](const HttpRequestSeen&, HttpConnection& connection) { connection.Respond(200, "sunny"); }};
  std::unique_ptr<FakeLanguageModel> model_;
  std::unique_ptr<ToolLanguageModel> tools_;
};

const Reply kAsks{.deltas = {"Let me look. "},
                  .tool_calls = {{"call_1", "weather", R"({"town":"Ulm"})"}}};

TEST_F(ToolModelTest, ACallIsCarriedOutAndTheReplyGoesOn) {
  Make({kAsks, {.deltas = {"It is sunny."}}});
  Collected collected;
  Run(collected, {.messages = {{.text = "How is it?"}}});
  EXPECT_EQ(collected.text(), "Let me look. It is sunny.");
  EXPECT_TRUE(collected.calls().empty()) << "nobody else is to answer it";
  EXPECT_EQ(collected.done()->tokens, 2);
  const auto requests = model_->requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].tools.at(0).name, "weather");
  const auto& told = requests[1].messages;
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[1].text, "Let me look. ");
  EXPECT_EQ(told[1].tool_calls.at(0).id, "call_1");
  EXPECT_EQ(told[2].role, Model::Role::kTool);
  EXPECT_EQ(told[2].text, "sunny");
  EXPECT_EQ(told[2].tool_call_id, "call_1");
  EXPECT_EQ(server_.requests().at(0).body, R"({"town":"Ulm"})");
}

TEST_F(ToolModelTest, AClientsToolIsTheClientsToAnswer) {
  Make({{.tool_calls = {{"call_1", "weather", "{}"}}}});
  Collected collected;
  Run(collected, {.tools = {{.name = "weather"}}});
  ASSERT_EQ(collected.calls().size(), 1u);
  EXPECT_EQ(collected.done()->reason, Model::DoneReason::kToolCalls);
  EXPECT_TRUE(server_.requests().empty());
  EXPECT_EQ(model_->requests().size(), 1u);
  EXPECT_EQ(model_->requests()[0].tools.size(), 1u);
}

TEST_F(ToolModelTest, AModelThatOnlyEverCallsIsMadeToSpeak) {
  Make({kAsks});
  Collected collected;
  Run(collected, {.sampling = {.tool_choice = "required"}});
  ASSERT_EQ(model_->requests().size(), 1u + ToolLanguageModel::kRoundsMax);
  EXPECT_EQ(model_->requests()[0].sampling.tool_choice, "required");
  EXPECT_EQ(model_->requests()[1].sampling.tool_choice, "auto");
  EXPECT_EQ(model_->requests().back().sampling.tool_choice, "none");
  EXPECT_TRUE(collected.done());
}

TEST_F(ToolModelTest, AReplyThatIsLetGoOfAsksNothingMore) {
  Make({kAsks, {.deltas = {"It is sunny."}}});
  Collected collected;
  auto stream = tools_->Start({}, collected.sink());
  stream.reset();
  model_->AdvanceUs(1'000'000);
  EXPECT_EQ(collected.events(), 0);
  EXPECT_EQ(model_->live(), 0);
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(ToolModelTest, ACancelledReplySaysSo) {
  Make({kAsks, {.deltas = {"It is sunny."}}});
  Collected collected;
  const auto stream = tools_->Start({}, collected.sink());
  stream->Cancel();
  model_->AdvanceUs(1'000'000);
  ASSERT_TRUE(collected.Wait());
  EXPECT_EQ(collected.done()->reason, Model::DoneReason::kCancelled);
}

}  // namespace
}  // namespace parley::dialogue
