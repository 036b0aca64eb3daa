// Where a worker is and how to reach it: shared by server and clients.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace parley::rpc {

// Files in PEM. Empty `certificate_file`: no TLS on a server; empty everything: none on a client.
struct TlsConfig {
  std::string certificate_file;  // own certificate chain
  std::string key_file;          // its key
  // The authorities that the other side's certificate must come from. On a server: clients must
  // present one (mutual TLS). On a client: empty means that TLS is off.
  std::string ca_file;
  // On a client: the name that the worker's certificate must carry, when it is not the address.
  std::string server_name;

  // Certificate and key stand together or not at all.
  Status Validate() const;
};

// An address is "unix:/path/to.sock" or "host:port" (also "[v6]:port").
bool IsUnixAddress(const std::string& address);
// True for Unix sockets and addresses of this machine: "localhost", 127.x.y.z, [::1].
bool IsLoopbackAddress(const std::string& address);
// kInvalidArgument, saying what an address looks like.
Status ValidateAddress(const std::string& address);

// A whole message in bytes, as both sides accept it: a voice prompt of 30 s at 48 kHz is 2.9 MB.
inline constexpr int kMessageBytesMax = 8 * 1024 * 1024;

}  // namespace parley::rpc
