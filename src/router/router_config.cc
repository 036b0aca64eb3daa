#include "router/router_config.h"

#include <sstream>

namespace parley::router {

Status RouterConfig::Validate() const {
  if (poll_ms < 10 || repoll_ms < 10 || silent_ms < poll_ms || attempts_max < 1) {
    return Fail(Code::kInvalidArgument,
                "poll_ms is " + std::to_string(poll_ms) + " and repoll_ms " +
                    std::to_string(repoll_ms) + ", must be at least 10; silent_ms is " +
                    std::to_string(silent_ms) + ", must be at least poll_ms; attempts_max is " +
                    std::to_string(attempts_max) + ", must be at least 1");
  }
  return {};
}

std::vector<std::string> RouterConfig::ModelsFor(const Wanted& wanted) const {
  std::string model = wanted.model;
  if (model.empty() && wanted.kind == ports::ModelKind::kTts && !wanted.language.empty()) {
    for (const auto& [language, voice] : languages) {
      if (LanguageMatches({language}, wanted.language)) model = voice;
    }
  }
  std::vector<std::string> models{model};
  if (const auto found = fallbacks.find(model); found != fallbacks.end()) {
    std::istringstream words(found->second);
    for (std::string one; words >> one;) models.push_back(one);
  }
  return models;
}

void BindConfig(config::Binder& binder, RouterConfig& config) {
  binder.Choice<DevicePolicy>(
      "router.policy", &config.devices,
      {{"default", DevicePolicy::kGpuFirst}, {"edge", DevicePolicy::kCpuOnly}},
      "default: GPUs first, CPUs for what they have no room for; edge: CPUs only.");
  binder.Field("router.zone", &config.zone,
               "Our zone: its workers are preferred; empty: all are alike.");
  binder.Field("router.languages", &config.languages,
               "The voice for a language when a client names none, as language = model.");
  binder.Field("router.fallbacks", &config.fallbacks,
               "What may stand in for a model that no worker can do now, as model = models "
               "separated by spaces. Without an entry nothing does.");
  binder.Field("router.retry_share", &config.retry_share, {0, 10},
               "Repetitions on another worker that each stream adds to those allowed.");
  binder.Field("router.retry_burst", &config.retry_burst, {0, 100'000},
               "Repetitions that may come at once.");
  binder.Field("router.hang_ms", &config.hang_ms, {50, 600'000},
               "A voice that gives nothing for so long, and for four times what it usually takes, "
               "hangs; its work goes elsewhere.");
}

}  // namespace parley::router
