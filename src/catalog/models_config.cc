#include "catalog/models_config.h"

#include <algorithm>

#include "catalog/internal/cosyvoice_packs.h"

namespace parley::catalog {
namespace {

void BindCosyVoice(config::Binder& binder, CosyVoicePlaces& places) {
  binder
      .Field(
          "models.cosyvoice_path", &places.model,
          "Folder of a CosyVoice 2 model as its authors publish it; it is then the default voice "
          "unless worker.default_voice names another.")
      .Also("COSYVOICE_MODEL_PATH");
  binder
      .Field("models.cosyvoice_voicepacks", &places.voicepacks,
             "Folder of such folders: X in it is the model cosyvoice2-X.")
      .Also("COSYVOICE_VOICEPACK_DIR");
  binder
      .Field(
          "models.cosyvoice_hf_repo", &places.hf_repo,
          "Repository whose snapshot in cosyvoice_hf_cache is used where cosyvoice_path is empty.")
      .Also("COSYVOICE_HF_REPO");
  binder
      .Field("models.cosyvoice_hf_cache", &places.hf_cache,
             "A cache folder of the hub's client, with models--ORG--NAME folders; empty: none.")
      .Also("COSYVOICE_HF_CACHE");
}

}  // namespace

std::vector<Pack> ListPacks(const ModelsConfig& config, std::vector<Error>* problems) {
  std::vector<Pack> packs = ListPacks(config.dir, problems);
  for (Pack& pack : internal::CosyVoicePacks(config.cosyvoice, problems)) {
    const bool known = std::any_of(packs.begin(), packs.end(),
                                   [&](const Pack& other) { return other.id == pack.id; });
    if (!known) packs.push_back(std::move(pack));
  }
  return packs;
}

void BindConfig(config::Binder& binder, ModelsConfig& config) {
  binder.Field("models.dir", &config.dir,
               "Where models lie, a folder each; a pull needs room there for twice the model.");
  binder.Field("models.catalog", &config.catalog,
               "A catalogue in place of the one built in; empty: built in.");
  binder.Field("models.hub_endpoint", &config.hub_endpoint,
               "Base URL of the hub that serves hf: sources; HF_ENDPOINT is used when this is "
               "empty, and without both such sources are skipped.");
  BindCosyVoice(binder, config.cosyvoice);
  binder.Secret("models.hub_token", &config.hub_token,
                "Token for gated models of the hub; sent to it alone, never where it redirects.");
}

}  // namespace parley::catalog
