#include "gateway/cors.h"

#include <algorithm>
#include <utility>

namespace parley::gateway {
namespace {

// How long a browser may remember the answer.
constexpr const char* kMaxAgeS = "600";

class OriginExchange final : public net::Exchange {
 public:
  OriginExchange(std::shared_ptr<net::Exchange> inner, std::string origin)
      : inner_(std::move(inner)), origin_(std::move(origin)) {}

  const net::HttpRequest& request() const override { return inner_->request(); }
  net::Executor& executor() override { return inner_->executor(); }
  void Respond(net::HttpResponse response) override {
    AllowOrigin(response, origin_);
    inner_->Respond(std::move(response));
  }
  void StartStream(net::HttpResponse head) override {
    AllowOrigin(head, origin_);
    inner_->StartStream(std::move(head));
  }
  void Write(std::string piece, net::Task on_sent) override {
    inner_->Write(std::move(piece), std::move(on_sent));
  }
  void End() override { inner_->End(); }
  void Abort() override { inner_->Abort(); }
  void OnGone(net::Task task) override { inner_->OnGone(std::move(task)); }

 private:
  const std::shared_ptr<net::Exchange> inner_;
  const std::string origin_;
};

// A list of field names and nothing else, so that it may be said back.
bool IsNameList(std::string_view text) {
  return !text.empty() && text.size() <= 1000 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == ',' || c == ' ';
  });
}

}  // namespace

bool IsPreflight(const net::HttpRequest& request) {
  return request.method == "OPTIONS" && request.headers.Has("access-control-request-method");
}

net::HttpResponse AnswerPreflight(const net::HttpRequest& request, std::string_view origin,
                                  std::string_view method) {
  net::HttpResponse response;
  response.status = 204;
  AllowOrigin(response, origin);
  response.headers.Add("Access-Control-Allow-Methods", std::string(method) + ", OPTIONS");
  const std::string_view asked = request.headers.Get("access-control-request-headers");
  response.headers.Add("Access-Control-Allow-Headers",
                       IsNameList(asked) ? std::string(asked) : "Authorization, Content-Type");
  response.headers.Add("Access-Control-Max-Age", kMaxAgeS);
  if (request.headers.Get("access-control-request-private-network") == "true") {
    response.headers.Add("Access-Control-Allow-Private-Network", "true");
  }
  return response;
}

void AllowOrigin(net::HttpResponse& response, std::string_view origin) {
  if (origin.empty()) return;
  response.headers.Add("Access-Control-Allow-Origin", std::string(origin));
  response.headers.Add("Vary", "Origin");
}

std::shared_ptr<net::Exchange> WithOrigin(std::shared_ptr<net::Exchange> exchange,
                                          std::string origin) {
  if (origin.empty()) return exchange;
  return std::make_shared<OriginExchange>(std::move(exchange), std::move(origin));
}

}  // namespace parley::gateway
