#include "net/internal/server_state.h"

#include <chrono>
#include <vector>

namespace parley::net {

bool ServerState::Add(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  connections_[connection.get()] = connection;
  return connections_.size() <= static_cast<size_t>(config.connections_max);
}

void ServerState::Remove(Connection* connection) {
  const std::lock_guard lock(mutex_);
  connections_.erase(connection);
  changed_.notify_all();
}

void ServerState::Replace(Connection* old, const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  connections_.erase(old);
  connections_[connection.get()] = connection;
}

int ServerState::connection_count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(connections_.size());
}

void ServerState::ForEach(void (Connection::*action)()) {
  // The last reference to a connection must not be dropped here, off its thread, so it is handed
  // on.
  std::vector<std::shared_ptr<Connection>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, weak] : connections_) {
      if (auto connection = weak.lock()) all.push_back(std::move(connection));
    }
  }
  for (auto& connection : all) {
    Executor& home = connection->home();
    home.Post([connection = std::move(connection), action] { (connection.get()->*action)(); });
  }
}

bool ServerState::WaitUntilEmpty(int64_t grace_ms) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(grace_ms),
                           [&] { return connections_.empty(); });
}

}  // namespace parley::net
