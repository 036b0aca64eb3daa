// The interpreter of an engine that is written in Python.
#pragma once

#include <string>

#include "base/result.h"
#include "catalog/engine_manifest.h"

namespace parley::worker {

// The environment's own interpreter, or the newest of the system's in the range that the manifest
// gives. Wrapper scripts in the PATH are passed over: they would need the user's home. kNotFound or
// kFailedPrecondition say how to mend it.
Result<std::string> FindPython(const catalog::EngineManifest& engine);

}  // namespace parley::worker
