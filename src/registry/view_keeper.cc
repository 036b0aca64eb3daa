#include "registry/internal/view_keeper.h"

#include <algorithm>

namespace parley::registry {

bool ViewKeeper::OnRead(const std::vector<Row>& rows, int64_t now_us,
                        std::vector<std::string>* problems) {
  if (stale_) {
    for (auto& [instance, entry] : known_) entry.seen_us = now_us;
  }
  stale_ = false;
  stale_why_.clear();
  for (const Row& row : rows) {
    Entry entry = known_.contains(row.instance) ? known_[row.instance] : Entry();
    if (!row.info.empty()) {
      auto worker = FromJson(row.info);
      if (!worker) {
        problems->push_back(row.instance + ": " + worker.error().message);
        continue;
      }
      entry.worker = std::make_shared<const Announcement>(std::move(*worker));
    }
    if (entry.worker == nullptr) continue;
    if (entry.beat != row.beat) entry.seen_us = now_us;
    entry.beat = row.beat;
    entry.version = row.version;
    entry.epoch = row.epoch;
    known_[row.instance] = std::move(entry);
  }
  std::erase_if(known_, [&](const auto& one) { return now_us - one.second.seen_us > lease_us_; });
  return Rebuild();
}

bool ViewKeeper::OnGone(const std::string& instance) {
  known_.erase(instance);
  return Rebuild();
}

bool ViewKeeper::OnLost(const std::string& why) {
  stale_ = true;
  stale_why_ = why;
  return Rebuild();
}

std::vector<std::pair<std::string, std::string>> ViewKeeper::Known() const {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [instance, entry] : known_) all.emplace_back(instance, entry.version);
  return all;
}

bool ViewKeeper::Rebuild() {
  std::map<std::string, const Entry*> by_name;
  for (const auto& [instance, entry] : known_) {
    const Entry*& best = by_name[entry.worker->capabilities.worker_id];
    if (best == nullptr || best->epoch < entry.epoch) best = &entry;
  }
  auto view = std::make_shared<WorkerDirectory::View>();
  for (const auto& [name, entry] : by_name) view->workers.push_back(entry->worker);
  view->stale = stale_;
  view->stale_why = stale_why_;
  // Pointers are the same as long as nothing was read anew.
  const bool same = view->workers == view_->workers && view->stale == view_->stale &&
                    view->stale_why == view_->stale_why;
  if (!same) view_ = std::move(view);
  return !same;
}

}  // namespace parley::registry
