#include "config/loader.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.h"
#include "config/internal/env_file.h"
#include "config/internal/toml_text.h"

namespace parley::config {
namespace {

constexpr size_t kFileBytesMax = 1 << 20;
constexpr size_t kProblemsMax = 20;

// Gathers what is wrong, so that one run shows all of it.
class Problems {
 public:
  void Add(std::string_view origin, std::string_view what) {
    if (++count_ <= kProblemsMax) lines_.push_back(fmt::format("{}: {}", origin, what));
  }
  Status ToStatus() const {
    if (count_ == 0) return {};
    std::string text = fmt::format("{}", fmt::join(lines_, "\n"));
    if (count_ > kProblemsMax) text += fmt::format("\n… and {} more", count_ - kProblemsMax);
    return Fail(Code::kInvalidArgument, std::move(text));
  }

 private:
  std::vector<std::string> lines_;
  size_t count_ = 0;
};

Status Assign(Setting& setting, Value value, std::string_view origin) {
  PARLEY_TRY_STATUS(Check(setting, value));
  if (auto assigned = setting.assign(std::move(value)); !assigned) {
    return Fail(assigned.error().code,
                fmt::format("{}: {}", setting.key, assigned.error().message));
  }
  setting.origin = origin;
  return {};
}

Status UnknownKey(const Binder& binder, std::string_view key) {
  const std::string nearest = binder.Nearest(key);
  return Fail(Code::kInvalidArgument,
              nearest.empty()
                  ? fmt::format("unknown key '{}'; 'parley config --reference' lists all", key)
                  : fmt::format("unknown key '{}'; did you mean '{}'?", key, nearest));
}

// The entry of a table-of-texts setting that the leaf belongs to, if any.
Setting* FindMapOf(Binder& binder, const std::vector<std::string>& path) {
  if (path.size() < 2) return nullptr;
  const std::vector<std::string> parent(path.begin(), path.end() - 1);
  Setting* setting = binder.Find(fmt::format("{}", fmt::join(parent, ".")));
  return setting != nullptr && setting->type == Type::kMap ? setting : nullptr;
}

Status ApplyLeaf(Binder& binder, const internal::Leaf& leaf, std::string_view origin) {
  const std::string key = fmt::format("{}", fmt::join(leaf.path, "."));
  if (binder.IsElsewhere(leaf.path.front())) return {};
  Setting* map = FindMapOf(binder, leaf.path);
  Setting* setting = map != nullptr ? map : binder.Find(key);
  if (setting == nullptr) return UnknownKey(binder, key);
  if (setting->type == Type::kSecret) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{}: a secret does not belong into a configuration file; put it into "
                            "a file of its own and name that by {}_file, or set {}",
                            key, key, setting->env));
  }
  std::optional<Value> value = leaf.value;
  const bool whole = value && std::holds_alternative<int64_t>(*value);
  if (whole && setting->type == Type::kNumber) {
    value = static_cast<double>(std::get<int64_t>(*value));
  }
  if (map != nullptr && value && std::holds_alternative<std::string>(*value)) {
    value = std::map<std::string, std::string>{{leaf.path.back(), std::get<std::string>(*value)}};
  } else if (map != nullptr) {
    value.reset();
  }
  if (!value || !Check(*setting, *value)) {
    return Fail(Code::kInvalidArgument, fmt::format("{} = {}: must be {}", key, leaf.shown,
                                                    map != nullptr ? "text" : Allowed(*setting)));
  }
  return Assign(*setting, std::move(*value), origin);
}

Status ApplyText(Setting& setting, std::string_view text, std::string_view origin) {
  PARLEY_TRY(Value value, ParseText(setting, text));
  return Assign(setting, std::move(value), origin);
}

bool IsCalled(const Setting& setting, std::string_view name) {
  const auto& also = setting.env_also;
  return setting.env == name || std::find(also.begin(), also.end(), name) != also.end();
}

void ApplyEnvFile(Binder& binder, std::string_view text, std::string_view file,
                  Problems& problems) {
  for (const internal::EnvLine& line : internal::ParseEnvFile(text)) {
    const std::string origin = fmt::format("{}:{}", file, line.number);
    if (!line.problem.empty()) {
      problems.Add(origin, line.problem);
      continue;
    }
    const auto found = std::find_if(binder.settings().begin(), binder.settings().end(),
                                    [&](const Setting& one) { return IsCalled(one, line.name); });
    if (found == binder.settings().end()) {
      problems.Add(origin, fmt::format("unknown variable '{}'; 'parley config --reference' lists "
                                       "all, with what others call them",
                                       line.name));
    } else if (auto applied = ApplyText(*found, line.value, origin); !applied) {
      problems.Add(origin, fmt::format("{}: {}", line.name, applied.error().message));
    }
  }
}

void ApplyFile(Binder& binder, std::string_view text, std::string_view name, Problems& problems) {
  auto leaves = internal::ParseToml(text, name);
  if (!leaves) return problems.Add("cannot read the configuration", leaves.error().message);
  for (const internal::Leaf& leaf : *leaves) {
    const std::string origin = fmt::format("{}:{}", name, leaf.line);
    if (auto applied = ApplyLeaf(binder, leaf, origin); !applied) {
      problems.Add(origin, applied.error().message);
    }
  }
}

}  // namespace

Status LoadText(Binder& binder, std::string_view text, std::string_view name) {
  Problems problems;
  ApplyFile(binder, text, name, problems);
  return problems.ToStatus();
}

Status Load(Binder& binder, const Sources& sources) {
  Problems problems;
  if (sources.file) {
    PARLEY_TRY(const std::string text, ReadFile(*sources.file, kFileBytesMax));
    ApplyFile(binder, text, sources.file->string(), problems);
  }
  if (sources.env_file) {
    PARLEY_TRY(const std::string text, ReadFile(*sources.env_file, kFileBytesMax));
    ApplyEnvFile(binder, text, sources.env_file->string(), problems);
  }
  for (Setting& setting : binder.settings()) {
    auto found = sources.env.find(setting.env);
    for (const std::string& name : setting.env_also) {
      if (found == sources.env.end()) found = sources.env.find(name);
    }
    if (found == sources.env.end()) continue;
    const auto applied = ApplyText(setting, found->second, "environment");
    if (!applied) problems.Add(found->first, applied.error().message);
  }
  for (const auto& [key, text] : sources.flags) {
    if (binder.IsElsewhere(std::string_view(key).substr(0, key.find('.')))) continue;
    Setting* setting = binder.Find(key);
    const auto applied =
        setting == nullptr ? UnknownKey(binder, key) : ApplyText(*setting, text, "command line");
    if (!applied)
      problems.Add(setting == nullptr ? "command line" : setting->flag, applied.error().message);
  }
  return problems.ToStatus();
}

std::map<std::string, std::string> ProcessEnvironment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return variables;
}

std::optional<std::filesystem::path> FindFile() {
  const char* named = std::getenv("PARLEY_CONFIG");
  if (named != nullptr && *named != '\0') return named;
  std::vector<std::filesystem::path> places{"parley.toml"};
  const char* config_home = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  if (config_home != nullptr && *config_home != '\0') {
    places.push_back(std::filesystem::path(config_home) / "parley/parley.toml");
  } else if (home != nullptr) {
    places.push_back(std::filesystem::path(home) / ".config/parley/parley.toml");
  }
  places.emplace_back("/etc/parley/parley.toml");
  for (const auto& place : places) {
    std::error_code ignored;
    if (std::filesystem::exists(place, ignored)) return place;
  }
  return std::nullopt;
}

}  // namespace parley::config
