#include "cli/terminal_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace parley::cli {
namespace {

constexpr int64_t kRedrawUs = 100'000;    // on a terminal
constexpr int64_t kRepeatUs = 5'000'000;  // where each drawing stays
constexpr size_t kBarWidth = 24;

double Megabytes(uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

}  // namespace

TerminalProgress::TerminalProgress(std::FILE* out, const Clock& clock)
    : out_(out), clock_(clock), is_terminal_(::isatty(::fileno(out)) == 1) {}

void TerminalProgress::Begin(std::string_view what, uint64_t bytes_total) {
  what_ = what;
  bytes_total_ = bytes_total;
  bytes_done_ = 0;
  bytes_at_begin_ = 0;
  advanced_ = false;
  begun_us_ = clock_.NowUs();
  drawn_us_ = begun_us_;
  if (is_terminal_) Draw(false);
}

void TerminalProgress::Advance(uint64_t bytes_done) {
  // What an earlier run left is not this one's speed.
  if (!advanced_) bytes_at_begin_ = bytes_done;
  advanced_ = true;
  bytes_done_ = bytes_done;
  const int64_t now_us = clock_.NowUs();
  if (now_us - drawn_us_ < (is_terminal_ ? kRedrawUs : kRepeatUs)) return;
  drawn_us_ = now_us;
  Draw(false);
}

void TerminalProgress::End() { Draw(true); }

void TerminalProgress::Say(std::string_view line) {
  fmt::print(out_, "{}{}\n", is_terminal_ ? "\r\x1b[K" : "", line);
  std::fflush(out_);
}

void TerminalProgress::Draw(bool last) {
  if (is_terminal_) {
    fmt::print(out_, "\r\x1b[K{}{}", Line(), last ? "\n" : "");
  } else {
    fmt::print(out_, "{}\n", Line());
  }
  std::fflush(out_);
}

std::string TerminalProgress::Line() const {
  const double seconds = static_cast<double>(clock_.NowUs() - begun_us_) / 1e6;
  if (bytes_done_ == 0) return fmt::format("  {:<32} {:.0f} s", what_, seconds);
  const double rate = Megabytes(bytes_done_ - bytes_at_begin_) / std::max(seconds, 0.001);
  if (bytes_total_ == 0) {
    return fmt::format("  {:<32} {:.1f} MB, {:.1f} MB/s", what_, Megabytes(bytes_done_), rate);
  }
  const double share = std::min(1.0, Megabytes(bytes_done_) / Megabytes(bytes_total_));
  const auto filled = static_cast<size_t>(share * static_cast<double>(kBarWidth));
  return fmt::format("  {:<32} [{}{}] {:3.0f} % of {:.1f} MB, {:.1f} MB/s", what_,
                     std::string(filled, '#'), std::string(kBarWidth - filled, ' '), share * 100,
                     Megabytes(bytes_total_), rate);
}

}  // namespace parley::cli
