#include "base/result.h"

#include <array>
#include <utility>

namespace parley {
namespace {

constexpr std::array<std::pair<Code, std::string_view>, 16> kNames{{
    {Code::kCancelled, "cancelled"},
    {Code::kUnknown, "unknown"},
    {Code::kInvalidArgument, "invalid_argument"},
    {Code::kDeadlineExceeded, "deadline_exceeded"},
    {Code::kNotFound, "not_found"},
    {Code::kAlreadyExists, "already_exists"},
    {Code::kPermissionDenied, "permission_denied"},
    {Code::kResourceExhausted, "resource_exhausted"},
    {Code::kFailedPrecondition, "failed_precondition"},
    {Code::kAborted, "aborted"},
    {Code::kOutOfRange, "out_of_range"},
    {Code::kUnimplemented, "unimplemented"},
    {Code::kInternal, "internal"},
    {Code::kUnavailable, "unavailable"},
    {Code::kDataLoss, "data_loss"},
    {Code::kUnauthenticated, "unauthenticated"},
}};

}  // namespace

std::string_view CodeName(Code code) {
  for (const auto& [known, name] : kNames) {
    if (known == code) return name;
  }
  return "unknown";
}

Code CodeFromName(std::string_view name) {
  for (const auto& [code, known] : kNames) {
    if (known == name) return code;
  }
  return Code::kUnknown;
}

}  // namespace parley
