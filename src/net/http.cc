#include "net/http.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace parley::net {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), Lower);
  return lower;
}

std::string_view Trim(std::string_view text) {
  const size_t from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = Lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

Result<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return Fail(Code::kInvalidArgument,
                    fmt::format("bad escape at character {} of the request target", i));
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("control character at character {} of the request target", i));
    }
    out.push_back(c);
  }
  return out;
}

constexpr size_t kParametersMax = 16;

// Reads a quoted string that begins at text[at] == '"'; moves `at` behind it.
Result<std::string> ReadQuoted(std::string_view text, size_t& at) {
  std::string out;
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    // Browsers send file names with lone backslashes; only \" and \\ are escapes.
    const bool escape =
        text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\');
    if (escape) ++at;
    out.push_back(text[at]);
  }
  if (at >= text.size()) return Fail(Code::kInvalidArgument, "a quoted string has no end");
  ++at;
  return out;
}

Result<uint16_t> ParsePort(std::string_view text, std::string_view url) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return Fail(Code::kInvalidArgument,
                fmt::format("URL {}: port \"{}\" is not a number from 1 to 65535", url, text));
  }
  return port;
}

uint16_t DefaultPort(std::string_view scheme) {
  return scheme == "https" || scheme == "wss" ? 443 : 80;
}

}  // namespace

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return Lower(x) == Lower(y); });
}

void Headers::Set(std::string_view name, std::string value) {
  fields_.erase(
      std::remove_if(fields_.begin(), fields_.end(),
                     [&](const auto& field) { return EqualIgnoringCase(field.first, name); }),
      fields_.end());
  fields_.emplace_back(std::string(name), std::move(value));
}

std::string_view Headers::Get(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (EqualIgnoringCase(key, name)) return value;
  }
  return {};
}

bool Headers::Has(std::string_view name) const {
  return std::any_of(fields_.begin(), fields_.end(),
                     [&](const auto& field) { return EqualIgnoringCase(field.first, name); });
}

std::optional<std::string_view> HttpRequest::Query(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

HttpResponse TextResponse(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers.Add("Content-Type", "text/plain; charset=utf-8");
  return response;
}

HttpResponse JsonResponse(int status, std::string json) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(json);
  response.headers.Add("Content-Type", "application/json");
  return response;
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Unknown";
  }
}

std::string_view ContentTypeOf(std::string_view file_name) {
  struct Type {
    std::string_view ending, type;
  };
  static constexpr std::array kTypes = {
      Type{".html", "text/html; charset=utf-8"},
      Type{".css", "text/css; charset=utf-8"},
      Type{".js", "text/javascript; charset=utf-8"},
      Type{".mjs", "text/javascript; charset=utf-8"},
      Type{".json", "application/json"},
      Type{".webmanifest", "application/manifest+json"},
      Type{".svg", "image/svg+xml"},
      Type{".png", "image/png"},
      Type{".ico", "image/x-icon"},
      Type{".txt", "text/plain; charset=utf-8"},
      Type{".woff2", "font/woff2"},
      Type{".wasm", "application/wasm"},
      Type{".wav", "audio/wav"},
      Type{".mp3", "audio/mpeg"},
  };
  for (const Type& type : kTypes) {
    if (file_name.ends_with(type.ending)) return type.type;
  }
  return "application/octet-stream";
}

Result<Target> ParseTarget(std::string_view target) {
  if (!target.starts_with('/')) {
    return Fail(Code::kInvalidArgument, "the request target does not begin with '/'");
  }
  const size_t query_at = target.find('?');
  Target parsed;
  PARLEY_TRY(parsed.path, PercentDecode(target.substr(0, query_at), false));
  if (query_at == std::string_view::npos) return parsed;
  std::string_view rest = target.substr(query_at + 1);
  while (!rest.empty()) {
    const std::string_view field = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), field.size() + 1));
    if (field.empty()) continue;
    const size_t equals = field.find('=');
    PARLEY_TRY(std::string name, PercentDecode(field.substr(0, equals), true));
    std::string value;
    if (equals != std::string_view::npos) {
      PARLEY_TRY(value, PercentDecode(field.substr(equals + 1), true));
    }
    parsed.query.emplace_back(std::move(name), std::move(value));
  }
  return parsed;
}

std::optional<std::string_view> ParameterizedValue::Parameter(std::string_view name) const {
  for (const auto& [key, parameter] : parameters) {
    if (key == name) return parameter;
  }
  return std::nullopt;
}

Result<ParameterizedValue> ParseParameterizedValue(std::string_view text) {
  ParameterizedValue parsed;
  size_t at = std::min(text.find(';'), text.size());
  parsed.value = LowerCase(Trim(text.substr(0, at)));
  while (at < text.size()) {
    ++at;  // behind the semicolon
    const size_t equals = text.find_first_of("=;", at);
    if (equals == std::string_view::npos || text[equals] == ';') {
      at = std::min(equals, text.size());  // an empty parameter, or one without a value
      continue;
    }
    std::string name = LowerCase(Trim(text.substr(at, equals - at)));
    at = text.find_first_not_of(" \t", equals + 1);
    std::string value;
    if (at != std::string_view::npos && text[at] == '"') {
      PARLEY_TRY(value, ReadQuoted(text, at));
      at = std::min(text.find(';', at), text.size());
    } else {
      const size_t from = std::min(at, text.size());
      at = std::min(text.find(';', from), text.size());
      value = std::string(Trim(text.substr(from, at - from)));
    }
    if (parsed.parameters.size() == kParametersMax) {
      return Fail(Code::kInvalidArgument, "a header field has more than 16 parameters");
    }
    parsed.parameters.emplace_back(std::move(name), std::move(value));
  }
  return parsed;
}

std::vector<std::string_view> SplitList(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = Trim(text.substr(0, comma));
    if (!part.empty()) parts.push_back(part);
    text.remove_prefix(std::min(text.size(), comma + 1));
  }
  return parts;
}

std::string Url::Authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == DefaultPort(scheme) ? name : fmt::format("{}:{}", name, port);
}

Result<Url> ParseUrl(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return Fail(Code::kInvalidArgument,
                fmt::format("URL \"{}\": {}; expected e.g. http://127.0.0.1:8080/v1", text, why));
  };
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos) return bad("no scheme");
  Url url;
  url.scheme = LowerCase(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https" && url.scheme != "ws" && url.scheme != "wss") {
    return bad("the scheme is none of http, https, ws, wss");
  }
  std::string_view rest = text.substr(colon + 3);
  const size_t path_at = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, path_at);
  url.target = std::string(rest.substr(path_at));
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  if (authority.find('@') != std::string_view::npos) return bad("user names are not taken");
  size_t host_end = authority.rfind(':');
  if (authority.starts_with('[')) {
    const size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return bad("'[' without ']'");
    url.host = std::string(authority.substr(1, bracket - 1));
    host_end = bracket + 1 < authority.size() ? bracket + 1 : std::string_view::npos;
  } else {
    url.host = std::string(authority.substr(0, host_end));
  }
  if (url.host.empty()) return bad("no host");
  url.port = DefaultPort(url.scheme);
  if (host_end != std::string_view::npos) {
    PARLEY_TRY(url.port, ParsePort(authority.substr(host_end + 1), text));
  }
  return url;
}

}  // namespace parley::net
