// A Service made of functions, for tests.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "net/server.h"

namespace parley::net::testing {

class FunctionService : public Service {
 public:
  std::function<Admission(const HttpRequest&)> admit = [](const HttpRequest&) {
    return Admission{.body_bytes_max = 1 << 20, .refusal = std::nullopt};
  };
  std::function<void(std::shared_ptr<Exchange>)> on_request = [](std::shared_ptr<Exchange> e) {
    e->Respond(
        TextResponse(200, e->request().method + " " + e->request().path + " " + e->request().body));
  };
  std::function<Upgrade(const HttpRequest&, Executor&)> on_upgrade = [](const HttpRequest&,
                                                                        Executor&) {
    return Upgrade{.listener = nullptr, .subprotocol = "", .refusal = TextResponse(404, "none")};
  };

  Admission Admit(const HttpRequest& head) override { return admit(head); }
  void OnRequest(std::shared_ptr<Exchange> exchange) override { on_request(std::move(exchange)); }
  Upgrade OnUpgrade(const HttpRequest& request, Executor& executor) override {
    return on_upgrade(request, executor);
  }
  HttpResponse OnBadRequest(int status, std::string_view why) override {
    return TextResponse(status, std::string(why));
  }
};

}  // namespace parley::net::testing
