#include "cli/client_config.h"

#include "catalog/pack.h"

namespace parley::cli {

std::filesystem::path CacheFolder() { return catalog::DefaultModelsDir().parent_path(); }

void BindConfig(config::Binder& binder, ClientConfig& config) {
  binder
      .Field("client.url", &config.url,
             "Base URL of the server that say, transcribe and talk use; empty: the one running on "
             "this machine.")
      .Env("PARLEY_URL")
      .Alias("--url");
  binder.Secret("client.key", &config.key, "Key for that server.").Env("PARLEY_API_KEY");
  binder.Field("client.verify_tls", &config.verify_tls,
               "Off accepts any certificate: for a self-signed one, while developing.");
}

void BindConfig(config::Binder& binder, UpConfig& config) {
  binder
      .Field("up.endpoint_file", &config.endpoint_file,
             "Where parley up writes its base URL once everything is warm.")
      .Alias("--endpoint-file");
  binder
      .Field(
          "up.log_file", &config.log_file,
          "Log of parley up and all it starts; empty: stderr, or up.log in the cache folder when "
          "that is a terminal.")
      .Alias("--log-file");
}

}  // namespace parley::cli
