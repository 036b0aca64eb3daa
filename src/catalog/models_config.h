// [models] of the configuration: where models lie and where they may come from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/secret.h"
#include "catalog/pack.h"
#include "config/binder.h"

namespace parley::catalog {

inline constexpr const char* kCosyVoiceId = "cosyvoice2-default";

// Where deployments of CosyVoice have always kept it; each may be empty.
struct CosyVoicePlaces {
  std::filesystem::path model;          // a model's folder
  std::string model_id = kCosyVoiceId;  // its name here
  std::filesystem::path voicepacks;     // model cosyvoice2-X is the folder X in it
  // Without `model`: that repository's snapshot in a cache of the hub's client.
  std::string hf_repo = "FunAudioLLM/CosyVoice2-0.5B";
  std::filesystem::path hf_cache;
};

struct ModelsConfig {
  std::filesystem::path dir = DefaultModelsDir();
  std::filesystem::path catalog;  // empty: the one built in
  std::string hub_endpoint;       // base URL for hf: sources; empty: they are skipped
  Secret hub_token;
  CosyVoicePlaces cosyvoice;
};

// The packs in `config.dir`, and those that stand elsewhere; of two of one id the first counts. A
// broken one is an entry of `problems` when that is given.
std::vector<Pack> ListPacks(const ModelsConfig& config, std::vector<Error>* problems = nullptr);

void BindConfig(config::Binder& binder, ModelsConfig& config);

}  // namespace parley::catalog
