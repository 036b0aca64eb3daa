#include "rpc/channel.h"

#include <charconv>

namespace parley::rpc {

Status TlsConfig::Validate() const {
  if (certificate_file.empty() != key_file.empty()) {
    return Fail(Code::kInvalidArgument,
                "tls.certificate_file and tls.key_file must be set together; now " +
                    std::string(key_file.empty() ? "key_file" : "certificate_file") + " is empty");
  }
  return {};
}

bool IsUnixAddress(const std::string& address) { return address.starts_with("unix:"); }

bool IsLoopbackAddress(const std::string& address) {
  return IsUnixAddress(address) || address.starts_with("localhost:") ||
         address.starts_with("127.") || address.starts_with("[::1]:");
}

Status ValidateAddress(const std::string& address) {
  const std::string what = "address '" + address + "' ";
  if (IsUnixAddress(address)) {
    // sun_path holds 108 bytes with the final zero.
    const size_t length = address.size() - 5;
    if (length == 0 || address[5] != '/') {
      return Fail(Code::kInvalidArgument, what + "must name an absolute path after 'unix:'");
    }
    if (length > 107) {
      return Fail(Code::kInvalidArgument, what + "has a path of " + std::to_string(length) +
                                              " bytes; a Unix socket's may have 107");
    }
    return {};
  }
  const size_t colon = address.rfind(':');
  int port = -1;
  if (colon != std::string::npos && colon > 0) {
    const char* end = address.data() + address.size();
    const auto [rest, error] = std::from_chars(address.data() + colon + 1, end, port);
    if (error != std::errc() || rest != end) port = -1;
  }
  if (port < 0 || port > 65535) {
    return Fail(Code::kInvalidArgument, what + "must be 'unix:/path' or 'host:port'");
  }
  return {};
}

}  // namespace parley::rpc
