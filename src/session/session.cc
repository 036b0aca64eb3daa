#include "session/session.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "realtime/ids.h"
#include "realtime/server_event.h"
#include "session/internal/session_impl.h"

namespace parley::session {
namespace {

// The microphone is muted when nothing came for this long; then silence is filled in, in steps.
constexpr int64_t kMutedUs = 1'000'000;
constexpr int64_t kFillStepUs = 100'000;

}  // namespace

Status Session::Config::Validate() const {
  PARLEY_TRY_STATUS(policy.Validate());
  const auto in_range = [](const char* field, int64_t value, int64_t low, int64_t high) -> Status {
    if (value >= low && value <= high) return {};
    return Fail(Code::kInvalidArgument, std::string("session: ") + field + " is " +
                                            std::to_string(value) + ", must lie between " +
                                            std::to_string(low) + " and " + std::to_string(high));
  };
  PARLEY_TRY_STATUS(in_range("lead_ms", lead_ms, 0, 10'000));
  PARLEY_TRY_STATUS(in_range("prompt_tokens_max", prompt_tokens_max, 100, 1'000'000));
  PARLEY_TRY_STATUS(in_range("reply_tokens_max", reply_tokens_max, 1, 100'000));
  return in_range("backlog_bytes_max", static_cast<int64_t>(backlog_bytes_max), 1 << 20,
                  int64_t{1} << 32);
}

Result<std::unique_ptr<Session>> Session::Create(SessionId id, const Config& config,
                                                 const Services& services, net::Executor& executor,
                                                 Send send) {
  PARLEY_TRY_STATUS(config.Validate());
  auto impl = std::make_shared<Impl>(id, config, services, executor, std::move(send));
  PARLEY_TRY_STATUS(impl->Start());
  return std::unique_ptr<Session>(new Session(std::move(impl)));
}

Session::Session(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() { impl_->Stop(); }
void Session::OnMessage(std::string_view message) { impl_->OnMessage(message); }
void Session::OnBinary() { impl_->OnBinary(); }
bool Session::resumable() const { return impl_->resumable(); }
void Session::OnLineLost() { impl_->OnLineLost(); }
void Session::OnLineBack() { impl_->OnLineBack(); }
Session::Stats Session::stats() const { return impl_->stats(); }

Session::Impl::Impl(SessionId id, const Config& config, const Services& services,
                    net::Executor& executor, Session::Send wire)
    : id_(id),
      config_(config),
      services_(services),
      executor_(executor),
      wire_(std::move(wire)),
      send_([this](std::string message) { Send(std::move(message)); }),
      counted_(services.metrics.sessions),
      object_(config.defaults),
      conversation_id_(realtime::NewId("conv")),
      voice_activity_(services.voice_activity, perception::VoiceActivityDetector::Config{}),
      playout_(playout::Config{.sample_rate_hz = kCoreRateHz, .lead_ms = config.lead_ms}),
      conversation_(Conversation::Limits{}) {}

Status Session::Impl::Start() {
  turn::Core::Config core;
  core.policy = config_.policy;
  core.output_rate_hz = kCoreRateHz;
  core.language = config_.language;
  core.apology = config_.apology;
  PARLEY_TRY(core_, turn::Core::Create(core));
  if (!config_.trace_dir.empty()) {
    recording_ = std::make_unique<Recording>(config_.trace_dir, id_, core, config_.trace_bytes_max);
  }
  PARLEY_TRY(uplink_, Uplink::Create(object_.settings().input_format));
  const auto emit = [this](turn::EventBody body) { Step(std::move(body)); };
  hearing_ = std::make_shared<Hearing>(Hearing::Deps{.clock = services_.clock,
                                                     .final_ms = services_.metrics.transcript_ms,
                                                     .recognizer = services_.recognizer,
                                                     .executor = executor_,
                                                     .uplink = *uplink_,
                                                     .emit = emit});
  work_ = std::make_shared<ReplyWork>(ReplyWork::Deps{.clock = services_.clock,
                                                      .model = services_.model,
                                                      .voice = services_.voice,
                                                      .executor = executor_,
                                                      .playout = playout_,
                                                      .emit = emit,
                                                      .sound_came = [this] { Schedule(); }});
  out_of_band_ = std::make_shared<OutOfBand>(OutOfBand::Deps{.clock = services_.clock,
                                                             .model = services_.model,
                                                             .voice = services_.voice,
                                                             .executor = executor_,
                                                             .send = send_});
  item_hearing_ =
      std::make_shared<ItemHearing>(services_.clock, services_.recognizer, executor_,
                                    [this](const std::string& item_id, Result<std::string> words) {
                                      OnItemHeard(item_id, std::move(words));
                                    });
  if (services_.floors) {
    place_ = services_.floors->Open(id_, object_.settings().model, services_.clock.NowUs());
  }
  timer_ = executor_.MakeTimer();
  log::Info("session_started session={}", id_.value);
  send_(realtime::SessionCreated(object_));
  send_(realtime::ConversationCreated(conversation_id_));
  ApplySettings();
  return {};
}

void Session::Impl::Stop() {
  if (std::exchange(stopped_, true)) return;
  recording_.reset();
  place_.reset();
  log::Info("session_ended session={}", id_.value);
  if (services_.end_of_turn) services_.end_of_turn->Forget(id_);
  timer_->Cancel();
  hearing_->Clear();
  item_hearing_->Clear();
  hearing_.reset();
  work_.reset();
  out_of_band_.reset();
  inbox_.clear();
}

Session::Stats Session::Impl::stats() const {
  return {.recognizer_streams = hearing_->size() + item_hearing_->size(),
          .replies = work_->size(),
          .out_of_band = out_of_band_->size(),
          .messages_waiting = inbox_.size()};
}

// An action may bring further events; each is a step of its own, after the actions of the one
// before have been carried out.
void Session::Impl::Step(turn::EventBody body) {
  if (stopped_) return;
  events_.push_back(std::move(body));
  if (stepping_) return;
  RunSteps();
  Schedule();
}

void Session::Impl::RunSteps() {
  stepping_ = true;
  while (!events_.empty() && !stopped_) {
    const turn::Event event{.now_us = services_.clock.NowUs(),
                            .uplink_sample = heard_upto_,
                            .body = std::move(events_.front())};
    events_.pop_front();
    decided_us_ = event.now_us;
    const std::span<const turn::Action> actions = core_->Step(event);
    if (recording_) recording_->Add(event, actions);
    Watch(actions);
    for (const turn::Action& action : actions) Do(action);
  }
  stepping_ = false;
}

void Session::Impl::Watch(std::span<const turn::Action> actions) {
  const turn::Snapshot now = core_->snapshot();
  const std::string_view broken = invariants_.Observe(actions, now);
  if (!broken.empty()) {
    services_.metrics.invariants_broken.Add();
    log::Error("invariant_broken session={} what=\"{}\"", id_.value, broken);
  }
  services_.metrics.stale_dropped.Add(now.stale_events - stale_counted_);
  stale_counted_ = now.stale_events;
  ShowFloor(now);
}

void Session::Impl::ShowFloor(const turn::Snapshot& now) {
  if (!place_) return;
  place_->Show({.at_us = services_.clock.NowUs(),
                .user = now.user,
                .probability = now.probability,
                .silence_needed_ms = now.silence_needed_ms,
                .agent = now.floor ? now.floor_state : turn::TurnState::kEnded,
                .preparing = static_cast<bool>(now.next),
                .drafting = static_cast<bool>(now.draft),
                .line = !line_lost_});
}

// One timer serves deadlines, playout and the muted microphone.
void Session::Impl::Schedule() {
  if (stopped_) return;
  const int64_t now_us = services_.clock.NowUs();
  int64_t next_us = 0;
  const auto consider = [&next_us](int64_t at_us) {
    if (at_us != 0 && (next_us == 0 || at_us < next_us)) next_us = at_us;
  };
  for (const int64_t at_us : deadlines_us_) consider(at_us);
  if (const auto due_us = playout_.NextDueUs(now_us)) consider(*due_us);
  if (core_->snapshot().segment && append_us_ != 0) consider(append_us_ + kMutedUs);
  if (next_us == timer_at_us_) return;
  timer_at_us_ = next_us;
  if (next_us == 0) return timer_->Cancel();
  timer_->Start(next_us, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->OnTimer();
  });
}

void Session::Impl::OnTimer() {
  if (stopped_) return;
  timer_at_us_ = 0;
  Tick();
  const int64_t now_us = services_.clock.NowUs();
  for (size_t i = 0; i < deadlines_us_.size(); ++i) {
    if (deadlines_us_[i] == 0 || deadlines_us_[i] > now_us) continue;
    deadlines_us_[i] = 0;
    Step(turn::Deadline{static_cast<turn::DeadlineId>(i)});
  }
  FillSilence();
  Schedule();
}

// Sends what is due and tells the core how far it has come.
void Session::Impl::Tick() {
  const int64_t now_us = services_.clock.NowUs();
  while (const auto frame = playout_.Next(now_us)) TellFrame(*frame);
  const playout::Position at = playout_.At(now_us);
  services_.metrics.underruns.Add(static_cast<uint64_t>(playout_.underruns() - underruns_counted_));
  underruns_counted_ = playout_.underruns();
  if (!at.turn) return;
  work_->Grant(at.turn);
  Step(turn::Played{at.turn, work_->ToCore(at.turn, at.sent), work_->ToCore(at.turn, at.played)});
}

// A microphone that was muted in mid-sentence would leave its turn open for ever.
void Session::Impl::FillSilence() {
  const int64_t now_us = services_.clock.NowUs();
  const bool detects = object_.settings().detection.mode != turn::DetectionMode::kNone;
  if (!detects || !core_->snapshot().segment || append_us_ == 0 || !inbox_.empty()) return;
  if (now_us - append_us_ < kMutedUs) return;
  const int64_t samples = (now_us - append_us_) * Uplink::kRateHz / 1'000'000;
  // The next step comes a little later, until the turn is closed or sound comes again.
  append_us_ = now_us - kMutedUs + kFillStepUs;
  Listen(uplink_->Fill(static_cast<size_t>(std::min<int64_t>(samples, Uplink::kRateHz))));
}

}  // namespace parley::session
