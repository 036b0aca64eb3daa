// What parley-gateway and parley-worker are configured by, as far as `parley` itself knows of it:
// it documents these settings, refuses wrong ones before it starts the programs, and looks for
// engines where the worker does.
#pragma once

#include "gateway/settings.h"
#include "registry/redis_config.h"
#include "worker/worker_config.h"

namespace parley::cli {

struct ServerSettings {
  gateway::Settings gateway;  // [gateway], [names], [router] and [session] alone
  worker::WorkerConfig worker;
  registry::RedisConfig redis;
};

}  // namespace parley::cli
