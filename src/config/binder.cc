#include "config/binder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <memory>

#include "base/file.h"
#include "config/internal/nearest.h"
#include "config/internal/toml_text.h"

namespace parley::config {
namespace {

constexpr size_t kSecretBytesMax = 64 * 1024;

std::string WithSeparator(std::string_view key, char separator) {
  std::string name(key);
  for (char& c : name) {
    if (c == '.' || c == '_') c = separator;
  }
  return name;
}

std::filesystem::path ExpandHome(const std::string& text) {
  if (!text.starts_with("~/")) return text;
  const char* home = std::getenv("HOME");
  return home == nullptr ? std::filesystem::path(text)
                         : std::filesystem::path(home) / text.substr(2);
}

std::string Number(double value) { return fmt::format("{}", value); }

bool IsWord(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// At commas; without white space around and without empty parts.
std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

}  // namespace

std::string EnvName(std::string_view key) {
  std::string name = "PARLEY_" + WithSeparator(key, '_');
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

std::string Allowed(const Setting& setting) {
  switch (setting.type) {
    case Type::kBoolean:
      return "true or false";
    case Type::kInteger:
      return fmt::format("an integer {:.0f}…{:.0f}", setting.range.min, setting.range.max);
    case Type::kNumber:
      return fmt::format("a number {}…{}", Number(setting.range.min), Number(setting.range.max));
    case Type::kText:
      return "text";
    case Type::kPath:
      return "a path";
    case Type::kChoice:
      return fmt::format("one of {}", fmt::join(setting.choices, ", "));
    case Type::kList:
      return "a list of texts";
    case Type::kMap:
      return "a table of texts";
    case Type::kSecret:
      return "text, by environment or flag only";
  }
  return "";
}

std::string Print(const Setting& setting, const Value& value) {
  if (setting.type == Type::kSecret) {
    return std::get<std::string>(value).empty() ? "\"\"" : "\"(hidden)\"";
  }
  return internal::PrintToml(value);
}

Status Check(const Setting& setting, const Value& value) {
  const auto fail = [&] {
    return Fail(Code::kInvalidArgument,
                fmt::format("{} = {}: must be {}", setting.key,
                            setting.type == Type::kSecret ? "(hidden)" : internal::PrintToml(value),
                            Allowed(setting)));
  };
  const auto in_range = [&](double number) {
    return number >= setting.range.min && number <= setting.range.max;  // false for NaN
  };
  switch (setting.type) {
    case Type::kBoolean:
      if (!std::holds_alternative<bool>(value)) return fail();
      return {};
    case Type::kInteger:
      if (!std::holds_alternative<int64_t>(value)) return fail();
      if (!in_range(static_cast<double>(std::get<int64_t>(value)))) return fail();
      return {};
    case Type::kNumber:
      if (!std::holds_alternative<double>(value) || !in_range(std::get<double>(value))) {
        return fail();
      }
      return {};
    case Type::kChoice:
      if (!std::holds_alternative<std::string>(value)) return fail();
      if (std::find(setting.choices.begin(), setting.choices.end(), std::get<std::string>(value)) ==
          setting.choices.end()) {
        return fail();
      }
      return {};
    case Type::kText:
    case Type::kPath:
    case Type::kSecret:
      if (!std::holds_alternative<std::string>(value)) return fail();
      return {};
    case Type::kList:
      if (!std::holds_alternative<std::vector<std::string>>(value)) return fail();
      return {};
    case Type::kMap:
      if (!std::holds_alternative<std::map<std::string, std::string>>(value)) return fail();
      return {};
  }
  return {};
}

Result<Value> ParseText(const Setting& setting, std::string_view text) {
  const auto fail = [&] {
    return Fail(Code::kInvalidArgument,
                fmt::format("{} = '{}': must be {}", setting.key, text, Allowed(setting)));
  };
  const char* const end = text.data() + text.size();
  switch (setting.type) {
    case Type::kBoolean:
      if (IsWord(text, {"true", "on", "yes", "1"})) return Value(true);
      if (IsWord(text, {"false", "off", "no", "0"})) return Value(false);
      return fail();
    case Type::kInteger: {
      int64_t number = 0;
      const auto [rest, error] = std::from_chars(text.data(), end, number);
      if (error != std::errc() || rest != end) return fail();
      return Value(number);
    }
    case Type::kNumber: {
      double number = 0;
      const auto [rest, error] = std::from_chars(text.data(), end, number);
      if (error != std::errc() || rest != end) return fail();
      return Value(number);
    }
    case Type::kList:
      return Value(Split(text));
    case Type::kMap: {
      std::map<std::string, std::string> map;
      for (const std::string& pair : Split(text)) {
        const size_t equals = pair.find('=');
        if (equals == std::string::npos || equals == 0) return fail();
        map[pair.substr(0, equals)] = pair.substr(equals + 1);
      }
      return Value(std::move(map));
    }
    case Type::kChoice: {
      // LOG_LEVEL=INFO is what many write.
      std::string lower(text);
      std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
      });
      return Value(std::move(lower));
    }
    default:
      return Value(std::string(text));
  }
}

Setting* Binder::Find(std::string_view key) {
  for (Setting& setting : settings_) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

void Binder::Elsewhere(std::string_view section) { elsewhere_.emplace_back(section); }

bool Binder::IsElsewhere(std::string_view section) const {
  return std::find(elsewhere_.begin(), elsewhere_.end(), section) != elsewhere_.end();
}

std::string Binder::Nearest(std::string_view key) const {
  std::vector<std::string> keys;
  for (const Setting& setting : settings_) keys.push_back(setting.key);
  return internal::Nearest(key, keys);
}

Setting& Binder::Add(std::string_view key, Setting setting, std::string_view doc) {
  PARLEY_CHECK(Find(key) == nullptr);
  setting.key = key;
  setting.env = EnvName(key);
  setting.flag = "--" + WithSeparator(key, '-');
  setting.doc = doc;
  setting.origin = "default";
  setting.fallback = setting.read();
  PARLEY_CHECK(Check(setting, setting.fallback).has_value());
  return settings_.emplace_back(std::move(setting));
}

Setting& Binder::Field(std::string_view key, bool* target, std::string_view doc) {
  Setting setting{.type = Type::kBoolean};
  setting.assign = [target](Value value) {
    *target = std::get<bool>(value);
    return Status();
  };
  setting.read = [target] { return Value(*target); };
  return Add(key, std::move(setting), doc);
}

Setting& Binder::Field(std::string_view key, std::string* target, std::string_view doc) {
  Setting setting{.type = Type::kText};
  setting.assign = [target](Value value) {
    *target = std::get<std::string>(std::move(value));
    return Status();
  };
  setting.read = [target] { return Value(*target); };
  return Add(key, std::move(setting), doc);
}

Setting& Binder::Field(std::string_view key, std::filesystem::path* target, std::string_view doc) {
  Setting setting{.type = Type::kPath};
  setting.assign = [target](Value value) {
    *target = ExpandHome(std::get<std::string>(value));
    return Status();
  };
  setting.read = [target] { return Value(target->string()); };
  return Add(key, std::move(setting), doc);
}

Setting& Binder::Field(std::string_view key, std::vector<std::string>* target,
                       std::string_view doc) {
  Setting setting{.type = Type::kList};
  setting.assign = [target](Value value) {
    *target = std::get<std::vector<std::string>>(std::move(value));
    return Status();
  };
  setting.read = [target] { return Value(*target); };
  return Add(key, std::move(setting), doc);
}

Setting& Binder::Field(std::string_view key, std::map<std::string, std::string>* target,
                       std::string_view doc) {
  Setting setting{.type = Type::kMap};
  setting.assign = [target](Value value) {
    for (auto& [name, text] : std::get<std::map<std::string, std::string>>(value)) {
      (*target)[name] = std::move(text);
    }
    return Status();
  };
  setting.read = [target] { return Value(*target); };
  return Add(key, std::move(setting), doc);
}

Setting& Binder::Choice(std::string_view key, std::string* target, std::vector<std::string> choices,
                        std::string_view doc) {
  Setting setting{.type = Type::kChoice, .choices = std::move(choices)};
  setting.assign = [target](Value value) {
    *target = std::get<std::string>(std::move(value));
    return Status();
  };
  setting.read = [target] { return Value(*target); };
  return Add(key, std::move(setting), doc);
}

Setting& Binder::Secret(std::string_view key, parley::Secret* target, std::string_view doc) {
  auto path = std::make_shared<std::string>();
  Setting file{.type = Type::kPath};
  file.assign = [path, target](Value value) -> Status {
    *path = std::get<std::string>(std::move(value));
    if (path->empty()) return {};  // as good as not given
    PARLEY_TRY(const std::string text, ReadFile(ExpandHome(*path), kSecretBytesMax));
    const std::string line = text.substr(0, text.find_first_of("\r\n"));
    if (line.empty()) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("'{}' holds no secret: its first line is empty", *path));
    }
    *target = parley::Secret(line);
    return {};
  };
  file.read = [path] { return Value(*path); };
  Add(std::string(key) + "_file", std::move(file),
      fmt::format("Path of a file whose first line is `{}`.", key));
  Setting setting{.type = Type::kSecret};
  setting.assign = [target](Value value) {
    *target = parley::Secret(std::get<std::string>(std::move(value)));
    return Status();
  };
  setting.read = [target] { return Value(target->Reveal()); };
  return Add(key, std::move(setting), doc);
}

}  // namespace parley::config
