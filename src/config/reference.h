// The table of settings, printed: what is in force, and what exists.
#pragma once

#include <string>

#include "config/binder.h"

namespace parley::config {

// The configuration in force as a TOML document that could be read back, each line with where its
// value came from. Secrets show only whether they are set.
std::string EffectiveToml(const Binder& binder);

// docs/configuration.md: every setting by section, with type, range, default and names. Defaults
// must be those of the structs, so call it before Load.
std::string ReferenceMarkdown(const Binder& binder);

}  // namespace parley::config
