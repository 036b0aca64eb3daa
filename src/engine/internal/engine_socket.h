// How the two ends of an engine's connection come to be.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace parley::engine::internal {

// The engine program's end: takes the descriptor of PARLEY_ENGINE_FD, or connects to the path of
// PARLEY_ENGINE_SOCKET; both variables are removed and the descriptor is closed on exec, so that no
// grandchild holds it. With an inherited descriptor the process also ends with its parent
// (PR_SET_PDEATHSIG). kFailedPrecondition when neither is set; kInvalidArgument or kUnavailable
// when it is of no use.
Result<UniqueFd> OpenEngineSocket();

struct SocketPair {
  UniqueFd worker;
  UniqueFd engine;
};
Result<SocketPair> MakeSocketPair();

// The worker's side of PARLEY_ENGINE_SOCKET: a socket file of mode 0600, which replaces one that a
// dead worker left behind. Not blocking.
Result<UniqueFd> ListenForEngine(const std::string& path);

}  // namespace parley::engine::internal
