// Ephemeral keys ("ek_…") that a server makes for its browser clients: each opens Realtime sessions
// with settings chosen beforehand, until it expires. Kept in memory only; bounded. Thread-safe.
//
// Source of fields, defaults and ranges: the published OpenAI schema of POST
// /v1/realtime/client_secrets and of the older /v1/realtime/sessions.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/api_error.h"
#include "realtime/session_object.h"

namespace parley::gateway {

class ClientSecrets {
 public:
  static constexpr int64_t kLifeMinS = 10;
  static constexpr int64_t kLifeMaxS = 7200;
  static constexpr int64_t kLifeDefaultS = 600;
  static constexpr int64_t kLifeOfOlderS = 60;  // of the older requests, which cannot choose
  static constexpr size_t kSecretsMax = 10'000;
  static constexpr size_t kBytesMax = 64 << 20;  // of all their sessions together

  enum class Kind {
    kClientSecret,          // {expires_after, session} → {value, expires_at, session}
    kSession,               // older: a flat session → the same and client_secret
    kTranscriptionSession,  // older still: of a transcription session
  };

  // What sessions are when nothing is said.
  explicit ClientSecrets(realtime::SessionDefaults defaults) : defaults_(std::move(defaults)) {}

  // The answer's JSON. `now_s`: Unix time. Invalid fields are named by their path, as the protocol
  // does. 429 when as many are in force as may be.
  Parsed<std::string> Issue(Kind kind, std::string_view body, int64_t now_s);

  // What the sessions of a secret begin with: a JSON object for SessionDefaults::patch. nullopt
  // when there is none of that value any more.
  std::optional<std::string> Find(std::string_view value, int64_t now_s) const;

  static bool LooksLikeOne(std::string_view key) { return key.starts_with("ek_"); }

 private:
  struct Secret {
    int64_t expires_at_s = 0;
    std::string patch;
  };
  bool IsFull(size_t more_bytes) const;
  Parsed<std::string> Keep(std::string patch, int64_t expires_at_s, int64_t now_s);

  const realtime::SessionDefaults defaults_;
  mutable std::mutex mutex_;
  std::map<std::string, Secret, std::less<>> secrets_;
  size_t bytes_ = 0;
};

}  // namespace parley::gateway
