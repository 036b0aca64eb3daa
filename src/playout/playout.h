// What a session's client is sent of the agent's sound, and when. Stands between the voice and the
// transport: turns collect their utterances' audio, held until the launch gate releases them; then
// it leaves on an absolute schedule, ahead of real time by a lead, so that a late wake-up is caught
// up in a burst and never becomes a gap. Keeps the positions that "heard" is decided by: samples
// from the start of a turn's audio at the session's output rate, sent and played.
//
// Pure: time is passed in. Owned by the session, one sequence. Next, NextDueUs and At are the
// real-time path: no allocation, lock, I/O or log. Memory of a turn's audio goes back when it ends.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "audio/gain_ramp.h"
#include "base/ids.h"
#include "base/result.h"

namespace parley::playout {

// Who holds the audio that is not yet heard.
enum class Sink {
  kOwnPacer,   // we do: real time, a queue of own_queue_ms; gain is ours
  kReporting,  // a client of ours, which tells what it has played
  kRemote,     // any other client: what it has played is estimated from when it was sent
};

struct Config {
  int sample_rate_hz = 24'000;
  Sink sink = Sink::kRemote;
  int lead_ms = 400;             // more survives a worse network and wastes more when interrupted
  int own_queue_ms = 40;         // instead of the lead under kOwnPacer; at most 60
  bool burst = false;            // all at once, for clients that ask for it; not under kOwnPacer
  int frame_ms = 20;             // a frame leaves when it is whole, or is its turn's last
  int frame_max_ms = 100;        // so much may leave in one frame when much is due
  int capacity_ms = 30'000;      // of one turn's audio that has not left
  int report_timeout_ms = 1000;  // a kReporting client that is silent for longer is estimated

  Status Validate() const;
};

// Samples of a turn's audio.
struct Position {
  TurnId turn;
  int64_t sent = 0;
  int64_t played = 0;  // never more than sent, never going back
};

struct Frame {
  TurnId turn;
  int64_t first_sample = 0;
  std::span<const int16_t> pcm;  // valid until the next call
  int64_t lateness_us = 0;       // behind when it could and should have left
};

class Playout {
 public:
  static constexpr size_t kTurnsMax = 4;

  // `config` is valid.
  explicit Playout(const Config& config);

  // From the next sample on.
  void SetSink(Sink sink, int lead_ms, bool burst);

  // The turn's audio, at this rate (0: the config's), is collected from now on; none leaves. With
  // kTurnsMax turns held, the oldest is dropped.
  void Hold(TurnId turn, int sample_rate_hz = 0);
  // The turn may leave; the one released before ends here.
  void Release(TurnId turn, int64_t now_us);
  // Nothing of the turn leaves until it goes on from there; the schedule waits with it. What a
  // kRemote client already has it plays, and so it is counted.
  void Pause(TurnId turn, int64_t now_us);
  void Resume(TurnId turn, int64_t now_us);
  // What has not left is thrown away, and so is what comes later.
  void Drop(TurnId turn);
  // No more audio comes for this turn; its last, partial frame may leave.
  void Close(TurnId turn);

  // Appends to the turn. Utterances come one after the other. False, taking nothing, for a turn
  // that is not held or released (dropped, or never was), or when it would exceed the capacity.
  bool Push(TurnId turn, UtteranceId utterance, std::span<const int16_t> pcm, int64_t now_us);
  // Of that utterance nothing past `samples` leaves, unless it has already. Returns how many of its
  // samples there are then, −1 for an unknown one.
  int64_t Trim(TurnId turn, UtteranceId utterance, int64_t samples);

  // Applied to what leaves from now on under kOwnPacer; elsewhere the client's to do.
  void SetGain(double db, int ramp_ms);
  // The client says it has played so much of the turn.
  void Report(TurnId turn, int64_t samples, int64_t now_us);

  // The next frame that is due, nullopt when there is none now. Call until then.
  std::optional<Frame> Next(int64_t now_us) noexcept;
  // When to call again: a frame will be due or, with all sent, the last sample will have been
  // played. nullopt: not before Push, Close or Release.
  std::optional<int64_t> NextDueUs(int64_t now_us) const noexcept;

  // Of the released turn; none without an id.
  Position At(int64_t now_us) noexcept;

  // Samples that have left or were thrown away since this was last asked: to grant to the voice.
  int64_t TakeCredit(TurnId turn);
  // Times that the sound ran dry while a released turn was not closed and all was played.
  int64_t underruns() const { return underruns_; }

 private:
  struct Utterance {
    UtteranceId id;
    int64_t from = 0;  // sample of the turn
    int64_t upto = 0;
  };
  struct Turn {
    TurnId id;
    bool closed = false;
    std::vector<int16_t> pcm;  // what has not left begins at `read`
    size_t read = 0;
    std::vector<Utterance> utterances;
    int64_t sent = 0;
    int64_t consumed = 0;  // not yet taken as credit
    int64_t played = 0;
    int64_t reported_us = 0;
    int64_t origin_us = 0;  // when sample 0 is (or was) heard
    int64_t pushed_us = 0;
    int64_t paused_us = -1;  // −1: it is not
    int rate_hz = 0;
    int64_t SamplesOf(int64_t us) const { return us * rate_hz / 1'000'000; }
    int64_t UsOf(int64_t samples) const { return (samples * 1'000'000 + rate_hz - 1) / rate_hz; }
    bool paused() const { return paused_us >= 0; }
    int64_t waiting() const { return static_cast<int64_t>(pcm.size() - read); }
  };

  Turn* Find(TurnId turn);
  const Turn* Find(TurnId turn) const;
  Turn* Released() { return released_ ? Find(released_) : nullptr; }
  int64_t LeadUs() const;
  // When the next frame of `samples` may leave.
  int64_t ScheduleUs(const Turn& turn, int64_t samples) const;
  int64_t FrameSamples(const Turn& turn, int64_t now_us) const;
  void Restart(Turn& turn, int64_t now_us);
  // The time up to which the turn has been heard.
  int64_t HeardUs(const Turn& turn, int64_t now_us) const;
  void Forget(Turn& turn);

  Config config_;
  audio::GainRamp gain_;
  std::vector<int16_t> scratch_;  // a frame with gain
  std::array<Turn, kTurnsMax> turns_;
  TurnId released_;
  int64_t underruns_ = 0;
};

}  // namespace parley::playout
