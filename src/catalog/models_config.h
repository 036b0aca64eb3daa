// [models] of the configuration: where models lie and where they may come from.
#pragma once

#include <filesystem>
#include <string>

#include "base/secret.h"
#include "catalog/pack.h"
#include "config/binder.h"

namespace parley::catalog {

struct ModelsConfig {
  std::filesystem::path dir = DefaultModelsDir();
  std::filesystem::path catalog;  // empty: the one built in
  std::string hub_endpoint;       // base URL for hf: sources; empty: they are skipped
  Secret hub_token;
};

void BindConfig(config::Binder& binder, ModelsConfig& config);

}  // namespace parley::catalog
