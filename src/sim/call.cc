#include "sim/call.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace parley::sim {
namespace {

constexpr int64_t kMutedUs = 1'000'000;
constexpr int64_t kFillStepUs = 100'000;
constexpr int64_t kReportEveryUs = 100'000;
constexpr int64_t kEchoEveryUs = 250'000;
constexpr int64_t kCalmUs = 2'000'000;
constexpr int64_t kProbeLatestUs = 60'000'000;
constexpr int64_t kProbeAnswerUs = 20'000'000;

}  // namespace

CallSetup DrawSetup(const World& world, uint64_t seed) {
  Dice dice = Dice(seed).Fork(1);
  CallSetup setup;
  turn::Core::Config& core = setup.core;
  const double mode = dice.Uniform(0, 1);
  core.detection.mode = mode < world.semantic_vad ? turn::DetectionMode::kSemanticVad
                        : mode < world.semantic_vad + world.server_vad
                            ? turn::DetectionMode::kServerVad
                            : turn::DetectionMode::kNone;
  core.detection.eagerness = turn::Eagerness::kMedium;
  const double sink = dice.Uniform(0, 1);
  setup.sink = sink < world.wire.own_pacer                          ? SinkKind::kOwnPacer
               : sink < world.wire.own_pacer + world.wire.reporting ? SinkKind::kReporting
                                                                    : SinkKind::kRemote;
  const bool echo = dice.Chance(world.faults.echo);
  core.facts = {.echo_free = !echo && dice.Chance(0.6), .speculation = world.speculation};
  if (echo) {
    setup.echo_db = dice.Uniform(world.faults.echo_level_low_db, world.faults.echo_level_high_db);
    setup.echo_delay_us = dice.Us(world.faults.echo_delay);
  }
  core.policy = world.policy;
  core.output_rate_hz = kOutputRateHz;
  const bool slow = dice.Chance(world.wire.slow_call);
  const double delay_ms = dice.Ms(slow ? world.wire.slow_delay : world.wire.delay);
  setup.delay = {delay_ms, delay_ms};
  setup.jitter_ms = slow ? world.wire.slow_jitter_ms : world.wire.jitter_ms;
  setup.length_us = dice.Us(world.call_length);
  constexpr int64_t kGrainsUs[] = {1, 1, 1000, 10'000};
  setup.grain_us = kGrainsUs[dice.Below(4)];
  return setup;
}

Call::Call(const World& world, uint64_t seed, Watch watch)
    : world_(world),
      setup_(DrawSetup(world, seed)),
      watch_(std::move(watch)),
      dice_(Dice(seed).Fork(2)),
      agenda_(Dice(seed).Fork(3), setup_.grain_us),
      scene_(world.accuracy, Dice(seed).Fork(4)),
      loudspeaker_(agenda_, world.wire, setup_.sink),
      person_(agenda_, scene_, world, Dice(seed).Fork(5),
              setup_.core.detection.mode == turn::DetectionMode::kNone),
      ears_(agenda_, scene_, uplink_, world, Dice(seed).Fork(6),
            [this](turn::EventBody body) { Queue(std::move(body)); }),
      agent_(agenda_, loudspeaker_, world, Dice(seed).Fork(7),
             [this](turn::EventBody body) { Queue(std::move(body)); }),
      judge_(loudspeaker_, seed, setup_.sink != SinkKind::kRemote, setup_.delay.low_ms < 20,
             setup_.core.facts.echo_free) {
  auto core = turn::Core::Create(setup_.core);
  PARLEY_CHECK(core);
  core_ = *std::move(core);
  client_detects_ = setup_.core.detection.mode != turn::DetectionMode::kNone;
  scene_.AddEchoPath(setup_.echo_db);
}

Call::~Call() = default;

Scores Call::Run() {
  person_.Begin(setup_.length_us);
  ScheduleWindow();
  Item item;
  while (!over_ && agenda_.Next(item)) {
    Dispatch(item);
    RunPending();
  }
  const bool semantic = setup_.core.detection.mode == turn::DetectionMode::kSemanticVad;
  return judge_.Finish(person_.acts(), semantic, static_cast<int64_t>(steps_),
                       static_cast<double>(setup_.length_us) / 60e6);
}

void Call::Dispatch(const Item& item) {
  switch (item.kind) {
    case Kind::kWindow:
      return OnWindow();
    case Kind::kFill:
      return OnFill();
    case Kind::kPartial:
      return ears_.OnPartial(SegmentId{item.a}, item.b);
    case Kind::kFinal:
      return ears_.OnFinal(item.b);
    case Kind::kScore:
      return ears_.OnScore(PauseId{item.a});
    case Kind::kModel:
      return agent_.OnModel(TurnId{item.a});
    case Kind::kVoice:
      return agent_.OnVoice(TurnId{item.a}, UtteranceId{item.b});
    case Kind::kPace:
      if (const auto played = loudspeaker_.Pace(item.c, NetworkUs())) Queue(*played);
      return;
    case Kind::kSound:
      return OnSound(TurnId{item.a}, item.c);
    case Kind::kDrop:
      return OnDrop(TurnId{item.a});
    case Kind::kPause:
      return loudspeaker_.ClientPauses(TurnId{item.a}, item.b != 0);
    case Kind::kReport:
      return loudspeaker_.Reported(TurnId{item.a}, item.c);
    case Kind::kAskReport:
      return OnAskReport();
    case Kind::kQuiet:
      return OnQuiet();
    case Kind::kDeadline: {
      const auto id = static_cast<size_t>(item.a);
      if (deadlines_us_[id] != item.c) return;
      deadlines_us_[id] = 0;
      return Queue(turn::Deadline{static_cast<turn::DeadlineId>(item.a)});
    }
    case Kind::kPerson:
      return person_.OnWake(item.a, item.b);
    case Kind::kClient:
      return OnWish(item);
  }
}

void Call::RunPending() {
  while (!pending_.empty()) {
    turn::EventBody body = std::move(pending_.front());
    pending_.pop_front();
    Step(std::move(body));
  }
}

void Call::Step(turn::EventBody body) {
  const turn::Event event{.now_us = agenda_.now_us() + kClockFromUs,
                          .uplink_sample = uplink_.received(),
                          .body = std::move(body)};
  ++steps_;
  const std::span<const turn::Action> actions = core_->Step(event);
  if (watch_) watch_(event, actions);
  const std::string_view broken = checker_.Observe(actions, core_->snapshot());
  if (!broken.empty()) judge_.OnViolation(agenda_.now_us(), broken);
  for (const turn::Action& action : actions) Do(action);
}

int64_t Call::NetworkUs() {
  const double jitter = dice_.Uniform(0, 1);
  return static_cast<int64_t>((setup_.delay.low_ms + setup_.jitter_ms * jitter * jitter) * 1000);
}

// A window reaches the server when the packet that ends it does.
void Call::ScheduleWindow() {
  const auto [mute_from_us, mute_upto_us] = person_.mute();
  if (window_mic_us_ + kWindowUs > mute_from_us && window_mic_us_ < mute_upto_us) {
    window_mic_us_ = mute_upto_us;
  }
  const int64_t chunk_us = int64_t{world_.wire.chunk_ms} * 1000;
  const int64_t captured_us = (window_mic_us_ + kWindowUs + chunk_us - 1) / chunk_us * chunk_us;
  int64_t arrives_us = captured_us + NetworkUs();
  const auto [stall_from_us, stall_upto_us] = person_.stall();
  if (captured_us >= stall_from_us && captured_us < stall_upto_us) {
    arrives_us = std::max(arrives_us, stall_upto_us + NetworkUs());
  }
  agenda_.InOrder(window_up_us_, arrives_us, Kind::kWindow);
}

void Call::OnWindow() {
  heard_us_ = agenda_.now_us();
  GiveWindow(window_mic_us_, /*filled=*/false);
  window_mic_us_ += kWindowUs;
  ScheduleWindow();
  if (!fill_armed_) {
    fill_armed_ = true;
    agenda_.In(kMutedUs, Kind::kFill);
  }
  MayEnd();
}

void Call::GiveWindow(int64_t mic_us, bool filled) {
  uplink_.Append(mic_us, filled);
  if (client_detects_) {
    const float p = filled ? 0.0f : scene_.VoiceProbability(mic_us, mic_us + kWindowUs);
    Step(turn::VoiceActivity{p, p > 0.5f ? -25.0f : -60.0f});
  }
  ears_.OnUplink();
  WatchEcho();
}

// The driver continues a microphone that is silent while somebody seems to speak.
void Call::OnFill() {
  const int64_t silent_us = agenda_.now_us() - heard_us_;
  if (silent_us < kMutedUs) {
    agenda_.At(heard_us_ + kMutedUs, Kind::kFill);
    return;
  }
  if (!core_->snapshot().segment) {
    fill_armed_ = false;
    return;
  }
  const int64_t fill_us = fill_left_ == 0 ? kMutedUs : kFillStepUs;
  fill_left_ += fill_us * turn::kUplinkRateHz / 1'000'000;
  while (fill_left_ > kWindowSamples) {
    GiveWindow(window_mic_us_, /*filled=*/true);
    fill_left_ -= kWindowSamples;
  }
  agenda_.In(kFillStepUs, Kind::kFill);
}

// Compares the microphone with what was played, while both are there.
void Call::WatchEcho() {
  loudspeaker_.Advance();
  const auto& heard = loudspeaker_.heard_words();
  if (setup_.echo_db > -100) {
    for (; echoed_ < heard.size(); ++echoed_) {
      const Loudspeaker::HeardWord& word = heard[echoed_];
      std::string_view text;
      if (const Agent::Reply* reply = agent_.Find(word.turn); reply && word.index >= 0) {
        text = reply->words[static_cast<size_t>(word.index)];
      }
      if (text.empty()) continue;
      echo_words_.emplace_back(text);
      scene_.Echo({.from_us = word.from_us + setup_.echo_delay_us,
                   .upto_us = word.upto_us + setup_.echo_delay_us,
                   .word = echo_words_.back()});
    }
  }
  const SegmentId segment = core_->snapshot().segment;
  if (!segment || setup_.core.facts.echo_free || agenda_.now_us() < next_echo_us_) return;
  if (!loudspeaker_.playing()) return;
  next_echo_us_ = agenda_.now_us() + kEchoEveryUs;
  const bool echo = setup_.echo_db > -30;
  const bool person = person_.speaking();
  ears_.JudgeEcho(segment, echo && !person, echo && person);
}

void Call::OnSound(TurnId turn, int64_t upto) {
  const Loudspeaker::Notice notice = loudspeaker_.SoundArrives(turn, upto);
  if (notice == Loudspeaker::Notice::kNothing) return;
  if (notice == Loudspeaker::Notice::kBegins)
    person_.OnAgentBegins(turn);
  else
    person_.OnAgentGoesOn();
  agenda_.In(loudspeaker_.RemainingUs() + 1000, Kind::kQuiet);
  if (setup_.sink == SinkKind::kReporting && !report_armed_) {
    report_armed_ = true;
    agenda_.In(kReportEveryUs, Kind::kAskReport);
  }
}

void Call::OnQuiet() {
  if (!loudspeaker_.playing()) return;
  loudspeaker_.Advance();
  const int64_t left_us = loudspeaker_.RemainingUs();
  if (left_us > 0 || loudspeaker_.playing()) {
    agenda_.In(left_us + 1000, Kind::kQuiet);
    return;
  }
  person_.OnAgentSilent();
}

void Call::OnDrop(TurnId turn) {
  const bool was_playing = loudspeaker_.playing();
  const TurnId stopped = loudspeaker_.ClientDrops(turn);
  if (was_playing && !loudspeaker_.playing()) person_.OnAgentSilent();
  const Loudspeaker::Turn* found = loudspeaker_.Find(stopped);
  if (!found || setup_.sink != SinkKind::kRemote || turn) return;
  agenda_.InOrder(up_us_, agenda_.now_us() + NetworkUs() + dice_.Us(world_.wire.truncate_late),
                  Kind::kClient, static_cast<uint64_t>(ClientWish::kTruncate), stopped.value,
                  found->heard);
}

void Call::OnAskReport() {
  report_armed_ = false;
  loudspeaker_.Advance();
  for (auto turn = loudspeaker_.turns().rbegin(); turn != loudspeaker_.turns().rend(); ++turn) {
    if (turn->first_heard_us < 0 || turn->client_dropped) continue;
    agenda_.InOrder(up_us_, agenda_.now_us() + NetworkUs(), Kind::kReport, turn->id.value, 0,
                    turn->heard);
    break;
  }
  if (!loudspeaker_.playing() && !loudspeaker_.busy()) return;
  report_armed_ = true;
  agenda_.In(kReportEveryUs, Kind::kAskReport);
}

void Call::OnWish(const Item& item) {
  // At the end nothing comes out of place any more.
  if (healed_ && item.b == 0) return;
  switch (static_cast<ClientWish>(item.a)) {
    case ClientWish::kCommit:
      return Queue(turn::ClientCommit{});
    case ClientWish::kCreate:
      return Queue(turn::ClientCreateResponse{});
    case ClientWish::kCancel: {
      const TurnId playing = loudspeaker_.playing_turn();
      if (playing) judge_.OnClientCancel(playing);
      OnDrop(TurnId());
      return Queue(turn::ClientCancel{});
    }
    case ClientWish::kClear:
      return Queue(turn::ClientClear{});
    case ClientWish::kUpdate: {
      turn::SessionUpdate update{setup_.core.detection, setup_.core.facts};
      update.detection.eagerness = turn::Eagerness::kMedium;
      return Queue(update);
    }
    case ClientWish::kTruncate:
      return Queue(turn::ClientTruncate{TurnId{item.b}, item.c});
  }
}

// When all is said: one plain question without faults, which must be answered, then rest.
void Call::MayEnd() {
  if (!person_.talks_over()) return;
  const int64_t now_us = agenda_.now_us();
  if (!std::exchange(healed_, true)) {
    ears_.Heal();
    agent_.Heal();
  }
  const turn::Snapshot shot = core_->snapshot();
  const bool rests = !shot.segment && shot.settling == 0 && !shot.floor && !shot.next &&
                     !shot.draft && !loudspeaker_.playing();
  if (!rests) calm_since_us_ = -1;
  if (rests && calm_since_us_ < 0) calm_since_us_ = now_us;
  const bool calm = rests && now_us - calm_since_us_ >= kCalmUs;
  if (probe_us_ < 0) {
    if (!calm && now_us < setup_.length_us + kProbeLatestUs) return;
    if (!calm) judge_.OnStuck(now_us, "no rest a minute after the last word");
    over_ = !calm;
    probe_us_ = now_us;
    return person_.Probe();
  }
  if (person_.speaking() || (!calm && now_us < probe_us_ + kProbeAnswerUs)) return;
  if (!calm && now_us < probe_us_ + kProbeLatestUs) return;
  if (!calm) judge_.OnStuck(now_us, "no rest after the last question");
  if (calm && !judge_.HeardAfter(probe_us_)) {
    if (now_us < probe_us_ + kProbeAnswerUs) return;
    judge_.OnStuck(now_us, "the last question got no answer");
  }
  over_ = true;
}

}  // namespace parley::sim
