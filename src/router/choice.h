// Which worker does a piece of work: a pure function over what is known of them.
//
//  1. Out falls who is unreachable, draining, behind an open breaker, already tried, or cannot do
//     it: has no model of that name (or, if none is named, no default of that kind).
//  2. Workers whose model says that it knows the language go before others, and those on which it
//     is ready before those that would have to load it. What a model does with a language it does
//     not name is for it to say.
//  3. Of two drawn at random the one with less to do is taken: own streams there, or what it last
//     reported, whichever is more (Mitzenmacher, "The Power of Two Choices", 2001). A worker whose
//     slots are all taken counts as behind every one that has a free one.
//
// Costs about a microsecond a worker and touches no lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "ports/model_host.h"

namespace parley::router {

struct WorkerView {
  bool reachable = false;                                   // it answered lately
  bool allowed = true;                                      // by its breaker
  int in_flight = 0;                                        // own streams there now
  const ports::WorkerCapabilities* capabilities = nullptr;  // null: never heard of
  std::string address;                                      // for messages
};

struct Wanted {
  ports::ModelKind kind = ports::ModelKind::kTts;
  std::string model;     // empty: the worker's default of the kind
  std::string language;  // BCP 47; empty: any
};

// The index of the chosen worker. kNotFound: no worker has such a model. kUnavailable: those that
// have it are away or draining; the message says of each why not.
Result<size_t> Choose(std::span<const WorkerView> workers, const Wanted& wanted,
                      std::span<const size_t> tried, SplitMix64& random);

// "en" covers "en-US" and the other way round; empty covers all.
bool LanguageMatches(const std::vector<std::string>& spoken, const std::string& wanted);

}  // namespace parley::router
