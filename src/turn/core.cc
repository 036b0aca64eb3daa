#include "turn/core.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "turn/internal/core_impl.h"

namespace parley::turn {
namespace {

template <class T, size_t... I>
std::array<T, sizeof...(I)> MakeArray(int rate_hz, std::index_sequence<I...>) {
  return {((void)I, T(rate_hz))...};
}

void ReserveText(UserTurn& turn) {
  turn.text.reserve(2048);
  turn.failure.reserve(256);
  turn.record.transcript.reserve(1024);
}

}  // namespace

Status Core::Config::Validate() const {
  PARLEY_TRY_STATUS(policy.Validate());
  if (output_rate_hz < 8000 || output_rate_hz > 48'000) {
    return Fail(Code::kInvalidArgument, "turn core: output_rate_hz is " +
                                            std::to_string(output_rate_hz) +
                                            ", must lie between 8000 and 48000");
  }
  return {};
}

Result<std::unique_ptr<Core>> Core::Create(const Config& config) {
  PARLEY_TRY_STATUS(config.Validate());
  return std::unique_ptr<Core>(new Core(config));
}

Core::Core(const Config& config) : impl_(std::make_unique<Impl>(config)) {}
Core::~Core() = default;
std::span<const Action> Core::Step(const Event& event) { return impl_->Step(event); }
Snapshot Core::snapshot() const { return impl_->snapshot(); }

Core::Impl::Impl(const Config& config)
    : config_(config),
      policy_(config_.policy),
      lexicon_(&LexiconFor(config.language)),
      detection_(config.detection),
      facts_(config.facts),
      habit_(policy_),
      slots_(MakeArray<AgentTurn>(config.output_rate_hz, std::make_index_sequence<kAgentSlots>())),
      ended_(MakeArray<EndedTurn>(config.output_rate_hz, std::make_index_sequence<kEndedKept>())) {
  ReserveText(open_);
  ReserveText(settled_);
  for (UserTurn& turn : settling_) ReserveText(turn);
  last_user_.transcript.reserve(1024);
  for (TurnRecord& record : last_records_) record.transcript.reserve(1024);
}

std::span<const Action> Core::Impl::Step(const Event& event) {
  PARLEY_CHECK(event.now_us >= now_us_ && event.uplink_sample >= uplink_);
  now_us_ = event.now_us;
  uplink_ = event.uplink_sample;
  out_.Begin();
  std::visit([this](const auto& body) { On(body); }, event.body);
  RefreshDeadlines();
  return out_.actions();
}

Snapshot Core::Impl::snapshot() const {
  Snapshot shot{.detects = detects(),
                .user = user_,
                .segment = open_.id,
                .settling = static_cast<int>(settling_count_),
                .floor_id = floor_id_,
                .stale_events = stale_};
  if (floor_) {
    shot.floor = floor_->id;
    shot.floor_state = floor_->state;
  }
  if (next_) {
    shot.next = next_->id;
    shot.next_state = next_->state;
    shot.next_has_something = next_->something_ready;
  }
  if (draft_) shot.draft = draft_->id;
  if (user_ == UserState::kPausing) {
    shot.probability = open_.pause.probability;
    shot.silence_needed_ms = open_.record.silence_needed_ms;
  }
  for (int i = 0; i < kDeadlineCount; ++i) {
    if (out_.deadline_us(static_cast<DeadlineId>(i)) != 0) shot.armed |= 1u << i;
  }
  return shot;
}

void Core::Impl::On(const Deadline& event) {
  if (!out_.Due(event.id, now_us_)) return;
  switch (event.id) {
    case DeadlineId::kFinal:
      return FinalIsDue();
    case DeadlineId::kReply:
      return OnReplySilent();
    case DeadlineId::kSpeech:
      return OnSpeechSilent();
    case DeadlineId::kHeld:
      // The user kept the floor too long: the newer words and the older ones get one answer.
      if (next_ && next_->held_since_us != 0) CancelNext(ResponseReason::kTurnDetected);
      return;
    case DeadlineId::kPlayout:
      return OnPlayoutStalled();
    case DeadlineId::kIdle:
      return IdleTimedOut();
  }
}

void Core::Impl::OnReplySilent() {
  for (AgentTurn* turn : {floor_, next_}) {
    if (turn && turn->live() && turn->reply_due_us != 0 && turn->reply_due_us <= now_us_) {
      FailTurn(*turn, ResponseReason::kNoReply, "the language model was silent");
    }
  }
}

void Core::Impl::OnSpeechSilent() {
  for (AgentTurn* turn : {floor_, next_}) {
    if (turn && turn->live() && turn->speech_due_us != 0 && turn->speech_due_us <= now_us_) {
      FailTurn(*turn, ResponseReason::kNoSpeech, "the voice was silent");
    }
  }
}

// Nothing left, or was heard, for a while. What waits for the language model has a deadline of its
// own; a reply that was sent whole counts as heard when its listener stops reporting.
void Core::Impl::OnPlayoutStalled() {
  if (!floor_) return;
  const int64_t stalled_us = int64_t{policy_.playout_stalled_ms} * 1000;
  if (now_us_ - floor_->progress_us < stalled_us || floor_->reply_due_us != 0) return;
  if (floor_->state == TurnState::kPaused) return Unduck();
  if (floor_->response_done) return FinishFloor();
  floor_->failure.assign("no sound came or left");
  StopFloor(ResponseReason::kStalled, ResponseStatus::kFailed);
  AnswerIfOwed();
  TryGate();
}

void Core::Impl::RefreshDeadlines() {
  const auto keep = [this](DeadlineId id, int64_t at_us) {
    at_us == 0 ? out_.Disarm(id) : out_.Arm(id, at_us);
  };
  const auto sooner = [](int64_t a, int64_t b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); };
  keep(DeadlineId::kFinal, settling_count_ > 0 ? settling_[0].final_deadline_us : 0);
  int64_t reply_us = 0;
  int64_t speech_us = 0;
  for (const AgentTurn* turn : {floor_, next_}) {
    if (!turn) continue;
    reply_us = sooner(reply_us, turn->reply_due_us);
    speech_us = sooner(speech_us, turn->speech_due_us);
  }
  keep(DeadlineId::kReply, reply_us);
  keep(DeadlineId::kSpeech, speech_us);
  const bool held = next_ && next_->held_since_us != 0;
  keep(DeadlineId::kHeld, held ? next_->held_since_us + int64_t{policy_.held_max_ms} * 1000 : 0);
  if (!floor_) {
    out_.Disarm(DeadlineId::kPlayout);
  } else if (out_.deadline_us(DeadlineId::kPlayout) == 0) {
    // Armed anew only when it has fired: moving it with each frame would cost more than it tells.
    const int64_t due_us = floor_->progress_us + int64_t{policy_.playout_stalled_ms} * 1000;
    out_.Arm(DeadlineId::kPlayout, std::max(due_us, now_us_ + 100'000));
  }
  const bool idle = !floor_ && !next_ && !open_.id && settling_count_ == 0;
  keep(DeadlineId::kIdle, idle ? idle_due_us_ : 0);
}

}  // namespace parley::turn
