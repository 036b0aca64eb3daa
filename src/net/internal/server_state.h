// What all connections of a server share. Outlives each of them.
#pragma once

#include <atomic>
#include <boost/asio/ssl/context.hpp>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>

#include "net/server.h"

namespace parley::net {

// Something with a socket that must end before the server does. StopSoon and Cut are called on its
// own io thread.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual Executor& home() = 0;
  virtual void StopSoon() = 0;  // what is under way may end
  virtual void Cut() = 0;
};

class ServerState {
 public:
  ServerState(const ServerConfig& server_config, Service& the_service)
      : config(server_config), service(the_service) {}

  const ServerConfig config;
  Service& service;
  std::optional<boost::asio::ssl::context> tls;

  std::atomic<bool> stopping = false;
  std::atomic<int> web_sockets = 0;
  std::atomic<uint64_t> accepted = 0;
  std::atomic<uint64_t> refused = 0;

  // False when connections_max is reached.
  bool Add(const std::shared_ptr<Connection>& connection);
  void Remove(Connection* connection);
  // A WebSocket takes over from the HTTP connection it grew out of.
  void Replace(Connection* old, const std::shared_ptr<Connection>& connection);
  int connection_count() const;
  // Posts `action` to each connection's thread.
  void ForEach(void (Connection::*action)());
  // True when all are gone before `grace_ms` have passed.
  bool WaitUntilEmpty(int64_t grace_ms);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Connection*, std::weak_ptr<Connection>> connections_;
};

}  // namespace parley::net
