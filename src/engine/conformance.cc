#include "engine/conformance.h"

#include <nlohmann/json.hpp>

#include "engine/internal/conformance_bench.h"

namespace parley::engine {
namespace {

using ports::ContractCheck;

ContractCheck RunCheck(const internal::NamedCheck& check, internal::ConformanceBench& bench) {
  auto result = ports::RunContractCheck(check.first, [&] { return check.second(bench); });
  // Whatever state a failed check has left the engine in: the next one gets a fresh one.
  if (result.outcome == ContractCheck::Outcome::kFailed) bench.EndShared();
  return result;
}

}  // namespace

std::string ConformanceReport::ToJson() const {
  if (!hello) return ContractReport::ToJson(nlohmann::json::object());
  return ContractReport::ToJson({{"engine", hello->engine},
                                 {"version", hello->version},
                                 {"kind", ports::ModelKindName(hello->kind)},
                                 {"runtime", hello->runtime}});
}

ConformanceReport CheckConformance(const ConformanceConfig& config) {
  internal::ConformanceBench bench(config);
  ConformanceReport report;
  // False when an engine that did not get this far has nothing more to show.
  const auto run = [&](const std::vector<internal::NamedCheck>& checks, auto&& reached) {
    for (const auto& check : checks) {
      if (!ports::IsWanted(config.only, check.first)) continue;
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
