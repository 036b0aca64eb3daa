// HTTP as values: what a request says and what is answered. No sockets here; net/server.h carries
// these over them. All functions are pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace parley::net {

// In the order sent; names compare without regard to case (RFC 9110 §5.1).
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  void Add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  // Replaces every field of that name.
  void Set(std::string_view name, std::string value);
  // The first field of that name; empty view when there is none.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  size_t size() const { return fields_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct HttpRequest {
  std::string method;  // "GET"
  std::string target;  // as sent: "/v1/realtime?model=x"
  std::string path;    // percent-decoded, without the query: "/v1/realtime"
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  Headers headers;
  std::string body;
  std::string peer;  // "127.0.0.1:50000"
  bool tls = false;

  // The first query field of that name.
  std::optional<std::string_view> Query(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  Headers headers;  // Content-Length, Transfer-Encoding, Connection and Date are the server's
  std::string body;
};

HttpResponse TextResponse(int status, std::string body);
HttpResponse JsonResponse(int status, std::string json);

bool EqualIgnoringCase(std::string_view a, std::string_view b);

// "Not Found" for 404; "Unknown" for a status that is none of ours.
std::string_view ReasonPhrase(int status);

// By the name's ending: "text/html; charset=utf-8" for index.html; application/octet-stream else.
std::string_view ContentTypeOf(std::string_view file_name);

// Splits and decodes a request target into path and query. kInvalidArgument for a bad escape, a
// control character or NUL, or a path that does not begin with '/'.
struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};
Result<Target> ParseTarget(std::string_view target);

// A field value with parameters: `form-data; name="file"; filename="a.wav"`. Quoted strings are
// unquoted. Bounded: at most 16 parameters, more are an error.
struct ParameterizedValue {
  std::string value;                                            // lower-case
  std::vector<std::pair<std::string, std::string>> parameters;  // names lower-case

  std::optional<std::string_view> Parameter(std::string_view name) const;
};
Result<ParameterizedValue> ParseParameterizedValue(std::string_view text);

// The elements of a comma-separated list, trimmed, empty ones left out.
std::vector<std::string_view> SplitList(std::string_view text);

// A URL that a client dials. The scheme is one of http, https, ws, wss.
struct Url {
  std::string scheme;
  std::string host;  // without brackets, also for IPv6
  uint16_t port = 0;
  std::string target;  // begins with '/', includes the query

  bool tls() const { return scheme == "https" || scheme == "wss"; }
  // As in a Host field: without the port where it is the scheme's own.
  std::string Authority() const;
};
Result<Url> ParseUrl(std::string_view text);

}  // namespace parley::net
