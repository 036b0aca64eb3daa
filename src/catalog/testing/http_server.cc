#include "catalog/testing/http_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/check.h"

namespace parley::testing {
namespace {

constexpr size_t kRequestBytesMax = 4 << 20;

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

HttpRequestSeen ParseHead(std::string_view head) {
  HttpRequestSeen request;
  size_t line_end = head.find("\r\n");
  const std::string_view first = head.substr(0, line_end);
  request.method = first.substr(0, first.find(' '));
  const size_t target = request.method.size() + 1;
  request.target = first.substr(target, first.rfind(' ') - target);
  while (line_end != std::string_view::npos && line_end + 2 < head.size()) {
    head.remove_prefix(line_end + 2);
    line_end = head.find("\r\n");
    const std::string_view line = head.substr(0, line_end);
    const size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    request.headers[Lower(line.substr(0, colon))] = line.substr(colon + 2);
  }
  return request;
}

// Reads one request; `buffer` keeps what came after it.
std::optional<HttpRequestSeen> ReadRequest(int fd, std::string& buffer) {
  size_t head_end = std::string::npos;
  size_t needed = 0;
  std::optional<HttpRequestSeen> request;
  char block[4096];
  for (;;) {
    if (!request && (head_end = buffer.find("\r\n\r\n")) != std::string::npos) {
      request = ParseHead(std::string_view(buffer).substr(0, head_end + 2));
      const auto length = request->headers.find("content-length");
      needed = head_end + 4;
      if (length != request->headers.end()) needed += std::stoul(length->second);
    }
    if (request && buffer.size() >= needed) {
      request->body = buffer.substr(head_end + 4, needed - head_end - 4);
      buffer.erase(0, needed);
      return request;
    }
    const ssize_t count = ::read(fd, block, sizeof block);
    if (count <= 0 || buffer.size() > kRequestBytesMax) return std::nullopt;
    buffer.append(block, static_cast<size_t>(count));
  }
}

}  // namespace

bool HttpConnection::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

bool HttpConnection::Respond(int status, std::string_view body, std::string_view headers) {
  return Write(fmt::format("HTTP/1.1 {} x\r\n{}Content-Length: {}\r\n\r\n{}", status, headers,
                           body.size(), body));
}

void HttpConnection::WaitUntilClosed() {
  char byte = 0;
  while (::recv(fd_, &byte, 1, 0) > 0) {
  }
  closed_ = true;
}

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  PARLEY_CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  PARLEY_CHECK(::listen(listener_, 64) == 0);
  PARLEY_CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

HttpServer::~HttpServer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

std::string HttpServer::Url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

std::vector<HttpRequestSeen> HttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void HttpServer::Accept() {
  while (!stopping_) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd, connection = ++connections_] { Serve(fd, connection); });
  }
}

void HttpServer::Serve(int fd, int connection) {
  std::string buffer;
  HttpConnection out(fd);
  while (!stopping_ && !out.closed()) {
    auto request = ReadRequest(fd, buffer);
    if (!request) break;
    request->connection = connection;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(*request);
    }
    handler_(*request, out);
  }
  const std::lock_guard lock(mutex_);
  open_.erase(std::find(open_.begin(), open_.end(), fd));
  ::close(fd);
}

}  // namespace parley::testing
