// A client's mistake, in the words of the Realtime protocol. It becomes an `error` event; the
// session goes on.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace parley::realtime {

struct ProtocolError {
  std::string type = "invalid_request_error";
  std::string code;      // e.g. "unknown_parameter"; empty: null
  std::string message;   // what was wrong, and the values that are right
  std::string param;     // path such as "session.audio.output.speed"; empty: null
  std::string event_id;  // the client's id of the event; empty: null
  bool operator==(const ProtocolError&) const = default;
};

template <class T>
using Parsed = tl::expected<T, ProtocolError>;

inline tl::unexpected<ProtocolError> Refuse(std::string code, std::string message,
                                            std::string param = {}) {
  return tl::unexpected<ProtocolError>(ProtocolError{
      .code = std::move(code), .message = std::move(message), .param = std::move(param)});
}

}  // namespace parley::realtime
