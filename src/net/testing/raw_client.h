// A TCP connection on loopback that sends exactly the bytes it is told, for tests of what no proper
// client would send. Blocking, with a time limit of 10 s on each read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace parley::net::testing {

class RawClient {
 public:
  explicit RawClient(uint16_t port);

  bool connected() const { return static_cast<bool>(fd_); }
  // False when the peer has closed.
  bool Send(std::string_view bytes);
  // Everything until the peer closes, or until `until` has come.
  std::string ReadUntil(std::string_view until);
  std::string ReadToEnd() { return ReadUntil(""); }
  void ShutdownSend();
  // Closes with a reset instead of an orderly end.
  void Reset();
  // Smallest receive buffer that the kernel gives, so that a peer's writes stall soon.
  void ShrinkReceiveBuffer();

 private:
  UniqueFd fd_;
};

// A masked client frame (RFC 6455 §5.2) with an all-zero mask. `opcode`: 1 text, 2 binary, 8 close,
// 9 ping.
std::string WebSocketFrame(int opcode, std::string_view payload, bool final = true);

}  // namespace parley::net::testing
