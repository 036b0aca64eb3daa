#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <memory>

namespace parley::log {

Status Init(std::string_view process, std::string_view level) {
  constexpr std::array<std::string_view, 6> kLevels{"trace", "debug", "info",
                                                    "warn",  "error", "off"};
  bool known = false;
  for (const std::string_view name : kLevels) known = known || name == level;
  if (!known) {
    return Fail(Code::kInvalidArgument, fmt::format("log level '{}' is unknown; use one of {}",
                                                    level, fmt::join(kLevels, ", ")));
  }
  auto logger = std::make_shared<spdlog::logger>(std::string(process),
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %n %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(std::string(level)));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

}  // namespace parley::log
