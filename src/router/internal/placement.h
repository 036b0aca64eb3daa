// Where a stream's work is done, and where it was tried before. One sequence.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "router/internal/worker_table.h"

namespace parley::router {

class Placement {
 public:
  Placement(WorkerTable& table, Wanted wanted) : table_(table), wanted_(std::move(wanted)) {}

  // Finds a worker that was not tried, and counts the stream there until End.
  Status Take(const std::string& session) {
    PARLEY_TRY(WorkerTable::Place place, table_.Take(wanted_, session, tried_));
    worker_ = std::move(place.worker);
    model_ = std::move(place.model);
    at_work_ = place.ready;
    placed_ = true;
    ++attempts_;
    return {};
  }
  void End(WorkerTable::Outcome outcome) {
    if (std::exchange(placed_, false)) table_.End(worker_, wanted_.kind, outcome);
  }

  // Not there again, until nobody else is left.
  void LeaveOut() { tried_.push_back(worker_); }
  void ForgetTried() { tried_.clear(); }

  // Audio came after a wait.
  void OnSound(bool first, int64_t waited_us) {
    table_.OnAudio(model_, first, waited_us);
    at_work_ = true;
  }
  // So long a wait means that it hangs, and somebody else could go on.
  bool Hangs(bool first, int64_t waited_us) const {
    if (!placed_ || !at_work_ || waited_us < table_.HangUs(model_, first)) return false;
    std::vector<WorkerTable::WorkerHandle> tried = tried_;
    tried.push_back(worker_);
    return table_.HasOther(wanted_, tried);
  }

  bool placed() const { return placed_; }
  int attempts() const { return attempts_; }
  const WorkerTable::WorkerHandle& worker() const { return worker_; }
  const std::string& model() const { return model_; }
  const std::string& address() const { return WorkerTable::LinkOf(*worker_).address; }

 private:
  WorkerTable& table_;
  const Wanted wanted_;
  std::vector<WorkerTable::WorkerHandle> tried_;
  WorkerTable::WorkerHandle worker_;  // the last one
  std::string model_;                 // as it is asked for there
  bool placed_ = false;
  bool at_work_ = false;  // its model was ready, or has been heard
  int attempts_ = 0;
};

}  // namespace parley::router
