// parley doctor: what is here, what is missing, and how to mend it.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace parley::cli {

enum class Health { kGood, kWarning, kBad };

struct Finding {
  std::string what;  // "memory"
  Health health = Health::kGood;
  std::string fact;  // "3.2 GB free of 8.0"
  std::string mend;  // empty when good
};

// All that is looked at. Changes nothing and takes a few seconds at most.
std::vector<Finding> Examine(const Settings& settings);

void AddDoctorCommand(CLI::App& app, Context& context);

}  // namespace parley::cli
