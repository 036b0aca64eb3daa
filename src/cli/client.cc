#include "cli/client.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/file.h"

namespace parley::cli {
namespace {

Code CodeOfStatus(int status) {
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return Code::kInvalidArgument;
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kNotFound;
    case 429:
      return Code::kResourceExhausted;
    default:
      return status >= 500 ? Code::kInternal : Code::kUnknown;
  }
}

// {"error": {"message": …}}, else the beginning of the body.
std::string WordsOf(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  const auto pointer = nlohmann::json::json_pointer("/error/message");
  if (!json.is_discarded() && json.contains(pointer) && json[pointer].is_string()) {
    return json[pointer].get<std::string>();
  }
  return body.substr(0, 300);
}

}  // namespace

Client Client::Find(const Settings& settings) {
  Client client;
  client.url_ = settings.client.url;
  if (client.url_.empty()) {
    const auto endpoint = ReadFile(settings.up.endpoint_file, 4096);
    if (endpoint) client.url_ = endpoint->substr(0, endpoint->find_first_of("\r\n"));
  }
  if (client.url_.empty()) client.url_ = "http://127.0.0.1:8080";
  while (client.url_.ends_with('/')) client.url_.pop_back();
  client.key_ = settings.client.key;
  client.verify_tls_ = settings.client.verify_tls;
  return client;
}

net::HttpCall Client::Prepare(net::HttpCall call, std::string_view path) const {
  call.url = url_ + std::string(path);
  if (!key_.empty()) call.headers.Set("Authorization", "Bearer " + key_.Reveal());
  call.trust.verify = verify_tls_;
  return call;
}

Result<net::HttpResponse> Client::Judge(Result<net::HttpResponse> answer) const {
  if (!answer && answer.error().code == Code::kUnavailable) {
    return Fail(Code::kUnavailable, fmt::format("{}; start a server by 'parley up', or name one by "
                                                "--url or PARLEY_URL",
                                                answer.error().message));
  }
  if (!answer || (answer->status >= 200 && answer->status < 300)) return answer;
  std::string words =
      fmt::format("{} answers with status {}: {}", url_, answer->status, WordsOf(answer->body));
  if (answer->status == 401) words += "; give its key by PARLEY_API_KEY or client.key_file";
  return Fail(CodeOfStatus(answer->status), std::move(words));
}

Result<net::HttpResponse> Client::Call(net::HttpCall call, std::string_view path) const {
  return Judge(net::Fetch(Prepare(std::move(call), path)));
}

Result<net::HttpResponse> Client::CallInPieces(
    net::HttpCall call, std::string_view path,
    const std::function<bool(std::string_view)>& on_piece) const {
  return Judge(net::FetchInPieces(Prepare(std::move(call), path), on_piece));
}

}  // namespace parley::cli
