// What comes of holding an implementation of the ports to its contract, be it an engine behind its
// socket or a worker behind its address: named checks, and what each has seen. Plain values.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace parley::ports {

struct ContractCheck {
  enum class Outcome { kPassed, kFailed, kNotApplicable };
  std::string name;  // "cancel_is_acknowledged"
  Outcome outcome = Outcome::kPassed;
  std::string reason;  // what was seen where it failed, or why it does not apply
  double ms = 0;

  std::string ToText() const;  // one line
};

// Runs a check and takes its time. An error of kUnimplemented means that it does not apply, any
// other that it has failed.
ContractCheck RunContractCheck(const std::string& name, const std::function<Status()>& check);

// Whether a check is among those that are asked for; none named: all are.
bool IsWanted(const std::vector<std::string>& only, const std::string& name);

struct ContractReport {
  std::vector<ContractCheck> checks;

  // Nothing failed, and something was checked.
  bool Passed() const;
  std::string ToText() const;   // one line a check
  std::string Summary() const;  // "30 passed, 0 failed, 2 not applicable"
  // {"passed", "checks": [{"name", "outcome", "reason", "ms"}]} and the fields of `about`, an
  // object.
  std::string ToJson(const nlohmann::json& about) const;
};

}  // namespace parley::ports
