// Progress for people: one moving line on a terminal, a line now and then elsewhere. One sequence.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "catalog/progress.h"

namespace parley::cli {

class TerminalProgress final : public catalog::Progress {
 public:
  // `out` is stderr, say; it outlives this.
  TerminalProgress(std::FILE* out, const Clock& clock);

  void Begin(std::string_view what, uint64_t bytes_total) override;
  void Advance(uint64_t bytes_done) override;
  void End() override;
  void Say(std::string_view line) override;

 private:
  void Draw(bool last);
  std::string Line() const;

  std::FILE* const out_;
  const Clock& clock_;
  const bool is_terminal_;
  std::string what_;
  uint64_t bytes_total_ = 0;
  uint64_t bytes_done_ = 0;
  uint64_t bytes_at_begin_ = 0;
  bool advanced_ = false;
  int64_t begun_us_ = 0;
  int64_t drawn_us_ = 0;
};

}  // namespace parley::cli
