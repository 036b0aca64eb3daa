// A refusal in the words of the OpenAI REST API: {"error": {message, type, param, code}}. Pure.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/result.h"
#include "net/http.h"

namespace parley::gateway {

struct ApiError {
  int status = 400;
  std::string message;
  std::string param;  // the field that is wrong; empty: null
  std::string code;   // for branching, e.g. "model_not_found"; empty: null
};

template <class T>
using Parsed = tl::expected<T, ApiError>;

inline tl::unexpected<ApiError> Refuse(int status, std::string message, std::string param = {},
                                       std::string code = {}) {
  return tl::unexpected<ApiError>(
      ApiError{status, std::move(message), std::move(param), std::move(code)});
}

// The status that an inner failure becomes: 400 for bad input, 404, 429 for exhausted, 503 for
// unavailable, 504 for late, 500 else.
ApiError FromError(const Error& error);

// The JSON alone, and as a response.
std::string ErrorJson(const ApiError& error);
net::HttpResponse ToResponse(const ApiError& error);

}  // namespace parley::gateway
