// Fills the structs bound in a Binder: defaults, then the configuration file, then an environment
// file, then environment variables, then flags; each later source wins. All that is wrong is
// reported at once, a line each: where it stands, the key, the value, and what is allowed there.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/binder.h"

namespace parley::config {

struct Sources {
  // A file that is named must exist; see FindFile for where one is looked for.
  std::optional<std::filesystem::path> file;
  // Lines of NAME=value, as Docker and Compose read them. A name that is none of the table's is an
  // error: whoever wrote the file meant it for us.
  std::optional<std::filesystem::path> env_file;
  // Only names of the table are looked at; others are left alone, as base images set many.
  std::map<std::string, std::string> env;
  // Key and text, in the order given; the last of a key wins.
  std::vector<std::pair<std::string, std::string>> flags;
};

// kInvalidArgument, naming each unknown key (with the nearest known one), wrong type and value out
// of range; kNotFound for a missing file. On failure the structs may be filled in part.
Status Load(Binder& binder, const Sources& sources);

// The file's part alone, from its text; `name` is used in messages.
Status LoadText(Binder& binder, std::string_view text, std::string_view name);

// All variables of this process.
std::map<std::string, std::string> ProcessEnvironment();

// PARLEY_CONFIG if set; else the first that exists of ./parley.toml,
// ${XDG_CONFIG_HOME:-~/.config}/parley/parley.toml and /etc/parley/parley.toml; else nothing.
std::optional<std::filesystem::path> FindFile();

}  // namespace parley::config
