// What a worker says of itself in the registry, and its JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ports/model_host.h"

namespace parley::registry {

struct Announcement {
  std::string instance;  // of one process's life: never used again
  std::string host;      // its machine: a Unix address means something only there
  std::string address;   // as gateways reach it, "host:port" or "unix:/path"
  std::string zone;      // empty: none
  int metrics_port = 0;  // 0: none

  // What it has to do, beside the models' own `in_use`.
  int waiting = 0;                // requests that wait for a slot or model
  double first_audio_p50_ms = 0;  // lately; 0: nothing was said yet
  double first_audio_p95_ms = 0;

  // `worker_id` is its name, by which people know it and of which there is one at a time.
  ports::WorkerCapabilities capabilities;

  bool operator==(const Announcement&) const = default;
};

// At most this long: 64 models with all that is to be said of them.
inline constexpr size_t kAnnouncementBytesMax = 256 * 1024;

std::string ToJson(const Announcement& announcement);

// Foreign bytes: kInvalidArgument for what is none, too long, or lacks instance, address or name.
// Unknown fields are ignored, absent ones are their defaults.
Result<Announcement> FromJson(std::string_view json);

}  // namespace parley::registry
