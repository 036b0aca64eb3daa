// An engine on this machine: a folder with an engine.toml that says what it serves and how it is
// started. Who wants to add an engine puts such a folder where engines are looked for; nothing else
// names them.
//
//   [engine]
//   name = "xtts"                   # what a model.toml means by `engine`
//   kind = "tts"                    # tts, asr or llm
//   license = "MPL-2.0"
//   about = "One line for people"
//   program = "engine.py"           # in this folder, else beside Parley's own programs
//   arguments = []
//   takes = ["style_control"]       # settings of the worker that it wants as options of a load
//   voice_command = "voice"         # `PROGRAM voice add|list|rm …` keeps the voices of a model
//   [python]                        # the program is a script of a Python in this range
//   versions = ">=3.10, <3.13"
//   environment = "venv"            # of this virtual environment; without it the system's Python
//   [sandbox]
//   writable = []                   # folders, relative to this one or absolute, it may write to
//   memory_mib_max = 0              # it is ended when it holds more; 0: as the worker says
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::catalog {

struct EngineManifest {
  std::filesystem::path folder;
  std::string name;
  std::string kind;
  std::string license;
  std::string about;
  std::string program;
  std::vector<std::string> arguments;
  std::vector<std::string> takes;
  std::string voice_command;  // empty: its models have the voices that they have

  // Minor versions of Python 3: [minor_min, minor_end).
  struct Python {
    int minor_min = 8;
    int minor_end = 100;
    std::filesystem::path environment;  // absolute; empty: none of its own
  };
  std::optional<Python> python;

  struct Sandbox {
    std::vector<std::filesystem::path> writable;  // absolute
    uint64_t memory_mib_max = 0;
  } sandbox;
};

// From the bytes of an engine.toml in `folder`. kInvalidArgument names file, line and key of the
// first thing that is wrong, unknown keys included. Does not look at other files.
Result<EngineManifest> ParseEngineManifest(std::string_view toml,
                                           const std::filesystem::path& folder);

// Reads `folder`/engine.toml.
Result<EngineManifest> ReadEngineManifest(const std::filesystem::path& folder);

// The engines in sub-folders of `dirs`, by name. Of two with the same name the one in the earlier
// folder counts. What is broken, or hidden so, is an entry of `problems` when that is given.
std::vector<EngineManifest> ListEngineManifests(const std::vector<std::filesystem::path>& dirs,
                                                std::vector<Error>* problems = nullptr);

// ${PARLEY_CACHE:-$HOME/.cache/parley}/engines: where users put engines of others.
std::filesystem::path DefaultEnginesDir();

}  // namespace parley::catalog
