#include "gateway/page.h"

#include <fmt/format.h>

#include <cstdint>

#include "gateway/internal/embedded_file.h"

namespace parley::gateway {
namespace {

// FNV-1a, 64 bits: tells two builds of a file apart, which is all an ETag must.
uint64_t Fingerprint(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// 'self' does not cover WebSockets in every browser, so the own host is named, if it is one.
std::string PolicyFor(const net::HttpRequest& request) {
  const std::string_view host = request.headers.Get("host");
  const bool plain = !host.empty() && host.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789.-:[]") == std::string_view::npos;
  const std::string socket = plain ? fmt::format(" {}://{}", request.tls ? "wss" : "ws", host) : "";
  return fmt::format(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
      "media-src 'self' blob:; worker-src 'self'; connect-src 'self'{}; base-uri 'none'; "
      "form-action 'self'; frame-ancestors 'none'",
      socket);
}

}  // namespace

Page::Page() {
  for (size_t i = 0; i < kEmbeddedFileCount; ++i) {
    const EmbeddedFile& file = kEmbeddedFiles[i];
    File served{file.bytes, net::ContentTypeOf(file.name),
                fmt::format("\"{:016x}\"", Fingerprint(file.bytes))};
    if (file.name == "index.html") files_["/"] = served;
    if (file.name == "console.html") files_["/console"] = served;
    files_["/" + std::string(file.name)] = std::move(served);
  }
}

std::optional<net::HttpResponse> Page::Answer(const net::HttpRequest& request) const {
  const auto found = files_.find(request.path);
  if (found == files_.end()) return std::nullopt;
  const File& file = found->second;
  net::HttpResponse response;
  response.headers = {{"ETag", file.etag},
                      {"Cache-Control", "no-cache"},
                      {"Content-Security-Policy", PolicyFor(request)},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Permissions-Policy", "microphone=(self)"}};
  if (request.headers.Get("if-none-match") == file.etag) {
    response.status = 304;
    return response;
  }
  response.headers.Add("Content-Type", std::string(file.content_type));
  response.body = std::string(file.bytes);
  return response;
}

}  // namespace parley::gateway
