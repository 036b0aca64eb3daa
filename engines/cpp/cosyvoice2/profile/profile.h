// Where the engine's time goes: spans, written as a trace that browsers' viewers open
// (chrome://tracing, Perfetto); the same names are NVTX ranges in a build with PARLEY_NVTX_INCLUDE.
// While nothing is written a span costs one look at a flag.
//
//   Status started = profile::Start(folder);       // once in a process
//   { const profile::Span span("lm"); … }          // what it encloses
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace parley::cosyvoice2::profile {

// From now on spans go to folder/cosyvoice2-PID.json, at most 64 MiB of them; after that none. What
// the disk says where it cannot be written; kFailedPrecondition the second time. Thread-safe.
Status Start(const std::filesystem::path& folder);

// What has been gathered is on disk when this returns: a whole JSON array at any time. Thread-safe.
void Flush();

// Ends what Start began, for tests.
void Stop();

// Spans of this thread stand in the row `name` from now on; rows of one name are one.
void SetRow(const std::string& name);

// From its construction to its end, on one thread.
class Span {
 public:
  // `name` is a literal. `count`, where not negative, is shown with it: symbols, frames.
  explicit Span(const char* name, int64_t count = -1);
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

 private:
  const char* const name_;
  const int64_t count_;
  int64_t begun_us_ = -1;  // not negative: to be written
};

}  // namespace parley::cosyvoice2::profile
