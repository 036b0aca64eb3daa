// The one vocabulary of failure. A function that can fail in ways its caller should expect returns
// `Result<T>`; broken promises between our own parts abort (base/check.h). `Code` is for branching,
// the message is for people: it says what was tried, with which value, against which limit, and how
// to mend it.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace parley {

// A subset of gRPC's canonical status codes, with their numbers, so that `rpc/` maps one to one.
enum class Code {
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// The name as it stands in logs, metrics and the engine protocol: "invalid_argument".
std::string_view CodeName(Code code);

// The code of a name that CodeName gave; kUnknown for any other.
Code CodeFromName(std::string_view name);

struct Error {
  Code code = Code::kUnknown;
  std::string message;

  bool operator==(const Error&) const = default;
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

using Status = Result<void>;

// `return Fail(Code::kNotFound, "…")` from any function that returns a Result.
inline tl::unexpected<Error> Fail(Code code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}
inline tl::unexpected<Error> Fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace parley

// Evaluates a Result; on failure returns its error from the enclosing function.
//   PARLEY_TRY(const std::string text, ReadFile(path, 1 << 20));
#define PARLEY_TRY_CONCAT_(a, b) a##b
#define PARLEY_TRY_NAME_(line) PARLEY_TRY_CONCAT_(parley_try_, line)
#define PARLEY_TRY(declaration, expression)                               \
  auto PARLEY_TRY_NAME_(__LINE__) = (expression);                         \
  if (!PARLEY_TRY_NAME_(__LINE__))                                        \
    return ::parley::Fail(std::move(PARLEY_TRY_NAME_(__LINE__).error())); \
  declaration = std::move(*PARLEY_TRY_NAME_(__LINE__))

// The same for a Status, which has no value.
#define PARLEY_TRY_STATUS(expression)                              \
  do {                                                             \
    if (auto parley_try_status = (expression); !parley_try_status) \
      return ::parley::Fail(std::move(parley_try_status.error())); \
  } while (false)
