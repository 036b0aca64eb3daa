// The log of a conversation core's life: its configuration, each event it was given and a digest of
// what it answered; no sound. A recorded conversation runs again through the core and must give the
// same actions bit for bit, so a bug seen once becomes a test by moving its file.
//
// The file: the magic and a version byte, the configuration, then one record an event: its kind,
// the time since the last and the uplink samples since the last as variable-length numbers, its
// fields, and four bytes of digest. Numbers are little-endian, floats as their bits, texts with
// their length before them. Bounded: a writer that is full keeps what it has, which is the
// beginning of the conversation and can be run by itself.
//
// One sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "turn/core.h"

namespace parley::turn {

inline constexpr std::string_view kTraceMagic = "parley-trace";
inline constexpr uint8_t kTraceVersion = 1;

class TraceWriter {
 public:
  // Takes no more than so many bytes in all.
  TraceWriter(const Core::Config& config, size_t bytes_max);

  // An event and what the core answered. False once it is full.
  bool Add(const Event& event, std::span<const Action> actions);

  // What has been written since this was last asked for.
  std::string Take();
  size_t bytes() const { return bytes_; }
  bool full() const { return full_; }

 private:
  std::string out_;
  std::string scratch_;
  size_t bytes_ = 0;
  const size_t bytes_max_;
  bool full_ = false;
  int64_t now_us_ = 0;
  int64_t uplink_sample_ = 0;
};

struct Trace {
  struct Step {
    Event event;
    uint32_t digest = 0;  // of the actions
  };
  Core::Config config;
  std::vector<Step> steps;
  bool cut = false;  // the file ends within a record
};

// Foreign bytes: fails on what is no trace of this version, or has a field that cannot be. A record
// that is cut off at the end is left out.
Result<Trace> ParseTrace(std::string_view bytes);
// The same bytes again, whole.
std::string WriteTrace(const Trace& trace);

// The digest that a trace keeps of a step's actions: every field of every action counts.
uint32_t DigestOf(std::span<const Action> actions);

// One line for people: the name, then its fields as "name=value".
std::string Describe(const EventBody& event);
std::string Describe(const Action& action);

struct Replayed {
  size_t steps = 0;
  size_t first_difference = 0;  // steps if all were the same
  std::string broken;           // the first broken invariant, empty if none
  size_t broken_at = 0;         // its step
  bool same() const { return first_difference == steps; }
};
// Runs the core over the trace; `watch`, if there is one, sees each step and what came of it now.
using ReplayWatch =
    std::function<void(size_t step, const Event& event, std::span<const Action> actions)>;
Result<Replayed> Replay(const Trace& trace, const ReplayWatch& watch = {});

}  // namespace parley::turn
