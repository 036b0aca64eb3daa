// Settings as a table. Each room has a plain Config struct with defaults and binds its fields here,
// key by key; the loader (config/loader.h) then fills the structs from a TOML file, PARLEY_…
// environment variables and flags, and the reference (config/reference.h) is printed from the same
// table, so that documentation, checks and behaviour cannot drift apart.
//
//   void BindConfig(config::Binder& binder, WorkerConfig& config) {
//     binder.Field("worker.resident_cap", &config.resident_cap, {1, 64}, "Voices kept in memory.");
//     binder.Secret("worker.key", &config.key, "Key that gateways must show.");
//   }
//
// One sequence, at start; the structs are read-only afterwards. The bound structs must outlive the
// binder's use. Binding a key twice, or a default outside its range, is a programmer's error.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/result.h"
#include "base/secret.h"

namespace parley::config {

// Both ends allowed.
struct Range {
  double min = 0;
  double max = 0;
};

enum class Type { kBoolean, kInteger, kNumber, kText, kPath, kChoice, kList, kMap, kSecret };

using Value = std::variant<bool, int64_t, double, std::string, std::vector<std::string>,
                           std::map<std::string, std::string>>;

// "worker.resident_cap" → "PARLEY_WORKER_RESIDENT_CAP".
std::string EnvName(std::string_view key);

// One row of the table.
struct Setting {
  std::string key;                    // "worker.resident_cap"
  std::string env;                    // "PARLEY_WORKER_RESIDENT_CAP"
  std::vector<std::string> env_also;  // names by which others know it; `env` goes before them
  std::string flag;                   // "--worker-resident-cap", or a shorter name given by Alias
  Type type = Type::kText;
  Range range;
  std::vector<std::string> choices;
  std::string doc;
  Value fallback;      // the default
  std::string origin;  // where the value in force came from: "default", "FILE:LINE", …
  // Puts a checked value into its struct; fails only where that needs a file (a secret's).
  std::function<Status(Value)> assign;
  std::function<Value()> read;

  // Another flag name than the one made from the key; for what people type often ("--port").
  Setting& Alias(std::string_view name) {
    flag = name;
    return *this;
  }
  // Another variable than the one made from the key.
  Setting& Env(std::string_view name) {
    env = name;
    return *this;
  }
  // A variable that is read too, for what deployments have always called so ("REDIS_URL").
  Setting& Also(std::string_view name) {
    env_also.emplace_back(name);
    return *this;
  }
};

// "integer 1…64", "one of pcm, wav": what a value must be, for messages and the reference.
std::string Allowed(const Setting& setting);

// The value as a TOML expression. A secret prints as "(hidden)" or "".
std::string Print(const Setting& setting, const Value& value);

// Text of an environment variable or flag as a value of the setting: booleans are true/false,
// on/off, yes/no, 1/0; lists are separated by commas, maps are name=value,name=value.
Result<Value> ParseText(const Setting& setting, std::string_view text);

// Says why the value does not fit the setting: type, range or choice.
Status Check(const Setting& setting, const Value& value);

class Binder {
 public:
  Setting& Field(std::string_view key, bool* target, std::string_view doc);
  Setting& Field(std::string_view key, std::string* target, std::string_view doc);
  // A leading "~/" is the home directory.
  Setting& Field(std::string_view key, std::filesystem::path* target, std::string_view doc);
  Setting& Field(std::string_view key, std::vector<std::string>* target, std::string_view doc);
  // A table of texts: [names.voices] alloy = "piper/en_US-joe-medium". Entries given replace those
  // of the default with the same name; the others stay.
  Setting& Field(std::string_view key, std::map<std::string, std::string>* target,
                 std::string_view doc);

  template <class Number>
  requires(std::is_arithmetic_v<Number> &&
           !std::is_same_v<Number, bool>) Setting& Field(std::string_view key, Number* target,
                                                         Range range, std::string_view doc) {
    constexpr bool kInteger = std::is_integral_v<Number>;
    PARLEY_CHECK(range.min >= static_cast<double>(std::numeric_limits<Number>::lowest()));
    PARLEY_CHECK(range.max <= static_cast<double>(std::numeric_limits<Number>::max()));
    using Wide = std::conditional_t<kInteger, int64_t, double>;
    Setting setting{.type = kInteger ? Type::kInteger : Type::kNumber, .range = range};
    setting.assign = [target](Value value) {
      *target = static_cast<Number>(std::get<Wide>(value));
      return Status();
    };
    setting.read = [target] { return Value(static_cast<Wide>(*target)); };
    return Add(key, std::move(setting), doc);
  }

  Setting& Choice(std::string_view key, std::string* target, std::vector<std::string> choices,
                  std::string_view doc);

  template <class Enum>
  requires(std::is_enum_v<Enum>) Setting& Choice(std::string_view key, Enum* target,
                                                 std::vector<std::pair<std::string, Enum>> names,
                                                 std::string_view doc) {
    Setting setting{.type = Type::kChoice};
    for (const auto& [name, value] : names) setting.choices.push_back(name);
    setting.assign = [target, names](Value value) {
      for (const auto& [name, choice] : names) {
        if (name == std::get<std::string>(value)) *target = choice;
      }
      return Status();
    };
    setting.read = [target, names] {
      for (const auto& [name, choice] : names) {
        if (choice == *target) return Value(name);
      }
      return Value(std::string());
    };
    return Add(key, std::move(setting), doc);
  }

  // Binds two keys: `key`, which only the environment or a flag may give (a configuration file is
  // no place for it), and `key`_file, the path of a file whose first line is the secret.
  // Returns the setting of `key`.
  Setting& Secret(std::string_view key, parley::Secret* target, std::string_view doc);

  // "worker": keys of that section belong to another program that reads the same file; they are
  // left alone here.
  void Elsewhere(std::string_view section);

  const std::deque<Setting>& settings() const { return settings_; }
  std::deque<Setting>& settings() { return settings_; }
  // nullptr when there is none.
  Setting* Find(std::string_view key);
  bool IsElsewhere(std::string_view section) const;
  // The known key most like an unknown one; empty when none is near.
  std::string Nearest(std::string_view key) const;

 private:
  Setting& Add(std::string_view key, Setting setting, std::string_view doc);

  std::deque<Setting> settings_;  // a deque, so that references stay good
  std::vector<std::string> elsewhere_;
};

}  // namespace parley::config
