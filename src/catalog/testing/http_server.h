// A small HTTP/1.1 server on loopback for tests, with every fault a test may want: the handler
// writes raw bytes when and as it likes, or nothing, or closes. Keeps connections alive until the
// handler or the client closes. One thread a connection; all end with the object.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace parley::testing {

struct HttpRequestSeen {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  int connection = 0;  // 1 for the first, …
};

class HttpConnection {
 public:
  explicit HttpConnection(int fd) : fd_(fd) {}

  // False when the client is gone.
  bool Write(std::string_view bytes);
  // A whole answer with Content-Length. `headers` are full lines, each with its "\r\n".
  bool Respond(int status, std::string_view body, std::string_view headers = "");
  // Returns when the client has closed, or the server ends.
  void WaitUntilClosed();
  // No more is read from this connection after the handler returns.
  void Close() { closed_ = true; }
  bool closed() const { return closed_; }

 private:
  const int fd_;
  bool closed_ = false;
};

class HttpServer {
 public:
  using Handler = std::function<void(const HttpRequestSeen&, HttpConnection&)>;

  explicit HttpServer(Handler handler);
  ~HttpServer();

  // "http://127.0.0.1:PORT" + path.
  std::string Url(std::string_view path) const;
  std::vector<HttpRequestSeen> requests() const;
  int connections() const { return connections_; }

 private:
  void Accept();
  void Serve(int fd, int connection);

  const Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  mutable std::mutex mutex_;
  std::vector<HttpRequestSeen> requests_;  // guarded by mutex_
  std::vector<int> open_;                  // guarded by mutex_
  std::vector<std::thread> threads_;       // guarded by mutex_ while accepting
  std::thread acceptor_;
};

}  // namespace parley::testing
