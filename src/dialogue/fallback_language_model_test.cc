#include "dialogue/fallback_language_model.h"

#include <gtest/gtest.h>

#include "dialogue/testing/collected.h"
#include "ports/testing/fake_language_model.h"

namespace parley::dialogue {
namespace {

using ports::testing::FakeLanguageModel;
using testing::Collected;
using Reply = FakeLanguageModel::Reply;

const ports::LanguageModel::Failed kDown{{Code::kUnavailable, "refused"}, true};
const ports::LanguageModel::Failed kNoKey{{Code::kUnauthenticated, "no key"}, false};

class FallbackTest : public ::testing::Test {
 protected:
  // Of the first and the second choice.
  void Make(std::vector<Reply> first, std::vector<Reply> second) {
    auto one = std::make_unique<FakeLanguageModel>(std::move(first));
    auto two = std::make_unique<FakeLanguageModel>(std::move(second));
    first_ = one.get();
    second_ = two.get();
    std::vector<FallbackLanguageModel::Choice> choices;
    choices.push_back({"first", std::move(one)});
    choices.push_back({"second", std::move(two)});
    model_ = std::make_unique<FallbackLanguageModel>(std::move(choices), 700, clock_);
  }
  void Run(Collected& collected) {
    const auto stream = model_->Start({.ready_timeout_ms = 9000}, collected.sink());
    Advance();
    ASSERT_TRUE(collected.Wait());
  }
  void Advance() {
    for (int i = 0; i < 20; ++i) {
      first_->AdvanceUs(10'000);
      second_->AdvanceUs(10'000);
    }
  }

  FakeClock clock_;
  FakeLanguageModel* first_ = nullptr;
  FakeLanguageModel* second_ = nullptr;
  std::unique_ptr<FallbackLanguageModel> model_;
};

TEST_F(FallbackTest, TheFirstAnswersWhereItCan) {
  Make({{.deltas = {"One."}}}, {{.deltas = {"Two."}}});
  Collected collected;
  Run(collected);
  EXPECT_EQ(collected.text(), "One.");
  EXPECT_TRUE(second_->requests().empty());
  EXPECT_EQ(first_->requests().at(0).ready_timeout_ms, 700);
}

TEST_F(FallbackTest, TheNextIsAskedWhenOneFailsBeforeItsFirstWord) {
  Make({{.failed = kDown}}, {{.deltas = {"Two."}}});
  Collected collected;
  Run(collected);
  EXPECT_EQ(collected.text(), "Two.");
  EXPECT_TRUE(collected.done());
  EXPECT_EQ(second_->requests().at(0).ready_timeout_ms, 9000) << "the last may take its time";
}

TEST_F(FallbackTest, WhatHasBegunToBeSaidIsNotSaidAnew) {
  Make({{.deltas = {"One"}, .failed = kDown}}, {{.deltas = {"Two."}}});
  Collected collected;
  Run(collected);
  EXPECT_EQ(collected.text(), "One");
  EXPECT_TRUE(collected.failed());
  EXPECT_TRUE(second_->requests().empty());
}

TEST_F(FallbackTest, WhenAllFailTheLastSaysWhy) {
  Make({{.failed = kDown}}, {{.failed = kNoKey}});
  Collected collected;
  Run(collected);
  ASSERT_TRUE(collected.failed());
  EXPECT_EQ(collected.failed()->error.code, Code::kUnauthenticated);
  EXPECT_EQ(collected.events(), 1);
}

TEST_F(FallbackTest, OneThatFailedIsAskedLastForAWhile) {
  Make({{.failed = kDown}, {.deltas = {"One."}}}, {{.deltas = {"Two."}}});
  Collected once;
  Run(once);
  Collected again;
  Run(again);
  EXPECT_EQ(again.text(), "Two.");
  EXPECT_EQ(first_->requests().size(), 1u);
  clock_.AdvanceMs(31'000);
  Collected later;
  Run(later);
  EXPECT_EQ(later.text(), "One.");
}

TEST_F(FallbackTest, ACancelledReplyAsksNobodyElse) {
  Make({{.failed = kDown}}, {{.deltas = {"Two."}}});
  Collected collected;
  const auto stream = model_->Start({}, collected.sink());
  stream->Cancel();
  Advance();
  ASSERT_TRUE(collected.done());
  EXPECT_EQ(collected.done()->reason, ports::LanguageModel::DoneReason::kCancelled);
  EXPECT_TRUE(second_->requests().empty());
}

TEST_F(FallbackTest, AReplyThatIsLetGoOfLeavesNothing) {
  Make({{.failed = kDown}}, {{.deltas = {"Two."}, .first_us = 500'000}});
  Collected collected;
  auto stream = model_->Start({}, collected.sink());
  Advance();
  EXPECT_EQ(second_->live(), 1);
  stream.reset();
  EXPECT_EQ(second_->live(), 0);
  EXPECT_EQ(collected.events(), 0);
}

}  // namespace
}  // namespace parley::dialogue
