// One line a fact: an event's name, then key=value with units in the keys. Info is lifecycle and
// decisions, never per frame; an error is logged once, where it is handled. Thread-safe.
//
//   log::Info("worker_ready address={} models={}", address, count);
#pragma once

#include <spdlog/spdlog.h>

#include <string_view>
#include <utility>

#include "base/result.h"

namespace parley::log {

// Writes to stderr: "2026-01-31T12:00:00.000Z info gateway ready port=8080". `process` is the name
// in each line. Level: trace, debug, info, warn, error, off; another is an error that lists them.
Status Init(std::string_view process, std::string_view level);

template <class... Args>
void Debug(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::debug(format, std::forward<Args>(args)...);
}
template <class... Args>
void Info(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::info(format, std::forward<Args>(args)...);
}
template <class... Args>
void Warn(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::warn(format, std::forward<Args>(args)...);
}
template <class... Args>
void Error(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::error(format, std::forward<Args>(args)...);
}

}  // namespace parley::log
