// Sequences that are read side by side, held against each alone.
#include "cosyvoice2/lm/lm_batcher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "cosyvoice2/testing/tiny_models.h"

namespace parley::cosyvoice2 {
namespace {

using testing::TinyLm;
using Kind = Symbol::Kind;

constexpr int kSteps = 12;

// What sequence `which` begins with: each of another length.
std::vector<Symbol> Beginning(int which) {
  std::vector<Symbol> symbols = {{Kind::kSos, 0}};
  for (int i = 0; i < 3 + 5 * which; ++i) symbols.push_back({Kind::kText, (7 * i + which) % 300});
  symbols.push_back({Kind::kTaskId, 0});
  return symbols;
}
Symbol Next(int which, int step) { return {Kind::kSpeech, (11 * step + which) % 97}; }

using Logits = std::vector<std::vector<float>>;  // of each step

Logits Alone(const Lm& lm, int which) {
  nn::Executor executor(2);
  LmState state;
  EXPECT_TRUE(lm.Forward(executor, state, Beginning(which)));
  Logits all;
  for (int step = 0; step < kSteps; ++step) {
    const Symbol next = Next(which, step);
    all.push_back(lm.Forward(executor, state, std::span(&next, 1)).value());
  }
  return all;
}

class LmBatcherTest : public ::testing::TestWithParam<ggml_type> {
 protected:
  const std::unique_ptr<Lm> lm_ = TinyLm({.matrix_type = GetParam(), .cache_type = GGML_TYPE_F16});
};

TEST_P(LmBatcherTest, APassOverSeveralSequencesGivesTheBitsOfEachAlone) {
  ASSERT_TRUE(lm_->batches_exactly());
  constexpr int kSequences = 5;
  nn::Executor executor(2);
  std::vector<LmState> states(kSequences);
  for (int i = 0; i < kSequences; ++i) {
    ASSERT_TRUE(lm_->Forward(executor, states[i], Beginning(i)));
  }
  std::vector<Logits> found(kSequences);
  for (int step = 0; step < kSteps; ++step) {
    std::vector<Lm::Step> steps;
    for (int i = 0; i < kSequences; ++i) steps.push_back({&states[i], Next(i, step)});
    auto logits = lm_->ForwardEach(executor, steps);
    ASSERT_TRUE(logits) << logits.error().message;
    for (int i = 0; i < kSequences; ++i) found[i].push_back(std::move((*logits)[i]));
  }
  for (int i = 0; i < kSequences; ++i) EXPECT_EQ(found[i], Alone(*lm_, i)) << i;
}

TEST_P(LmBatcherTest, ThreadsThatStepTogetherAreReadTogetherAndGetWhatTheyWouldAlone) {
  constexpr int kSequences = 3;
  LmBatcher batcher(*lm_, 2, nullptr, 8);
  std::vector<Logits> found(kSequences);
  std::barrier together(kSequences);
  std::vector<std::thread> threads;
  for (int i = 0; i < kSequences; ++i) {
    threads.emplace_back([&, i] {
      nn::Executor executor(1);
      LmState state;
      EXPECT_TRUE(lm_->Forward(executor, state, Beginning(i)));
      LmBatcher::Seat seat(batcher);
      for (int step = 0; step < kSteps; ++step) {
        together.arrive_and_wait();
        found[i].push_back(seat.Step(state, Next(i, step), nullptr).value());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < kSequences; ++i) EXPECT_EQ(found[i], Alone(*lm_, i)) << i;
  EXPECT_GT(batcher.sequences_seen(), 1U);
}

TEST_P(LmBatcherTest, WhoeverIsCancelledOrAsksForWhatIsNotThereHarmsNobodyElse) {
  LmBatcher batcher(*lm_, 2, nullptr, 8);
  std::barrier together(3);
  Logits found;
  std::atomic<int> cancelled = 0, refused = 0;
  const auto run = [&](int which, const auto& step) {
    nn::Executor executor(1);
    LmState state;
    EXPECT_TRUE(lm_->Forward(executor, state, Beginning(which)));
    LmBatcher::Seat seat(batcher);
    for (int i = 0; i < kSteps; ++i) {
      together.arrive_and_wait();
      step(seat, state, i);
    }
  };
  std::thread leaver(run, 1, [&](LmBatcher::Seat& seat, LmState& state, int i) {
    const auto logits = seat.Step(state, Next(1, i), [] { return true; });
    cancelled += !logits && logits.error().code == Code::kCancelled;
  });
  std::thread asker(run, 2, [&](LmBatcher::Seat& seat, LmState& state, int) {
    const auto logits = seat.Step(state, {Kind::kText, 100'000}, nullptr);
    refused += !logits && logits.error().code == Code::kInvalidArgument;
  });
  run(0, [&](LmBatcher::Seat& seat, LmState& state, int i) {
    found.push_back(seat.Step(state, Next(0, i), nullptr).value());
  });
  leaver.join();
  asker.join();
  EXPECT_EQ(found, Alone(*lm_, 0));
  EXPECT_EQ(cancelled, kSteps);
  EXPECT_EQ(refused, kSteps);
}

INSTANTIATE_TEST_SUITE_P(Exactly, LmBatcherTest, ::testing::Values(GGML_TYPE_F32, GGML_TYPE_Q8_0));

}  // namespace
}  // namespace parley::cosyvoice2
