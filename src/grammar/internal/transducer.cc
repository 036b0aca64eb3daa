#include "grammar/internal/transducer.h"

#include <fst/arcsort.h>
#include <fst/compose.h>
#include <fst/dfs-visit.h>
#include <fst/shortest-path.h>
#include <fst/vector-fst.h>

// OpenFst ends the process at an error unless told otherwise; here an error gives no path.
DECLARE_bool(fst_error_fatal);

namespace parley::grammar::internal {
namespace {

using Arc = fst::StdArc;
using Fst = fst::StdVectorFst;
using Weight = Arc::Weight;

using Matcher = fst::SortedMatcher<Fst>;
using Filter = fst::SequenceComposeFilter<Matcher>;
using States = fst::GenericComposeStateTable<Arc, Filter::FilterState>;

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

// Lets a search follow an arc of the composition unless the next byte rules out where it leads, and
// only so often.
class Guide {
 public:
  Guide(std::string_view text, const States& states, const FstData& grammar, size_t& steps_left)
      : text_(text), states_(states), grammar_(grammar), steps_left_(steps_left) {}

  bool spent() const { return spent_; }

  bool Leads(int state) {
    const auto& tuple = states_.Tuple(state);
    const auto at = static_cast<size_t>(tuple.StateId1());
    const size_t next = at < text_.size() ? static_cast<unsigned char>(text_[at]) : kTextEnd;
    const auto in_grammar = static_cast<size_t>(tuple.StateId2());
    if (!grammar_.byte_sets[grammar_.next_bytes[in_grammar]][next]) return false;
    spent_ = spent_ || steps_left_ == 0;
    if (!spent_) --steps_left_;
    return !spent_;
  }

 private:
  const std::string_view text_;
  const States& states_;
  const FstData& grammar_;
  size_t& steps_left_;
  bool spent_ = false;
};

// Collects states as a walk in depth leaves them.
class LeavingOrder {
 public:
  const std::vector<int>& states() const { return states_; }

  // What OpenFst asks of a visitor.
  void InitVisit(const fst::Fst<Arc>&) {}
  bool InitState(int, int) { return true; }
  bool TreeArc(int, const Arc&) { return true; }
  bool BackArc(int, const Arc&) { return true; }  // a grammar has no circle that reads nothing
  bool ForwardOrCrossArc(int, const Arc&) { return true; }
  void FinishState(int state, int, const Arc*) { states_.push_back(state); }
  void FinishVisit() {}

 private:
  std::vector<int> states_;
};

// Gives each state of the walk once, after all that lead to it, so that its best path is known. Of
// paths that are equally good the first that is looked at wins; the order is that of the authors'
// own tools, and so is the winner.
class TopologicalQueue {
 public:
  explicit TopologicalQueue(const std::vector<int>& left_last_to_first) {
    order_.reserve(left_last_to_first.size());
    for (auto it = left_last_to_first.rbegin(); it != left_last_to_first.rend(); ++it) {
      if (static_cast<size_t>(*it) >= walked_.size()) walked_.resize(static_cast<size_t>(*it) + 1);
      walked_[static_cast<size_t>(*it)] = true;
      order_.push_back(*it);
    }
    waits_.resize(walked_.size());
  }

  // What OpenFst asks of a queue.
  int Head() const { return order_[front_]; }
  void Enqueue(int state) {
    const auto at = static_cast<size_t>(state);
    if (at < walked_.size() && walked_[at]) waits_[at] = true;
  }
  void Dequeue() { waits_[static_cast<size_t>(order_[front_++])] = false; }
  void Update(int) {}
  bool Empty() {
    while (front_ < order_.size() && !waits_[static_cast<size_t>(order_[front_])]) ++front_;
    return front_ == order_.size();
  }
  void Clear() { front_ = 0; }

 private:
  std::vector<int> order_;
  std::vector<bool> walked_;
  std::vector<bool> waits_;
  size_t front_ = 0;
};

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
  FstData ahead;  // its lookahead alone
};

Transducer::Transducer(const FstData& data) : impl_(std::make_unique<Impl>()) {
  impl_->ahead.next_bytes = data.next_bytes;
  impl_->ahead.byte_sets = data.byte_sets;
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

BestPath Transducer::Find(std::string_view input, size_t& steps_max) const {
  const Fst line = LineOf(input);
  fst::CacheOptions cache;
  cache.gc = false;  // what is kept of the composition is bounded by the steps
  fst::ComposeFstImplOptions<Matcher, Matcher, Filter, States> options(cache);
  options.state_table = new States(line, impl_->fst);  // the composition's own
  const fst::ComposeFst<Arc> composed(line, impl_->fst, options);
  Guide guide(input, *options.state_table, impl_->ahead, steps_max);
  LeavingOrder walked;
  fst::DfsVisit(
      composed, &walked, [&guide](const Arc& arc) { return guide.Leads(arc.nextstate); },
      /*access_only=*/true);
  if (guide.spent()) {
    BestPath too_many;
    too_many.found = BestPath::Found::kTooMany;
    return too_many;
  }
  TopologicalQueue queue(walked.states());
  using All = fst::AnyArcFilter<Arc>;
  const fst::ShortestPathOptions<Arc, TopologicalQueue, All> best_only(&queue, All());
  std::vector<Weight> distances;
  Fst best;
  fst::ShortestPath(composed, &best, &distances, best_only);
  if (composed.Properties(fst::kError, false) != 0) return {};
  return Follow(best, input);
}

}  // namespace parley::grammar::internal
