// Which worker does a piece of work: a pure function over what is known of them.
//
//  1. Out falls who is unreachable, draining, behind an open breaker, already tried, of a device
//     that the policy forbids, or cannot do it: has no model of that name (or, if none is named, no
//     default of that kind).
//  2. Of the others only the best are kept, by one question after the other, each asked only if
//     somebody passes it: Did its last call come to a good end? Does its model say that it knows
//     the language? Is the model ready, and need not be loaded? Has it a GPU with a free slot (a
//     CPU is for the overflow)? Is it of our zone, with a free slot?
//  3. Whoever did this session's work before does it again, unless it is full or has clearly more
//     to do than the least loaded.
//  4. Of two drawn at random the one with less to do is taken (Mitzenmacher, "The Power of Two
//     Choices", 2001). A worker whose slots are all taken counts as behind every one that has a
//     free one.
//
// Touches no lock and allocates once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "ports/model_host.h"

namespace parley::router {

struct WorkerView {
  bool known = false;      // it has said what it can do
  bool reachable = false;  // it answered, or announced itself, lately
  bool allowed = true;     // by its breaker
  bool trusted = true;     // its last call did not fail, or it has answered since
  bool draining = false;
  bool tried = false;  // by this piece of work
  bool gpu = false;
  bool near = true;                         // of our zone
  int load = 0;                             // streams of the kind there, and what waits for a slot
  const ports::ModelInfo* model = nullptr;  // that would do it; null: it has none
  std::string_view name;                    // for messages
};

enum class DevicePolicy {
  kGpuFirst,  // CPUs take what GPUs have no room for
  kCpuOnly,
};

struct Wanted {
  ports::ModelKind kind = ports::ModelKind::kTts;
  std::string model;     // empty: the worker's default of the kind
  std::string language;  // BCP 47; empty: any
};

// The index of the chosen worker. kNotFound: no worker has such a model. kUnavailable: those that
// have it are away or draining; the message says of each why not. `before` is who did the session's
// work before.
Result<size_t> Choose(std::span<const WorkerView> workers, const Wanted& wanted,
                      DevicePolicy devices, std::optional<size_t> before, SplitMix64& random);

// "en" covers "en-US" and the other way round; empty covers all.
bool LanguageMatches(const std::vector<std::string>& spoken, std::string_view wanted);

// The models of one worker, to be found in the time of a few comparisons.
class ModelIndex {
 public:
  ModelIndex() = default;
  // `models` must outlive it.
  explicit ModelIndex(const std::vector<ports::ModelInfo>& models);

  // What a model is looked for by; an empty name is the default of the kind.
  struct Key {
    Key(ports::ModelKind model_kind, std::string_view model_name);
    ports::ModelKind kind;
    std::string_view name;
    uint64_t hash;
  };
  const ports::ModelInfo* Find(const Key& key) const;

 private:
  struct Entry {
    uint64_t hash = 0;
    const ports::ModelInfo* model = nullptr;
  };
  std::vector<Entry> entries_;  // by hash
};

}  // namespace parley::router
