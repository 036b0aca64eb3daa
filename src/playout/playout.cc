#include "playout/playout.h"

#include <algorithm>
#include <string>

#include "audio/pcm.h"

namespace parley::playout {
namespace {

Status InRange(const char* field, int value, int low, int high) {
  if (value >= low && value <= high) return {};
  return Fail(Code::kInvalidArgument, std::string("playout: ") + field + " is " +
                                          std::to_string(value) + ", must lie between " +
                                          std::to_string(low) + " and " + std::to_string(high));
}

}  // namespace

Status Config::Validate() const {
  PARLEY_TRY_STATUS(InRange("sample_rate_hz", sample_rate_hz, 8000, 48'000));
  PARLEY_TRY_STATUS(InRange("lead_ms", lead_ms, 0, 10'000));
  PARLEY_TRY_STATUS(InRange("own_queue_ms", own_queue_ms, 0, 60));
  PARLEY_TRY_STATUS(InRange("frame_ms", frame_ms, 10, 100));
  PARLEY_TRY_STATUS(InRange("frame_max_ms", frame_max_ms, frame_ms, 1000));
  PARLEY_TRY_STATUS(InRange("capacity_ms", capacity_ms, 1000, 600'000));
  PARLEY_TRY_STATUS(InRange("report_timeout_ms", report_timeout_ms, 100, 60'000));
  return {};
}

Playout::Playout(const Config& config) : config_(config), gain_(config.sample_rate_hz) {
  scratch_.reserve(static_cast<size_t>(audio::SamplesOfMs(config.frame_max_ms, 48'000)));
}

void Playout::SetSink(Sink sink, int lead_ms, bool burst) {
  config_.sink = sink;
  config_.lead_ms = lead_ms;
  config_.burst = burst;
}

Playout::Turn* Playout::Find(TurnId turn) {
  const auto found = std::find_if(turns_.begin(), turns_.end(),
                                  [turn](const Turn& held) { return held.id == turn; });
  return turn && found != turns_.end() ? &*found : nullptr;
}

const Playout::Turn* Playout::Find(TurnId turn) const {
  return const_cast<Playout*>(this)->Find(turn);
}

void Playout::Forget(Turn& turn) {
  if (turn.id == released_) released_ = TurnId();
  turn = Turn();
}

void Playout::Hold(TurnId turn, int sample_rate_hz) {
  if (Find(turn)) return;
  // A free place sorts before all others; without one the oldest turn goes.
  Turn& place = *std::min_element(turns_.begin(), turns_.end(),
                                  [](const Turn& a, const Turn& b) { return a.id < b.id; });
  Forget(place);
  place.id = turn;
  place.rate_hz = sample_rate_hz > 0 ? sample_rate_hz : config_.sample_rate_hz;
}

void Playout::Release(TurnId turn, int64_t now_us) {
  Hold(turn);
  if (released_ == turn) return;
  if (Turn* before = Released()) Forget(*before);
  released_ = turn;
  gain_.SetTarget(0, 0);
  Find(turn)->origin_us = now_us;
}

void Playout::Pause(TurnId turn, int64_t now_us) {
  Turn* held = Find(turn);
  if (held && turn == released_ && !held->paused()) held->paused_us = now_us;
}

void Playout::Resume(TurnId turn, int64_t now_us) {
  Turn* held = Find(turn);
  if (!held || !held->paused()) return;
  if (config_.sink != Sink::kRemote) held->origin_us += now_us - held->paused_us;
  held->paused_us = -1;
  // A client that played on may have run dry meanwhile.
  held->origin_us = std::max(held->origin_us, now_us - held->UsOf(held->sent));
}

int64_t Playout::HeardUs(const Turn& turn, int64_t now_us) const {
  return turn.paused() && config_.sink != Sink::kRemote ? turn.paused_us : now_us;
}

void Playout::Drop(TurnId turn) {
  if (Turn* held = Find(turn)) Forget(*held);
}

void Playout::Close(TurnId turn) {
  if (Turn* held = Find(turn)) held->closed = true;
}

bool Playout::Push(TurnId turn, UtteranceId utterance, std::span<const int16_t> pcm,
                   int64_t now_us) {
  Turn* held = Find(turn);
  if (!held) return false;
  const int64_t waiting = held->waiting() + static_cast<int64_t>(pcm.size());
  if (waiting > audio::SamplesOfMs(config_.capacity_ms, held->rate_hz)) return false;
  // What has left makes room before the buffer grows.
  if (held->read > held->pcm.size() / 2) {
    held->pcm.erase(held->pcm.begin(), held->pcm.begin() + static_cast<ptrdiff_t>(held->read));
    held->read = 0;
  }
  const int64_t from = held->sent + held->waiting();
  if (held->utterances.empty() || held->utterances.back().id != utterance) {
    held->utterances.push_back({utterance, from, from});
  }
  if (turn == released_ && held->waiting() == 0 && !held->paused()) Restart(*held, now_us);
  held->pcm.insert(held->pcm.end(), pcm.begin(), pcm.end());
  held->utterances.back().upto = from + static_cast<int64_t>(pcm.size());
  held->pushed_us = now_us;
  return true;
}

// Sound comes after none was left. If all that was sent has been heard by now, the schedule begins
// again from here: what was a gap stays one, and is not made up for by hurrying.
void Playout::Restart(Turn& turn, int64_t now_us) {
  const int64_t heard_us = turn.origin_us + turn.UsOf(turn.sent);
  if (now_us <= heard_us) return;
  if (turn.sent > 0) ++underruns_;
  turn.origin_us = now_us - turn.UsOf(turn.sent);
}

int64_t Playout::Trim(TurnId turn, UtteranceId utterance, int64_t samples) {
  Turn* held = Find(turn);
  if (!held) return -1;
  const auto found = std::find_if(held->utterances.begin(), held->utterances.end(),
                                  [utterance](const Utterance& u) { return u.id == utterance; });
  if (found == held->utterances.end()) return -1;
  const int64_t keep_upto = std::clamp(found->from + std::max<int64_t>(samples, 0),
                                       std::min(held->sent, found->upto), found->upto);
  const int64_t removed = found->upto - keep_upto;
  const auto first = held->pcm.begin() + static_cast<ptrdiff_t>(held->read) +
                     static_cast<ptrdiff_t>(keep_upto - held->sent);
  if (removed > 0) held->pcm.erase(first, first + static_cast<ptrdiff_t>(removed));
  held->consumed += removed;
  found->upto = keep_upto;
  for (auto later = found + 1; later != held->utterances.end(); ++later) {
    later->from -= removed;
    later->upto -= removed;
  }
  return found->upto - found->from;
}

void Playout::SetGain(double db, int ramp_ms) { gain_.SetTarget(static_cast<float>(db), ramp_ms); }

void Playout::Report(TurnId turn, int64_t samples, int64_t now_us) {
  Turn* held = Find(turn);
  if (!held || turn != released_) return;
  held->reported_us = now_us;
  held->played = std::clamp(samples, held->played, held->sent);
}

int64_t Playout::LeadUs() const {
  return 1000 * (config_.sink == Sink::kOwnPacer ? config_.own_queue_ms : config_.lead_ms);
}

int64_t Playout::ScheduleUs(const Turn& turn, int64_t samples) const {
  if (config_.burst && config_.sink != Sink::kOwnPacer) return turn.origin_us;
  return std::max(turn.origin_us, turn.origin_us + turn.UsOf(turn.sent + samples) - LeadUs());
}

// How much would leave in the next frame; 0: nothing yet.
int64_t Playout::FrameSamples(const Turn& turn, int64_t now_us) const {
  if (turn.paused()) return 0;
  const int64_t frame = audio::SamplesOfMs(config_.frame_ms, turn.rate_hz);
  const int64_t most = audio::SamplesOfMs(config_.frame_max_ms, turn.rate_hz);
  const int64_t waiting = turn.waiting();
  int64_t samples = std::min(waiting, frame);
  if (samples < frame && !turn.closed) return 0;
  if (config_.sink == Sink::kOwnPacer) return samples;
  while (samples + frame <= std::min(waiting, most) &&
         ScheduleUs(turn, samples + frame) <= now_us) {
    samples += frame;
  }
  return samples;
}

std::optional<Frame> Playout::Next(int64_t now_us) noexcept {
  Turn* turn = Released();
  if (!turn) return std::nullopt;
  const int64_t samples = FrameSamples(*turn, now_us);
  if (samples == 0) return std::nullopt;
  const int64_t due_us = ScheduleUs(*turn, samples);
  if (due_us > now_us) return std::nullopt;
  std::span<const int16_t> pcm(turn->pcm.data() + turn->read, static_cast<size_t>(samples));
  if (config_.sink == Sink::kOwnPacer) {
    scratch_.assign(pcm.begin(), pcm.end());
    gain_.Apply(std::span<int16_t>(scratch_));
    pcm = scratch_;
  }
  const Frame frame{.turn = turn->id,
                    .first_sample = turn->sent,
                    .pcm = pcm,
                    .lateness_us = now_us - std::max(due_us, std::min(turn->pushed_us, now_us))};
  turn->read += static_cast<size_t>(samples);
  turn->sent += samples;
  turn->consumed += samples;
  return frame;
}

std::optional<int64_t> Playout::NextDueUs(int64_t now_us) const noexcept {
  const Turn* turn = released_ ? Find(released_) : nullptr;
  if (!turn) return std::nullopt;
  const int64_t samples = FrameSamples(*turn, now_us);
  if (samples > 0) return std::max(ScheduleUs(*turn, samples), now_us);
  if (turn->played >= turn->sent || HeardUs(*turn, now_us) != now_us) return std::nullopt;
  // The position moves until all that was sent is heard.
  const int64_t heard_us = turn->origin_us + turn->UsOf(turn->sent);
  const int64_t step_us = int64_t{config_.frame_ms} * 1000;
  return now_us + std::clamp<int64_t>(heard_us - now_us, 1000, step_us);
}

Position Playout::At(int64_t now_us) noexcept {
  Turn* turn = Released();
  if (!turn) return {};
  const bool reports = config_.sink == Sink::kReporting;
  // A reporting client that has not begun yet, or has gone silent, is estimated like any other.
  const int64_t since_us = std::max(turn->reported_us, turn->origin_us);
  if (!reports || now_us - since_us > int64_t{config_.report_timeout_ms} * 1000) {
    const int64_t queue_us =
        config_.sink == Sink::kOwnPacer ? int64_t{config_.own_queue_ms} * 1000 : 0;
    const int64_t heard =
        turn->SamplesOf(std::max<int64_t>(HeardUs(*turn, now_us) - turn->origin_us - queue_us, 0));
    turn->played = std::clamp(heard, turn->played, turn->sent);
  }
  return {.turn = turn->id, .sent = turn->sent, .played = turn->played};
}

int64_t Playout::TakeCredit(TurnId turn) {
  Turn* held = Find(turn);
  return held ? std::exchange(held->consumed, 0) : 0;
}

}  // namespace parley::playout
