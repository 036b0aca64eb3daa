// The web page at `/` and the console at `/console`: the files of src/gateway/page/, built into the
// program, served with a content security policy under which nothing else can run. Immutable;
// thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace parley::gateway {

class Page {
 public:
  Page();

  // nullopt when the path is no file of the page. Status 304 when the client has it already.
  std::optional<net::HttpResponse> Answer(const net::HttpRequest& request) const;

 private:
  struct File {
    std::string_view bytes;
    std::string_view content_type;
    std::string etag;
  };
  std::map<std::string, File, std::less<>> files_;  // by path
};

}  // namespace parley::gateway
