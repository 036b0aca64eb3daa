#include "gateway/client_secrets.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json_depth.h"
#include "realtime/beta_dialect.h"
#include "realtime/ids.h"

namespace parley::gateway {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kJsonDepthMax = 32;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ApiError FromProtocol(const realtime::ProtocolError& error) {
  return {400, error.message, error.param, error.code};
}

// An empty body is an empty object.
Parsed<Json> ObjectOf(std::string_view body) {
  if (body.find_first_not_of(" \r\n\t") == std::string_view::npos) return Json::object();
  Json json = NestsDeeper(body, kJsonDepthMax) ? Json() : Json::parse(body, nullptr, false);
  if (json.is_object()) return json;
  return Refuse(400,
                "The body is not a JSON object. Send e.g. {\"session\": {\"type\": \"realtime\"}}.",
                "", "invalid_json");
}

Parsed<int64_t> LifeOf(const Json& body) {
  const auto after = body.find("expires_after");
  if (after == body.end() || after->is_null()) return ClientSecrets::kLifeDefaultS;
  if (!after->is_object()) {
    return Refuse(400, "Invalid type for 'expires_after': expected an object.", "expires_after",
                  "invalid_type");
  }
  if (const auto anchor = after->find("anchor");
      anchor != after->end() && *anchor != "created_at") {
    return Refuse(400, "Supported values for 'expires_after.anchor': 'created_at'.",
                  "expires_after.anchor", "invalid_value");
  }
  const auto seconds = after->find("seconds");
  if (seconds == after->end() || seconds->is_null()) return ClientSecrets::kLifeDefaultS;
  const double life = seconds->is_number_integer() ? seconds->get<double>() : -1;
  if (life >= ClientSecrets::kLifeMinS && life <= ClientSecrets::kLifeMaxS) {
    return static_cast<int64_t>(life);
  }
  return Refuse(
      400,
      fmt::format("Invalid value for 'expires_after.seconds': expected an integer from {} "
                  "to {}.",
                  ClientSecrets::kLifeMinS, ClientSecrets::kLifeMaxS),
      "expires_after.seconds", "invalid_value");
}

// The session as the current dialect's patch.
std::string PatchOf(const Json& body, ClientSecrets::Kind kind) {
  if (kind != ClientSecrets::Kind::kClientSecret) {
    return realtime::SessionFromBeta(Dump(body),
                                     kind == ClientSecrets::Kind::kTranscriptionSession);
  }
  Json session = body.value("session", Json());
  if (session.is_null()) session = Json::object();
  if (session.is_object() && !session.contains("type")) session["type"] = "realtime";
  return Dump(session);
}

}  // namespace

Parsed<std::string> ClientSecrets::Issue(Kind kind, std::string_view body, int64_t now_s) {
  const auto json = ObjectOf(body);
  if (!json) return tl::unexpected(json.error());
  int64_t life_s = kLifeOfOlderS;
  if (kind == Kind::kClientSecret) {
    const auto chosen = LifeOf(*json);
    if (!chosen) return tl::unexpected(chosen.error());
    life_s = *chosen;
  }
  std::string patch = PatchOf(*json, kind);
  realtime::SessionDefaults defaults = defaults_;
  if (const auto merged = realtime::SessionObject(defaults).Merge(patch, false); !merged) {
    return tl::unexpected(FromProtocol(merged.error()));
  }
  defaults.patch = patch;
  const realtime::SessionObject session(defaults);
  const int64_t expires_at_s = now_s + life_s;
  auto value = Keep(std::move(patch), expires_at_s, now_s);
  if (!value) return value;
  if (kind == Kind::kClientSecret) {
    return Dump({{"value", *value},
                 {"expires_at", expires_at_s},
                 {"session", Json::parse(session.ToJson())}});
  }
  Json answer = Json::parse(realtime::SessionToBeta(session.ToJson()));
  answer["client_secret"] = {{"value", *value}, {"expires_at", expires_at_s}};
  return Dump(answer);
}

bool ClientSecrets::IsFull(size_t more_bytes) const {
  return secrets_.size() >= kSecretsMax || bytes_ + more_bytes > kBytesMax;
}

Parsed<std::string> ClientSecrets::Keep(std::string patch, int64_t expires_at_s, int64_t now_s) {
  const std::lock_guard lock(mutex_);
  if (IsFull(patch.size())) {
    std::erase_if(secrets_, [this, now_s](const auto& one) {
      if (one.second.expires_at_s > now_s) return false;
      bytes_ -= one.second.patch.size();
      return true;
    });
  }
  if (IsFull(patch.size())) {
    return Refuse(429,
                  fmt::format("{} client secrets are in force, which is all that fit; let some "
                              "expire.",
                              secrets_.size()),
                  "", "rate_limit_exceeded");
  }
  bytes_ += patch.size();
  std::string value = realtime::NewId("ek");
  secrets_.emplace(value, Secret{expires_at_s, std::move(patch)});
  return value;
}

std::optional<std::string> ClientSecrets::Find(std::string_view value, int64_t now_s) const {
  const std::lock_guard lock(mutex_);
  const auto found = secrets_.find(value);
  if (found == secrets_.end() || found->second.expires_at_s <= now_s) return std::nullopt;
  return found->second.patch;
}

}  // namespace parley::gateway
