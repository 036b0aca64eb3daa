// Makes the gateway's view out of what is read from Redis: pure, time is handed in.
//
//  * An instance is in the view from when it is first read until it is withdrawn (a "gone" message)
//    or its lease is over by our own clock: no beat was seen for lease_ms. So an emptied Redis
//    loses nobody who announces itself again in time, and clocks need not agree.
//  * While Redis cannot be read the view stays as it is, marked stale. Leases begin anew with the
//    first reading after.
//  * Of two instances with one name the newest epoch counts.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "registry/directory.h"

namespace parley::registry {

class ViewKeeper {
 public:
  // One line of a reading.
  struct Row {
    std::string instance;
    std::string beat;     // differs with each beat
    std::string version;  // differs with each change of `info`
    int64_t epoch = 0;
    std::string info;  // JSON; empty: as known
  };

  explicit ViewKeeper(int64_t lease_ms) : lease_us_(lease_ms * 1000) {}

  // True when the view has changed. Rows that cannot be read are left out, and told by `problems`.
  bool OnRead(const std::vector<Row>& rows, int64_t now_us, std::vector<std::string>* problems);
  bool OnGone(const std::string& instance);
  bool OnLost(const std::string& why);

  // Instances and versions, so that they are not sent again.
  std::vector<std::pair<std::string, std::string>> Known() const;
  std::shared_ptr<const WorkerDirectory::View> view() const { return view_; }

 private:
  struct Entry {
    std::string beat;
    std::string version;
    int64_t epoch = 0;
    int64_t seen_us = 0;
    std::shared_ptr<const Announcement> worker;
  };

  bool Rebuild();

  const int64_t lease_us_;
  std::map<std::string, Entry> known_;  // by instance
  std::shared_ptr<const WorkerDirectory::View> view_ =
      std::make_shared<const WorkerDirectory::View>();
  bool stale_ = true;
  std::string stale_why_ = "Redis was not read yet";
};

}  // namespace parley::registry
