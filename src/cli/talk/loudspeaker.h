// What a client plays: sound arrives ahead of time, item by item, and leaves at the pace of a sound
// card (or of a test that plays sound card). It is ducked and dropped at once, and says exactly how
// much of each item has been played, which is what the agent will remember having said.
// Thread-safe: the network appends, the sound thread pulls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace parley::cli {

class Loudspeaker {
 public:
  // Mono. Holds at most five minutes; more of one reply is a server gone wrong and is dropped.
  explicit Loudspeaker(int sample_rate_hz);

  void Append(const std::string& item_id, std::span<const int16_t> pcm);
  // Reaches `db` after `ramp_ms`, linearly in amplitude.
  void SetGain(double db, int ramp_ms);
  // The item falls silent where it is, or goes on from there.
  void Pause(const std::string& item_id, bool paused);
  // Forgets what is unplayed of the item, and what still arrives of it; empty: of all so far.
  void Drop(const std::string& item_id);

  // The next samples to play; silence where there is nothing.
  void Pull(std::span<int16_t> out);

  struct Position {
    std::string item_id;
    int64_t played_samples = 0;
  };
  // Of the item played last; nullopt before any.
  std::optional<Position> position() const;
  bool empty() const;

 private:
  struct Item {
    std::string id;
    std::deque<int16_t> unplayed;
    int64_t played_samples = 0;
  };

  const int sample_rate_hz_;
  const size_t capacity_samples_;
  mutable std::mutex mutex_;
  std::deque<Item> items_;  // the front one is being played
  std::deque<std::string> dropped_;
  std::string paused_;  // an item; empty: none
  double gain_ = 1;
  double gain_target_ = 1;
  double gain_step_ = 0;
};

}  // namespace parley::cli
