// One worker in the table. Guarded by the table's lock but for what is const.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "registry/announcement.h"
#include "router/breaker.h"
#include "router/choice.h"
#include "router/internal/worker_table.h"

namespace parley::router {

struct WorkerTable::Worker {
  Worker(WorkerLink worker_link, const Breaker::Config& breaker_config)
      : link(std::move(worker_link)), breaker(breaker_config) {}

  const WorkerLink link;
  // Set for those of the registry; what it said last.
  std::shared_ptr<const registry::Announcement> announced;
  std::shared_ptr<const ports::WorkerCapabilities> capabilities;  // null: never heard of
  ModelIndex index;                                               // of the capabilities
  bool gpu = false;                                               // by its device
  bool answered = false;  // the last poll, or nothing has said otherwise since
  bool asked = false;     // a poll is under way
  bool suspect = false;   // a call failed, and it has not answered since
  bool gone = false;      // out of the registry
  int64_t heard_us = 0;
  int64_t next_poll_us = 0;
  Breaker breaker;
  // Own streams there now, of each kind, and those when it reported last.
  std::array<int, 3> in_flight{};
  std::array<int, 3> in_flight_then{};

  int InFlight() const { return in_flight[0] + in_flight[1] + in_flight[2]; }
  std::string Name() const {
    return capabilities && !capabilities->worker_id.empty() ? capabilities->worker_id
                                                            : link.address;
  }
  // What it reported, with what we began and ended since.
  int LoadOf(const ports::ModelInfo& model) const {
    const auto kind = static_cast<size_t>(model.kind);
    const int waiting = announced ? announced->waiting : 0;
    return std::max(in_flight[kind],
                    model.in_use + waiting + in_flight[kind] - in_flight_then[kind]);
  }
};

}  // namespace parley::router
