// The server that a command talks to.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/settings.h"
#include "net/client.h"

namespace parley::cli {

class Client {
 public:
  // By client.url, else by the endpoint file of a running `parley up`, else port 8080 here.
  static Client Find(const Settings& settings);

  const std::string& url() const { return url_; }
  const Secret& key() const { return key_; }

  // A call to `path` with the key. kUnavailable names the server and how to start one; an answer
  // that is not 2xx is an error with the server's own words.
  Result<net::HttpResponse> Call(net::HttpCall call, std::string_view path) const;
  Result<net::HttpResponse> CallInPieces(
      net::HttpCall call, std::string_view path,
      const std::function<bool(std::string_view)>& on_piece) const;

 private:
  net::HttpCall Prepare(net::HttpCall call, std::string_view path) const;
  Result<net::HttpResponse> Judge(Result<net::HttpResponse> answer) const;

  std::string url_;
  Secret key_;
  bool verify_tls_ = true;
};

}  // namespace parley::cli
