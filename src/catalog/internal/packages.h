// Archives from package registries, fetched by their ordinary clients: `pip download` and
// `npm pack`, without dependencies, without running anything of the package.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "catalog/progress.h"
#include "catalog/source.h"

namespace parley::catalog::internal {

struct PackageClients {
  std::string python = "python3";
  std::string npm = "npm";
};

// Keeps the archives it fetched in `folder` until it is destroyed, since several files often come
// from one package; one left by an earlier run that was cut off is used again. One sequence.
class PackageCache {
 public:
  PackageCache(std::filesystem::path folder, PackageClients clients);
  ~PackageCache();
  PackageCache(const PackageCache&) = delete;
  PackageCache& operator=(const PackageCache&) = delete;

  // The path of the archive. `part.kind` is kPypi or kNpm. kNotFound when the client is missing,
  // kUnavailable when it could not get the package, with its last words.
  Result<std::filesystem::path> Get(const Part& part, Work& work);

 private:
  const std::filesystem::path folder_;
  const PackageClients clients_;
};

}  // namespace parley::catalog::internal
