// Folders of CosyVoice 2 that lie where its own deployments keep them, as packs: as their authors
// publish them, without a model.toml, or with one. Reads folders, changes nothing.
#pragma once

#include <vector>

#include "base/result.h"
#include "catalog/models_config.h"
#include "catalog/pack.h"

namespace parley::catalog::internal {

// What cannot be used is an entry of `problems` when that is given.
std::vector<Pack> CosyVoicePacks(const CosyVoicePlaces& places, std::vector<Error>* problems);

}  // namespace parley::catalog::internal
