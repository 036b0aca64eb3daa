// Reads and writes the fields of JSON objects by one description: a function Fields(io, value)
// names each field once, and works with a FieldReader or a FieldWriter. Only for messages.cc: it
// shows nlohmann/json.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace parley::engine::internal {

using Json = nlohmann::json;

template <class T>
struct Range {
  T min = std::numeric_limits<T>::lowest();
  T max = std::numeric_limits<T>::max();
};

// Enumerations and the like specialise this: static const std::vector<std::pair<T, const char*>>
// all.
template <class T>
struct Names;

class FieldWriter {
 public:
  explicit FieldWriter(Json& object) : object_(object) {}

  template <class T, class... Rules>
  void Required(const char* name, const T& value, const Rules&...) {
    object_[name] = ToJson(value);
  }
  // What is empty is left out.
  template <class T, class... Rules>
  void Optional(const char* name, const T& value, const Rules&...) {
    Json json = ToJson(value);
    if (json.is_null() || ((json.is_string() || json.is_structured()) && json.empty())) return;
    if (json.is_string() && json.get_ref<const std::string&>().empty()) return;
    object_[name] = std::move(json);
  }

 private:
  template <class T>
  static Json ToJson(const T& value) {
    if constexpr (requires { Names<T>::all; }) {
      for (const auto& [known, name] : Names<T>::all) {
        if (known == value) return name;
      }
      return nullptr;
    } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
      return value;
    } else {
      Json object = Json::object();
      FieldWriter writer(object);
      Fields(writer, value);
      return object;
    }
  }
  template <class T>
  static Json ToJson(const std::optional<T>& value) {
    return value ? ToJson(*value) : Json(nullptr);
  }
  template <class T>
  static Json ToJson(const std::vector<T>& values) {
    Json list = Json::array();
    for (const T& value : values) list.push_back(ToJson(value));
    return list;
  }
  template <class T>
  static Json ToJson(const std::map<std::string, T>& values) {
    Json object = Json::object();
    for (const auto& [name, value] : values) object[name] = ToJson(value);
    return object;
  }
  template <class... T>
  static Json ToJson(const std::variant<T...>& value) {
    return std::visit([](const auto& held) { return ToJson(held); }, value);
  }

  Json& object_;
};

// Keeps the first error; what comes after it is skipped.
class FieldReader {
 public:
  // `where` names the object in errors: "start", "start.prompt".
  FieldReader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {}

  const std::optional<Error>& error() const { return error_; }

  template <class T, class... Rules>
  void Required(const char* name, T& value, const Rules&... rules) {
    if (error_) return;
    const auto found = object_.find(name);
    if (found == object_.end()) return Refuse(name, "is missing");
    Read(name, *found, value, rules...);
  }
  // An absent or null field leaves the default.
  template <class T, class... Rules>
  void Optional(const char* name, T& value, const Rules&... rules) {
    if (error_) return;
    const auto found = object_.find(name);
    if (found != object_.end() && !found->is_null()) Read(name, *found, value, rules...);
  }

 private:
  void Refuse(const std::string& name, std::string_view why) {
    error_ = Error{Code::kInvalidArgument, fmt::format("{}.{} {}", where_, name, why)};
  }

  void Read(const std::string& name, const Json& json, bool& value) {
    if (!json.is_boolean()) return Refuse(name, "must be true or false");
    value = json.get<bool>();
  }
  void Read(const std::string& name, const Json& json, std::string& value) {
    if (!json.is_string()) return Refuse(name, "must be a string");
    value = json.get<std::string>();
  }
  // With a limit in bytes.
  void Read(const std::string& name, const Json& json, std::string& value, Range<size_t> size) {
    Read(name, json, value);
    if (!error_ && value.size() > size.max) {
      Refuse(name, fmt::format("has {} bytes: at most {} are allowed", value.size(), size.max));
    }
  }
  template <class T>
  requires std::is_floating_point_v<T>
  void Read(const std::string& name, const Json& json, T& value, Range<T> range = {}) {
    if (!json.is_number()) return Refuse(name, "must be a number");
    value = json.get<T>();
    if (!(value >= range.min && value <= range.max)) {
      Refuse(name, fmt::format("is {}: from {} to {} is allowed", value, range.min, range.max));
    }
  }
  template <class T>
  requires std::is_integral_v<T>
  void Read(const std::string& name, const Json& json, T& value, Range<T> range = {}) {
    if (!json.is_number_integer()) return Refuse(name, "must be a whole number");
    const bool in_range = json.is_number_unsigned()
                              ? std::cmp_greater_equal(json.get<uint64_t>(), range.min) &&
                                    std::cmp_less_equal(json.get<uint64_t>(), range.max)
                              : std::cmp_greater_equal(json.get<int64_t>(), range.min) &&
                                    std::cmp_less_equal(json.get<int64_t>(), range.max);
    if (!in_range) {
      return Refuse(
          name, fmt::format("is {}: from {} to {} is allowed", json.dump(), range.min, range.max));
    }
    value = json.get<T>();
  }
  template <class T>
  requires requires { Names<T>::all; }
  void Read(const std::string& name, const Json& json, T& value) {
    std::string known_names;
    for (const auto& [known, text] : Names<T>::all) {
      if (json == text) {
        value = known;
        return;
      }
      known_names += fmt::format("{}{}", known_names.empty() ? "" : ", ", text);
    }
    Refuse(name, fmt::format("must be one of {}", known_names));
  }
  template <class T, class... Rules>
  void Read(const std::string& name, const Json& json, std::optional<T>& value,
            const Rules&... rules) {
    Read(name, json, value.emplace(), rules...);
  }
  template <class T>
  void Read(const std::string& name, const Json& json, std::vector<T>& values) {
    if (!json.is_array()) return Refuse(name, "must be a list");
    values.clear();
    for (const Json& item : json) {
      const std::string item_name = fmt::format("{}[{}]", name, values.size());
      Read(item_name, item, values.emplace_back());
      if (error_) return;
    }
  }
  template <class T>
  void Read(const std::string& name, const Json& json, std::map<std::string, T>& values) {
    if (!json.is_object()) return Refuse(name, "must be an object");
    values.clear();
    for (const auto& [key, item] : json.items()) {
      Read(fmt::format("{}.{}", name, key), item, values[key]);
      if (error_) return;
    }
  }
  void Read(const std::string& name, const Json& json,
            std::variant<bool, int64_t, double, std::string>& value) {
    if (json.is_boolean()) return Read(name, json, value.emplace<bool>());
    if (json.is_number_integer()) return Read(name, json, value.emplace<int64_t>());
    if (json.is_number()) return Read(name, json, value.emplace<double>());
    if (json.is_string()) return Read(name, json, value.emplace<std::string>());
    Refuse(name, "must be true, false, a number or a string");
  }
  template <class T>
  requires requires(FieldReader& io, T& object) { Fields(io, object); }
  void Read(const std::string& name, const Json& json, T& value) {
    if (!json.is_object()) return Refuse(name, "must be an object");
    FieldReader reader(json, fmt::format("{}.{}", where_, name));
    Fields(reader, value);
    if (reader.error()) error_ = reader.error();
  }

  const Json& object_;
  const std::string where_;
  std::optional<Error> error_;
};

}  // namespace parley::engine::internal
