// A session's events on disk, for `parley replay`: one file a session, in a folder the operator
// named. Written in portions; a file that cannot be written is given up with one line in the log,
// and the conversation goes on.
//
// Owned by a session, one sequence.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "base/ids.h"
#include "base/unique_fd.h"
#include "turn/trace.h"

namespace parley::session {

class Recording {
 public:
  Recording(const std::filesystem::path& folder, SessionId session,
            const turn::Core::Config& config, size_t bytes_max);
  ~Recording();
  void Add(const turn::Event& event, std::span<const turn::Action> actions);

 private:
  static constexpr size_t kPortionBytes = size_t{64} << 10;
  void Write();

  std::filesystem::path path_;
  UniqueFd file_;
  turn::TraceWriter writer_;
  size_t written_ = 0;
};

}  // namespace parley::session
