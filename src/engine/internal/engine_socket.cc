#include "engine/internal/engine_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace parley::engine::internal {
namespace {

Result<UniqueFd> Inherited(std::string_view number) {
  int fd = -1;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), fd);
  int type = 0;
  socklen_t length = sizeof type;
  if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size() || fd < 0 ||
      getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_STREAM) {
    return Fail(Code::kInvalidArgument,
                fmt::format("PARLEY_ENGINE_FD is \"{}\": not the number of a socket that this "
                            "process has inherited",
                            number));
  }
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  return UniqueFd(fd);
}

Result<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Fail(Code::kInvalidArgument,
                fmt::format("the socket path \"{}\" has {} bytes: at most {} are possible", path,
                            path.size(), sizeof address.sun_path - 1));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

Result<UniqueFd> Connected(const std::string& path) {
  PARLEY_TRY(const sockaddr_un address, AddressOf(path));
  const auto* plain = reinterpret_cast<const sockaddr*>(&address);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket && connect(socket.get(), plain, sizeof address) == 0) return socket;
  return Fail(Code::kUnavailable, fmt::format("cannot connect to PARLEY_ENGINE_SOCKET \"{}\": {}",
                                              path, std::strerror(errno)));
}

}  // namespace

Result<UniqueFd> OpenEngineSocket() {
  const char* number = std::getenv("PARLEY_ENGINE_FD");
  const char* path = std::getenv("PARLEY_ENGINE_SOCKET");
  Result<UniqueFd> socket =
      number ? Inherited(number)
      : path ? Connected(path)
             : Result<UniqueFd>(Fail(Code::kFailedPrecondition,
                                     "neither PARLEY_ENGINE_FD nor PARLEY_ENGINE_SOCKET is set: an "
                                     "engine is started by a worker (see --help)"));
  unsetenv("PARLEY_ENGINE_FD");
  unsetenv("PARLEY_ENGINE_SOCKET");
  return socket;
}

Result<SocketPair> MakeSocketPair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Fail(Code::kResourceExhausted,
                fmt::format("no socket left for an engine: {}", std::strerror(errno)));
  }
  return SocketPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<UniqueFd> ListenForEngine(const std::string& path) {
  PARLEY_TRY(const sockaddr_un address, AddressOf(path));
  const auto* plain = reinterpret_cast<const sockaddr*>(&address);
  unlink(path.c_str());
  UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // The mode is set before anyone can connect: nothing listens until then.
  if (listener && bind(listener.get(), plain, sizeof address) == 0 &&
      chmod(path.c_str(), 0600) == 0 && listen(listener.get(), 1) == 0) {
    return listener;
  }
  return Fail(Code::kUnavailable,
              fmt::format("cannot listen for an engine on \"{}\": {}", path, std::strerror(errno)));
}

}  // namespace parley::engine::internal
