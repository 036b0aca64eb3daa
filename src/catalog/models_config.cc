#include "catalog/models_config.h"

namespace parley::catalog {

void BindConfig(config::Binder& binder, ModelsConfig& config) {
  binder.Field("models.dir", &config.dir,
               "Where models lie, a folder each; a pull needs room there for twice the model.");
  binder.Field("models.catalog", &config.catalog,
               "A catalogue in place of the one built in; empty: built in.");
  binder.Field("models.hub_endpoint", &config.hub_endpoint,
               "Base URL of the hub that serves hf: sources; HF_ENDPOINT is used when this is "
               "empty, and without both such sources are skipped.");
  binder.Secret("models.hub_token", &config.hub_token,
                "Token for gated models of the hub; sent to it alone, never where it redirects.");
}

}  // namespace parley::catalog
