// Turns what an engine prints into log lines, bounded in every direction: a line is cut at 8 KiB,
// the log gets at most 200 lines at once and 50 a second after that, 50 lines are kept for the
// error of a crash. One sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace parley::engine::internal {

// The last lines of both of an engine's outputs, and the budget for logging them.
class OutputLog {
 public:
  static constexpr size_t kLineBytesMax = 8 << 10;
  static constexpr size_t kLinesKept = 50;
  static constexpr int64_t kBurstLines = 200;
  static constexpr int64_t kLinesPerSecond = 50;

  OutputLog(std::string engine, const Clock& clock);

  // One line without its end; `dropped_bytes` of it were cut off.
  void Line(std::string_view line, size_t dropped_bytes);

  std::vector<std::string> last_lines() const { return {kept_.begin(), kept_.end()}; }
  int64_t logged() const { return logged_; }
  int64_t suppressed() const { return suppressed_; }

 private:
  bool TakeBudget();

  const std::string engine_;
  const Clock& clock_;
  std::deque<std::string> kept_;
  int64_t tokens_us_;  // in microseconds of the steady rate
  int64_t refilled_us_;
  int64_t logged_ = 0;
  int64_t suppressed_ = 0;
  int64_t suppressed_unsaid_ = 0;
};

// Cuts one output's bytes into lines.
class LineSplitter {
 public:
  explicit LineSplitter(OutputLog& log) : log_(log) {}
  void Feed(std::string_view bytes);
  // The output has ended: what stands unfinished is a line.
  void Finish();

 private:
  OutputLog& log_;
  std::string line_;
  size_t dropped_bytes_ = 0;
};

}  // namespace parley::engine::internal
