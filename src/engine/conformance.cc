#include "engine/conformance.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "engine/internal/conformance_bench.h"

namespace parley::engine {
namespace {

using Outcome = ConformanceCheck::Outcome;

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

ConformanceCheck RunCheck(const internal::NamedCheck& check, internal::ConformanceBench& bench) {
  const SteadyClock clock;
  const int64_t before_us = clock.NowUs();
  const Status status = check.second(bench);
  ConformanceCheck result{.name = check.first};
  result.ms = static_cast<double>(clock.NowUs() - before_us) / 1000.0;
  if (status) return result;
  const bool does_not_apply = status.error().code == Code::kUnimplemented;
  result.outcome = does_not_apply ? Outcome::kNotApplicable : Outcome::kFailed;
  result.reason = status.error().message;
  // Whatever state a failed check has left the engine in: the next one gets a fresh one.
  if (!does_not_apply) bench.EndShared();
  return result;
}

bool IsWanted(const ConformanceConfig& config, const std::string& name) {
  return config.only.empty() ||
         std::find(config.only.begin(), config.only.end(), name) != config.only.end();
}

}  // namespace

std::string ConformanceCheck::ToText() const {
  return fmt::format("{:14}  {:32} {:8.1f} ms{}{}", OutcomeName(outcome), name, ms,
                     reason.empty() ? "" : "  ", reason);
}

bool ConformanceReport::Passed() const {
  return !checks.empty() && std::none_of(checks.begin(), checks.end(), [](const auto& check) {
    return check.outcome == Outcome::kFailed;
  });
}

std::string ConformanceReport::ToJson() const {
  nlohmann::json list = nlohmann::json::array();
  for (const ConformanceCheck& check : checks) {
    list.push_back({{"name", check.name},
                    {"outcome", OutcomeName(check.outcome)},
                    {"reason", check.reason},
                    {"ms", check.ms}});
  }
  nlohmann::json object = {{"passed", Passed()}, {"checks", std::move(list)}};
  if (hello) {
    object["engine"] = hello->engine;
    object["version"] = hello->version;
    object["kind"] = ports::ModelKindName(hello->kind);
    object["runtime"] = hello->runtime;
  }
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string ConformanceReport::ToText() const {
  std::string text;
  for (const ConformanceCheck& check : checks) text += check.ToText() + "\n";
  return text;
}

ConformanceReport CheckConformance(const ConformanceConfig& config) {
  internal::ConformanceBench bench(config);
  ConformanceReport report;
  // False when an engine that did not get this far has nothing more to show.
  const auto run = [&](const std::vector<internal::NamedCheck>& checks, auto&& reached) {
    for (const auto& check : checks) {
      if (!IsWanted(config, check.first)) continue;
      report.checks.push_back(RunCheck(check, bench));
      if (config.on_check) config.on_check(report.checks.back());
      if (!reached()) return false;
    }
    return true;
  };
  if (run(internal::ConnectionChecks(), [&] { return bench.hello().has_value(); }) &&
      run(internal::StreamChecks(config.spec.kind), [&] { return bench.loaded().has_value(); })) {
    run(internal::EndingChecks(), [] { return true; });
  }
  report.hello = bench.hello();
  report.loaded = bench.loaded();
  return report;
}

}  // namespace parley::engine
