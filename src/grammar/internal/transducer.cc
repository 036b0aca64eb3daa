#include "grammar/internal/transducer.h"

#include <fst/arcsort.h>
#include <fst/compose.h>
#include <fst/connect.h>
#include <fst/shortest-path.h>
#include <fst/vector-fst.h>

#include <algorithm>

// OpenFst ends the process at an error unless told otherwise; here an error gives no path.
DECLARE_bool(fst_error_fatal);

namespace parley::grammar::internal {
namespace {

using Arc = fst::StdArc;
using Fst = fst::StdVectorFst;
using Weight = Arc::Weight;

constexpr size_t kArcsPerState = 8;

Fst LineOf(std::string_view text) {
  Fst line;
  line.SetStart(line.AddState());
  for (const char c : text) {
    const int label = static_cast<unsigned char>(c);
    const int next = line.AddState();
    line.AddArc(next - 1, Arc(label, label, Weight::One(), next));
  }
  line.SetFinal(static_cast<int>(text.size()), Weight::One());
  return line;
}

// The lazy composition, written out as far as `states_max` allows. Its states are numbered in the
// order in which they are met.
bool WriteOut(const fst::ComposeFst<Arc>& lazy, size_t& states_max, Fst& whole) {
  const size_t allowed = states_max;
  size_t arcs = 0;
  whole.AddState();
  whole.SetStart(lazy.Start());
  for (int state = 0; state < whole.NumStates(); ++state) {
    if (states_max == 0) return false;
    --states_max;
    whole.SetFinal(state, lazy.Final(state));
    for (fst::ArcIterator<fst::ComposeFst<Arc>> it(lazy, state); !it.Done(); it.Next()) {
      if (++arcs > allowed * kArcsPerState) return false;
      while (whole.NumStates() <= it.Value().nextstate) whole.AddState();
      whole.AddArc(state, it.Value());
    }
  }
  return lazy.Properties(fst::kError, false) == 0;
}

BestPath Follow(const Fst& line, std::string_view input) {
  BestPath path;
  if (line.Start() == fst::kNoStateId) return path;
  path.found = BestPath::Found::kPath;
  int state = line.Start();
  while (line.NumArcs(state) > 0) {
    const Arc arc = fst::ArcIterator<Fst>(line, state).Value();
    const auto read = static_cast<uint32_t>(path.output_before.size());
    if (arc.ilabel != 0) path.output_before.push_back(static_cast<uint32_t>(path.output.size()));
    if (arc.olabel != 0) {
      path.input_before.push_back(read);
      path.output += static_cast<char>(arc.olabel);
    }
    state = arc.nextstate;
  }
  if (path.output_before.size() != input.size()) path = {};
  return path;
}

}  // namespace

struct Transducer::Impl {
  Fst fst;
};

Transducer::Transducer(const FstData& data) : impl_(std::make_unique<Impl>()) {
  FLAGS_fst_error_fatal = false;
  Fst& fst = impl_->fst;
  fst.ReserveStates(static_cast<int>(data.states.size()));
  for (size_t i = 0; i < data.states.size(); ++i) fst.AddState();
  fst.SetStart(static_cast<int>(data.start));
  size_t at = 0;
  for (size_t i = 0; i < data.states.size(); ++i) {
    const FstState& state = data.states[i];
    const int id = static_cast<int>(i);
    if (state.final) fst.SetFinal(id, Weight(state.final_weight));
    fst.ReserveArcs(id, state.arcs_end - at);
    for (; at < state.arcs_end; ++at) {
      const FstArc& arc = data.arcs[at];
      fst.AddArc(id, Arc(arc.in, arc.out, Weight(arc.weight), static_cast<int>(arc.next)));
    }
  }
  // Sorted already where a grammar is well kept: then ties are decided as its authors' tools do.
  if (fst.Properties(fst::kILabelSorted, true) == 0) fst::ArcSort(&fst, fst::ILabelCompare<Arc>());
}

Transducer::~Transducer() = default;

BestPath Transducer::Find(std::string_view input, size_t& states_max) const {
  const Fst line = LineOf(input);
  fst::CacheOptions cache;
  cache.gc_limit = 0;  // what was written out is not asked for again
  const fst::ComposeFst<Arc> lazy(line, impl_->fst, cache);
  if (lazy.Start() == fst::kNoStateId) return {};
  Fst whole;
  if (!WriteOut(lazy, states_max, whole)) {
    BestPath too_many;
    too_many.found = BestPath::Found::kTooMany;
    return too_many;
  }
  fst::Connect(&whole);
  Fst best;
  fst::ShortestPath(whole, &best, 1);
  return Follow(best, input);
}

}  // namespace parley::grammar::internal
