// [client] and [up] of the configuration: where the commands that talk to a server find it, and
// what `parley up` leaves where.
#pragma once

#include <filesystem>
#include <string>

#include "base/secret.h"
#include "config/binder.h"

namespace parley::cli {

// ${PARLEY_CACHE:-$HOME/.cache/parley}.
std::filesystem::path CacheFolder();

struct ClientConfig {
  std::string
      url;  // empty: the running server's by up.endpoint_file, else port 8080 of this machine
  Secret key;
  bool verify_tls = true;  // off for a self-signed development certificate
};

struct UpConfig {
  std::filesystem::path endpoint_file = CacheFolder() / "endpoint";
  std::filesystem::path log_file;  // empty: stderr, or CacheFolder()/up.log if that is a terminal
};

void BindConfig(config::Binder& binder, ClientConfig& config);
void BindConfig(config::Binder& binder, UpConfig& config);

}  // namespace parley::cli
