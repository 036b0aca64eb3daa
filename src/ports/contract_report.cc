#include "ports/contract_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"

namespace parley::ports {
namespace {

using Outcome = ContractCheck::Outcome;

const char* OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPassed:
      return "passed";
    case Outcome::kFailed:
      return "failed";
    case Outcome::kNotApplicable:
      return "not applicable";
  }
  return "";
}

}  // namespace

std::string ContractCheck::ToText() const {
  return fmt::format("{:14}  {:34} {:8.1f} ms{}{}", OutcomeName(outcome), name, ms,
                     reason.empty() ? "" : "  ", reason);
}

ContractCheck RunContractCheck(const std::string& name, const std::function<Status()>& check) {
  const SteadyClock clock;
  const int64_t before_us = clock.NowUs();
  const Status status = check();
  ContractCheck result{.name = name};
  result.ms = static_cast<double>(clock.NowUs() - before_us) / 1000.0;
  if (status) return result;
  const bool does_not_apply = status.error().code == Code::kUnimplemented;
  result.outcome = does_not_apply ? Outcome::kNotApplicable : Outcome::kFailed;
  result.reason = status.error().message;
  return result;
}

bool IsWanted(const std::vector<std::string>& only, const std::string& name) {
  return only.empty() || std::find(only.begin(), only.end(), name) != only.end();
}

bool ContractReport::Passed() const {
  return !checks.empty() && std::none_of(checks.begin(), checks.end(), [](const auto& check) {
    return check.outcome == Outcome::kFailed;
  });
}

std::string ContractReport::ToText() const {
  std::string text;
  for (const ContractCheck& check : checks) text += check.ToText() + "\n";
  return text;
}

std::string ContractReport::Summary() const {
  const auto count = [this](Outcome outcome) {
    return std::count_if(checks.begin(), checks.end(),
                         [outcome](const auto& check) { return check.outcome == outcome; });
  };
  return fmt::format("{} passed, {} failed, {} not applicable", count(Outcome::kPassed),
                     count(Outcome::kFailed), count(Outcome::kNotApplicable));
}

std::string ContractReport::ToJson(const nlohmann::json& about) const {
  nlohmann::json list = nlohmann::json::array();
  for (const ContractCheck& check : checks) {
    list.push_back({{"name", check.name},
                    {"outcome", OutcomeName(check.outcome)},
                    {"reason", check.reason},
                    {"ms", check.ms}});
  }
  nlohmann::json object = about;
  object["passed"] = Passed();
  object["checks"] = std::move(list);
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace parley::ports
