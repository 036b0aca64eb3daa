#include "engine/internal/output_log.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace parley::engine::internal {
namespace {

constexpr int64_t kLineCostUs = 1'000'000 / OutputLog::kLinesPerSecond;
constexpr int64_t kBudgetMaxUs = OutputLog::kBurstLines * kLineCostUs;

// An engine's bytes must not steer the terminal that shows the log.
std::string Printable(std::string_view line) {
  std::string text(line);
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '.');
  return text;
}

}  // namespace

OutputLog::OutputLog(std::string engine, const Clock& clock)
    : engine_(std::move(engine)),
      clock_(clock),
      tokens_us_(kBudgetMaxUs),
      refilled_us_(clock.NowUs()) {}

void OutputLog::Line(std::string_view line, size_t dropped_bytes) {
  std::string text = Printable(line);
  if (dropped_bytes > 0) text += fmt::format(" [… {} bytes more]", dropped_bytes);
  if (TakeBudget()) {
    if (suppressed_unsaid_ > 0) {
      log::Warn("engine_output_suppressed engine={} lines={}", engine_, suppressed_unsaid_);
      suppressed_unsaid_ = 0;
    }
    log::Info("engine_output engine={} line={}", engine_, text);
    ++logged_;
  } else {
    ++suppressed_;
    ++suppressed_unsaid_;
  }
  if (kept_.size() == kLinesKept) kept_.pop_front();
  kept_.push_back(std::move(text));
}

bool OutputLog::TakeBudget() {
  const int64_t now_us = clock_.NowUs();
  tokens_us_ = std::min(kBudgetMaxUs, tokens_us_ + (now_us - refilled_us_));
  refilled_us_ = now_us;
  if (tokens_us_ < kLineCostUs) return false;
  tokens_us_ -= kLineCostUs;
  return true;
}

void LineSplitter::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    const size_t taken = std::min(piece.size(), OutputLog::kLineBytesMax - line_.size());
    line_ += piece.substr(0, taken);
    dropped_bytes_ += piece.size() - taken;
    if (end == std::string_view::npos) return;
    log_.Line(line_, dropped_bytes_);
    line_.clear();
    dropped_bytes_ = 0;
    bytes.remove_prefix(end + 1);
  }
}

void LineSplitter::Finish() {
  if (!line_.empty()) log_.Line(line_, dropped_bytes_);
  line_.clear();
  dropped_bytes_ = 0;
}

}  // namespace parley::engine::internal
