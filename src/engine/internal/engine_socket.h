// The engine program's end of the connection to its worker.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

namespace parley::engine::internal {

// Takes the descriptor of PARLEY_ENGINE_FD, or connects to the path of PARLEY_ENGINE_SOCKET; both
// variables are removed and the descriptor is closed on exec, so that no grandchild holds it. With
// an inherited descriptor the process also ends with its parent (PR_SET_PDEATHSIG).
// kFailedPrecondition when neither is set; kInvalidArgument or kUnavailable when it is of no use.
Result<UniqueFd> OpenEngineSocket();

}  // namespace parley::engine::internal
