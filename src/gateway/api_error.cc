#include "gateway/api_error.h"

#include <nlohmann/json.hpp>

namespace parley::gateway {
namespace {

std::string_view TypeOf(const ApiError& error) {
  if (error.status == 401) return "authentication_error";
  if (error.status == 403) return "permission_error";
  if (error.status == 429) return "rate_limit_error";
  return error.status >= 500 ? "server_error" : "invalid_request_error";
}

}  // namespace

ApiError FromError(const Error& error) {
  int status = 500;
  switch (error.code) {
    case Code::kInvalidArgument:
    case Code::kOutOfRange:
    case Code::kDataLoss:
      status = 400;
      break;
    case Code::kNotFound:
      status = 404;
      break;
    case Code::kResourceExhausted:
      status = 429;
      break;
    case Code::kUnavailable:
    case Code::kAborted:
    case Code::kCancelled:
      status = 503;
      break;
    case Code::kDeadlineExceeded:
      status = 504;
      break;
    case Code::kUnimplemented:
      status = 501;
      break;
    default:
      break;
  }
  return {status, error.message, "", std::string(CodeName(error.code))};
}

std::string ErrorJson(const ApiError& error) {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
  };
  const nlohmann::ordered_json json = {{"error",
                                        {{"message", error.message},
                                         {"type", TypeOf(error)},
                                         {"param", text_or_null(error.param)},
                                         {"code", text_or_null(error.code)}}}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

net::HttpResponse ToResponse(const ApiError& error) {
  net::HttpResponse response = net::JsonResponse(error.status, ErrorJson(error));
  if (error.status == 401) response.headers.Add("WWW-Authenticate", "Bearer");
  if (error.status == 429 || error.status == 503) response.headers.Add("Retry-After", "1");
  return response;
}

}  // namespace parley::gateway
