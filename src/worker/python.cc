#include "worker/python.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace parley::worker {
namespace {

namespace fs = std::filesystem;
using Python = catalog::EngineManifest::Python;

constexpr int kNewestMinor = 30;

bool IsInRange(const Python& python, int minor) {
  return minor >= python.minor_min && minor < python.minor_end;
}

std::string RangeText(const Python& python) {
  std::string text = "3." + std::to_string(python.minor_min) + " or newer";
  if (python.minor_end <= kNewestMinor) {
    text += ", but older than 3." + std::to_string(python.minor_end);
  }
  return text;
}

bool IsBinary(const fs::path& path) {
  if (::access(path.c_str(), X_OK) != 0) return false;
  char head[2] = {};
  std::ifstream(path, std::ios::binary).read(head, sizeof head);
  return head[0] != '#' || head[1] != '!';
}

// "version = 3.11.7" or "version_info = 3.11.7" of a pyvenv.cfg; −1: it says none.
int EnvironmentMinor(const fs::path& environment) {
  std::ifstream config(environment / "pyvenv.cfg");
  for (std::string line; std::getline(config, line);) {
    const size_t at = line.find("= 3.");
    if (line.starts_with("version") && at != std::string::npos) {
      return std::atoi(line.c_str() + at + 4);
    }
  }
  return -1;
}

Result<std::string> OfEnvironment(const catalog::EngineManifest& engine) {
  const fs::path& environment = engine.python->environment;
  const fs::path python = environment / "bin/python";
  if (!IsBinary(python)) {
    return Fail(Code::kNotFound, "engine '" + engine.name + "' lacks its environment " +
                                     environment.string() + ": make it with a Python " +
                                     RangeText(*engine.python) + " by 'python3 -m venv " +
                                     environment.string() + "' and install what it needs there");
  }
  const int minor = EnvironmentMinor(environment);
  if (minor < 0 || IsInRange(*engine.python, minor)) return python.string();
  return Fail(Code::kFailedPrecondition, "engine '" + engine.name + "': its environment " +
                                             environment.string() + " is of Python 3." +
                                             std::to_string(minor) + "; it needs " +
                                             RangeText(*engine.python) + ": make it anew");
}

}  // namespace

Result<std::string> FindPython(const catalog::EngineManifest& engine) {
  const Python& python = *engine.python;
  if (!python.environment.empty()) return OfEnvironment(engine);
  const char* path = std::getenv("PATH");
  const std::string folders =
      std::string("/usr/local/bin:/usr/bin:") + (path == nullptr ? "" : path);
  for (int minor = std::min(python.minor_end, kNewestMinor) - 1; minor >= python.minor_min;
       --minor) {
    std::istringstream list(folders);
    for (std::string folder; std::getline(list, folder, ':');) {
      const fs::path candidate = fs::path(folder) / ("python3." + std::to_string(minor));
      if (IsBinary(candidate)) return candidate.string();
    }
  }
  return Fail(Code::kNotFound, "engine '" + engine.name + "' needs a Python " + RangeText(python) +
                                   ", and none is in the PATH");
}

}  // namespace parley::worker
