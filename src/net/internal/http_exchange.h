// The handle that a Service answers through: each call is posted to the connection's thread.
#pragma once

#include <memory>
#include <utility>

#include "net/internal/http_connection.h"

namespace parley::net {

class HttpExchange final : public Exchange {
 public:
  HttpExchange(std::weak_ptr<HttpConnection> connection, IoThread& thread, uint64_t number,
               HttpRequest request)
      : connection_(std::move(connection)),
        thread_(thread),
        number_(number),
        request_(std::move(request)) {}
  ~HttpExchange() override {
    Post([](HttpConnection& connection, uint64_t number) { connection.Abandon(number); });
  }

  const HttpRequest& request() const override { return request_; }
  Executor& executor() override { return thread_; }

  void Respond(HttpResponse response) override {
    Post([response = std::move(response)](HttpConnection& connection, uint64_t number) mutable {
      connection.Respond(number, std::move(response));
    });
  }
  void StartStream(HttpResponse head) override {
    Post([head = std::move(head)](HttpConnection& connection, uint64_t number) mutable {
      connection.StartStream(number, std::move(head));
    });
  }
  void Write(std::string piece, Task on_sent) override {
    Post([piece = std::move(piece), on_sent = std::move(on_sent)](HttpConnection& connection,
                                                                  uint64_t number) mutable {
      connection.Write(number, std::move(piece), std::move(on_sent));
    });
  }
  void End() override {
    Post([](HttpConnection& connection, uint64_t number) { connection.End(number); });
  }
  void Abort() override {
    Post([](HttpConnection& connection, uint64_t number) { connection.Abort(number); });
  }
  void OnGone(Task task) override {
    Post([task = std::move(task)](HttpConnection& connection, uint64_t number) mutable {
      connection.OnGone(number, std::move(task));
    });
  }

 private:
  // The connection is only ever locked on its own thread, so it dies there.
  template <class F>
  void Post(F action) {
    thread_.Post([weak = connection_, number = number_, action = std::move(action)]() mutable {
      if (const auto connection = weak.lock()) action(*connection, number);
    });
  }

  const std::weak_ptr<HttpConnection> connection_;
  IoThread& thread_;
  const uint64_t number_;
  const HttpRequest request_;
};

}  // namespace parley::net
