// All that parley-gateway reads from the configuration.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "catalog/models_config.h"
#include "config/binder.h"
#include "dialogue/llm_config.h"
#include "gateway/config.h"
#include "registry/redis_config.h"
#include "router/router_config.h"
#include "session/session.h"

namespace parley::gateway {

struct Settings {
  GatewayConfig gateway;
  router::RouterConfig router;
  registry::RedisConfig redis;
  session::Session::Config session;
  dialogue::LlmConfig llm;
  catalog::ModelsConfig models;
  std::string log_level = "info";
  // Models of the catalogue that run inside the gateway.
  std::string vad_model = "vad/silero";
  std::string end_of_turn_model = "endpoint/smart-turn-v3.2";  // empty: rules alone decide

  Status Validate() const;

  // How a session begins: [session], and what [llm] says of every conversation.
  session::Session::Config SessionConfig() const;
};

// [gateway], [names], [router] and [session]: what no other program reads.
void BindOwnSettings(config::Binder& binder, Settings& settings);

// All of it. Also leaves alone the sections of one configuration file that are other programs'.
void BindSettings(config::Binder& binder, Settings& settings);

}  // namespace parley::gateway
