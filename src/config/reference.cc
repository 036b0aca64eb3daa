#include "config/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace parley::config {
namespace {

std::string_view SectionOf(std::string_view key) {
  const size_t dot = key.find('.');
  return dot == std::string_view::npos ? std::string_view() : key.substr(0, dot);
}

std::string_view NameIn(std::string_view section, std::string_view key) {
  return section.empty() ? key : key.substr(section.size() + 1);
}

// Calls visit(setting) section by section, in the order in which sections first appear.
template <class OnSection, class OnSetting>
void BySection(const Binder& binder, OnSection on_section, OnSetting on_setting) {
  std::vector<std::string_view> sections;
  for (const Setting& setting : binder.settings()) {
    const std::string_view section = SectionOf(setting.key);
    if (std::find(sections.begin(), sections.end(), section) == sections.end()) {
      sections.push_back(section);
    }
  }
  for (const std::string_view section : sections) {
    on_section(section);
    for (const Setting& setting : binder.settings()) {
      if (SectionOf(setting.key) == section) on_setting(section, setting);
    }
  }
}

// A pipe would end the cell.
std::string Cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

// A default below the home directory is the same for everybody.
std::string Default(const Setting& setting) {
  const char* home = std::getenv("HOME");
  const auto* path =
      setting.type == Type::kPath ? std::get_if<std::string>(&setting.fallback) : nullptr;
  if (path == nullptr || home == nullptr || *home == '\0' || !path->starts_with(home)) {
    return Print(setting, setting.fallback);
  }
  return Print(setting, "~" + path->substr(std::string_view(home).size()));
}

}  // namespace

std::string EffectiveToml(const Binder& binder) {
  std::string out;
  BySection(
      binder,
      [&](std::string_view section) {
        if (!section.empty()) out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", section);
      },
      [&](std::string_view section, const Setting& setting) {
        const std::string value = Print(setting, setting.read());
        // A secret cannot stand in the file, so its line is a comment.
        const char* mark = setting.type == Type::kSecret ? "# " : "";
        out += fmt::format("{}{} = {}  # {}\n", mark, NameIn(section, setting.key), value,
                           setting.origin);
      });
  return out;
}

std::string ReferenceMarkdown(const Binder& binder) {
  std::string out;
  BySection(
      binder,
      [&](std::string_view section) {
        out += fmt::format(
            "\n## [{}]\n\n| key | value | default | environment, flag | what it does |\n"
            "|---|---|---|---|---|\n",
            section);
      },
      [&](std::string_view section, const Setting& setting) {
        std::string env = "`" + setting.env + "`";
        for (const std::string& name : setting.env_also) env += " `" + name + "`";
        out += fmt::format("| `{}` | {} | `{}` | {} `{}` | {} |\n", NameIn(section, setting.key),
                           Cell(Allowed(setting)), Cell(Default(setting)), env, setting.flag,
                           Cell(setting.doc));
      });
  return out;
}

}  // namespace parley::config
