// Looking into foreign JSON: each look says which path it was at when it finds something else.
#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/json_depth.h"
#include "realtime/protocol_error.h"

namespace parley::realtime {

using Json = nlohmann::ordered_json;

// "a string", "an object", … as an error message names what it found.
inline std::string_view KindName(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::boolean:
      return "a boolean";
    case Json::value_t::string:
      return "a string";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "an array";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return "an integer";
    default:
      return "a number";
  }
}

inline tl::unexpected<ProtocolError> RefuseKind(const std::string& path, std::string_view expected,
                                                const Json& found) {
  return Refuse("invalid_value",
                fmt::format("Invalid type for '{}': expected {}, but got {} instead.", path,
                            expected, KindName(found)),
                path);
}

inline tl::unexpected<ProtocolError> RefuseMissing(const std::string& path) {
  return Refuse("missing_required_parameter",
                fmt::format("Missing required parameter: '{}'.", path), path);
}

inline tl::unexpected<ProtocolError> RefuseValue(const std::string& path, std::string_view found,
                                                 std::string_view allowed) {
  return Refuse(
      "invalid_value",
      fmt::format("Invalid value: '{}'. Supported values for '{}': {}.", found, path, allowed),
      path);
}

// The value under `key`, or nullptr.
inline const Json* Find(const Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

// Every key of the object must be one of those named.
inline Parsed<void> OnlyKnown(const Json& object, const std::string& path,
                              std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : object.items()) {
    bool found = false;
    for (const std::string_view name : known) found = found || name == key;
    if (!found) {
      const std::string full = path.empty() ? key : fmt::format("{}.{}", path, key);
      return Refuse("unknown_parameter", fmt::format("Unknown parameter: '{}'.", full), full);
    }
  }
  return {};
}

// Absent and null leave it as it is.
inline Parsed<void> ReadBool(const Json& object, const std::string& path, std::string_view key,
                             bool& into) {
  const Json* value = Find(object, key);
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_boolean()) return RefuseKind(fmt::format("{}.{}", path, key), "a boolean", *value);
  into = value->get<bool>();
  return {};
}

inline Parsed<std::string> RequiredString(const Json& object, const std::string& path,
                                          std::string_view key) {
  const std::string full = path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
  const Json* value = Find(object, key);
  if (value == nullptr) return RefuseMissing(full);
  if (!value->is_string()) return RefuseKind(full, "a string", *value);
  return value->get<std::string>();
}

// Absent and null give the default.
inline Parsed<std::string> OptionalString(const Json& object, const std::string& path,
                                          std::string_view key) {
  const Json* value = Find(object, key);
  if (value == nullptr || value->is_null()) return std::string();
  return RequiredString(object, path, key);
}

// Deeper nesting than any event has.
inline constexpr int kJsonDepthMax = 32;

inline bool TooDeep(std::string_view json) { return NestsDeeper(json, kJsonDepthMax); }

inline std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace parley::realtime
