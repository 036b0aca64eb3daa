// Whatever happens, in whatever order, the invariants hold; and the events of sound and time never
// allocate.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/testing/no_alloc_scope.h"
#include "turn/core.h"
#include "turn/invariants.h"
#include "turn/testing/virtual_call.h"

namespace parley::turn {
namespace {

// Random but mostly plausible events: ids are taken from what the core last asked for, sometimes
// from what is long gone.
class RandomCall {
 public:
  explicit RandomCall(uint64_t seed) : random_(seed) {
    Core::Config config;
    config.detection = Detection();
    config.facts = {.echo_free = Chance(0.5),
                    .audio_output = Chance(0.9),
                    .end_of_turn = Chance(0.8),
                    .speculation = Chance(0.7)};
    core_ = *Core::Create(config);
  }

  // Empty, or what was broken at which step.
  std::string Run(int steps) {
    for (int step = 0; step < steps; ++step) {
      now_us_ += static_cast<int64_t>(random_.NextUniform() * random_.NextUniform() * 400'000);
      const EventBody body = Any();
      if (std::holds_alternative<VoiceActivity>(body)) uplink_ += 512;
      const auto actions = core_->Step({now_us_, uplink_, body});
      const std::string_view broken = checker_.Observe(actions, core_->snapshot());
      if (!broken.empty()) {
        return "step " + std::to_string(step) + " event " + std::to_string(body.index()) + ": " +
               std::string(broken);
      }
      for (const Action& action : actions) Note(action);
    }
    return {};
  }

 private:
  bool Chance(double p) { return random_.NextUniform() < p; }
  int64_t Below(int64_t n) {
    return static_cast<int64_t>(random_.NextUniform() * static_cast<double>(n));
  }

  TurnDetection Detection() {
    TurnDetection detection;
    detection.mode = static_cast<DetectionMode>(Below(10) < 1 ? 0 : 1 + Below(2));
    detection.create_response = Chance(0.9);
    detection.interrupt_response = Chance(0.8);
    detection.idle_timeout_ms = Chance(0.3) ? 5000 : 0;
    return detection;
  }

  void Note(const Action& action) {
    if (const auto* speak = std::get_if<Speak>(&action)) {
      utterances_.push_back({speak->turn, speak->utterance});
    } else if (const auto* sorry = std::get_if<SpeakApology>(&action)) {
      utterances_.push_back({sorry->turn, sorry->utterance});
    } else if (const auto* flush = std::get_if<FlushRecognizer>(&action)) {
      flushes_.push_back(*flush);
    } else if (const auto* start = std::get_if<StartReply>(&action)) {
      turns_.push_back(start->turn);
    } else if (const auto* draft = std::get_if<StartDraft>(&action)) {
      turns_.push_back(draft->turn);
    } else if (const auto* ask = std::get_if<AskEndOfTurn>(&action)) {
      pause_ = ask->pause;
    } else if (const auto* set = std::get_if<SetDeadline>(&action)) {
      deadlines_[static_cast<size_t>(set->id)] = set->at_us;
    } else if (const auto* clear = std::get_if<ClearDeadline>(&action)) {
      deadlines_[static_cast<size_t>(clear->id)] = 0;
    }
    if (utterances_.size() > 6) utterances_.pop_front();
    if (flushes_.size() > 4) flushes_.pop_front();
    if (turns_.size() > 4) turns_.pop_front();
  }

  template <class T>
  T Pick(const std::deque<T>& from) {
    if (from.empty()) return T{};
    // The newest is the likeliest.
    const auto back =
        static_cast<size_t>(Below(Chance(0.7) ? 1 : static_cast<int64_t>(from.size())));
    return from[from.size() - 1 - back];
  }

  std::string Words() {
    static const char* const kWords[] = {"mhm",      "stop",    "what is",      "Paris",
                                         "the",      "yes",     "um",           "seven 5",
                                         "you know", "because", "tell me more."};
    std::string text;
    for (int64_t i = Below(4); i > 0; --i) text += std::string(kWords[Below(11)]) + " ";
    return text;
  }

  EventBody Any() {
    const int64_t kind = Below(100);
    if (kind < 40) {
      if (Chance(0.08)) loud_ = !loud_;
      return VoiceActivity{loud_ == Chance(0.95) ? 0.9f : 0.1f, -30};
    }
    if (kind < 55) return UserSide();
    if (kind < 80) return AgentSide();
    if (kind < 90) return SomeDeadline();
    return ClientSide();
  }

  EventBody UserSide() {
    const SegmentId open = core_->snapshot().segment;
    switch (Below(6)) {
      case 0:
        return EndOfTurnScore{pause_, static_cast<float>(random_.NextUniform())};
      case 1:
        return PartialTranscript{open, uplink_, Words(), 0};
      case 2:
        return EchoEvidence{open, static_cast<float>(random_.NextUniform()), 100};
      case 3:
        if (Chance(0.1)) return TranscriptFailed{open, "gone"};
        [[fallthrough]];
      default: {
        const FlushRecognizer flush = Pick(flushes_);
        return FinalTranscript{
            flush.segment, flush.flush, 0, Chance(0.8) ? flush.upto_sample : uplink_ / 2,
            Words(),       Chance(0.1)};
      }
    }
  }

  EventBody AgentSide() {
    const TurnId turn = Pick(turns_);
    const auto [speaker, utterance] = Pick(utterances_);
    switch (Below(12)) {
      case 0:
      case 1:
        return ReplyText{turn, "Well, this is some text. " + Words()};
      case 2:
        return ReplyTextDone{turn, Chance(0.1)};
      case 3:
        if (Chance(0.3)) return ReplyFailed{turn, "no model"};
        return ToolCall{turn, "call_1", "look", "{}"};
      case 4:
        return SpeechReady{speaker, utterance};
      case 5:
        return SpeechMark{speaker, utterance, static_cast<uint32_t>(Below(30)), Below(50'000)};
      case 6:
      case 7:
        return SpeechDone{speaker, utterance, Chance(0.1) ? 0 : 24'000};
      case 8:
        return SpeechFailed{speaker, utterance, Below(24'000), Chance(0.6), Chance(0.5), "died"};
      default: {
        sent_ = Chance(0.2) ? Below(400'000) : sent_ + Below(20'000);
        return Played{core_->snapshot().floor, sent_, sent_ - Below(9000)};
      }
    }
  }

  EventBody SomeDeadline() {
    const auto id = static_cast<size_t>(Below(kDeadlineCount));
    if (deadlines_[id] != 0 && Chance(0.5)) now_us_ = std::max(now_us_, deadlines_[id]);
    return Deadline{static_cast<DeadlineId>(id)};
  }

  EventBody ClientSide() {
    switch (Below(8)) {
      case 0:
        return ClientCommit{};
      case 1:
        return ClientClear{};
      case 2:
        return ClientCancel{Chance(0.5) ? Pick(turns_) : TurnId{}};
      case 3:
        return ClientTruncate{Pick(turns_), Below(30'000)};
      case 4:
        return ClientCreateResponse{Chance(0.8)};
      case 5:
        if (Chance(0.2)) return SessionUpdate{Detection(), {.echo_free = Chance(0.5)}};
        [[fallthrough]];
      default:
        return VoiceActivity{0.1f, -50};
    }
  }

  SplitMix64 random_;
  std::unique_ptr<Core> core_;
  InvariantChecker checker_;
  int64_t now_us_ = 1;
  int64_t uplink_ = 0;
  int64_t sent_ = 0;
  bool loud_ = false;
  PauseId pause_;
  std::deque<std::pair<TurnId, UtteranceId>> utterances_;
  std::deque<FlushRecognizer> flushes_;
  std::deque<TurnId> turns_;
  std::array<int64_t, kDeadlineCount> deadlines_{};
};

TEST(CoreProperty, InvariantsHoldForTenThousandRandomSequences) {
  for (uint64_t seed = 1; seed <= 10'000; ++seed) {
    const std::string broken = RandomCall(seed).Run(300);
    ASSERT_EQ(broken, "") << "seed " << seed;
  }
}

TEST(CoreProperty, InvariantsHoldInLongCalls) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string broken = RandomCall(seed * 7919).Run(20'000);
    ASSERT_EQ(broken, "") << "seed " << seed * 7919;
  }
}

TEST(CoreProperty, SoundAndTimeAllocateNothing) {
  // A reply, an interruption and a draft, with the text events between them excepted.
  Core::Config config;
  config.detection.mode = DetectionMode::kSemanticVad;
  config.facts.echo_free = true;
  const auto core = *Core::Create(config);
  int64_t now_us = 1;
  int64_t uplink = 0;
  size_t allocations = 0;
  const auto text = [&](EventBody body) { core->Step({now_us, uplink, std::move(body)}); };
  const auto quiet = [&](EventBody body) {
    const Event event{now_us, uplink, std::move(body)};
    const parley::testing::NoAllocScope scope;
    core->Step(event);
    allocations += scope.count();
  };
  const auto voice = [&](float probability, int windows) {
    for (int i = 0; i < windows; ++i) {
      now_us += 32'000;
      uplink += 512;
      quiet(VoiceActivity{probability, -30});
    }
  };
  voice(0.9f, 40);
  text(PartialTranscript{SegmentId{1}, uplink, "what is the capital of France", 3});
  voice(0.1f, 5);  // offset, flush, draft
  EXPECT_TRUE(core->snapshot().draft);
  text(FinalTranscript{SegmentId{1}, FlushId{1}, 0, uplink, "What is the capital of France?"});
  voice(0.1f, 40);  // decided: promoted
  EXPECT_TRUE(core->snapshot().next);
  const TurnId turn = core->snapshot().next;
  text(ReplyText{turn, "It is Paris, which is a big city. It lies on the Seine."});
  text(SpeechReady{turn, UtteranceId{1}});
  EXPECT_EQ(core->snapshot().floor, turn);
  text(SpeechMark{turn, UtteranceId{1}, 5, 9600});
  for (int i = 1; i <= 20; ++i) {
    now_us += 20'000;
    quiet(Played{turn, i * 480 + 9600, i * 480});
  }
  voice(0.9f, 45);  // interrupts
  EXPECT_FALSE(core->snapshot().floor);
  voice(0.1f, 60);  // decided, the recognizer silent
  now_us += 2'000'000;
  quiet(Deadline{DeadlineId::kFinal});
  now_us += 6'000'000;
  quiet(Deadline{DeadlineId::kReply});
  EXPECT_EQ(allocations, 0u);
}

}  // namespace
}  // namespace parley::turn
