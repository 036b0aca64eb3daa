#include "session/internal/recording.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

#include "base/log.h"

namespace parley::session {

Recording::Recording(const std::filesystem::path& folder, SessionId session,
                     const turn::Core::Config& config, size_t bytes_max)
    : path_(folder / ("session-" + std::to_string(std::time(nullptr)) + "-" +
                      std::to_string(session.value) + ".parley-trace")),
      writer_(config, bytes_max) {
  // What was said is in it: for its owner's eyes.
  file_ = UniqueFd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file_) {
    log::Error("recording_failed file={} error=\"{}\"", path_.string(), std::strerror(errno));
    return;
  }
  log::Info("recording session={} file={}", session.value, path_.string());
}

Recording::~Recording() { Write(); }

void Recording::Add(const turn::Event& event, std::span<const turn::Action> actions) {
  if (!file_) return;
  writer_.Add(event, actions);
  if (writer_.bytes() - written_ >= kPortionBytes) Write();
}

void Recording::Write() {
  const std::string bytes = writer_.Take();
  written_ = writer_.bytes();
  std::string_view left = bytes;
  while (file_ && !left.empty()) {
    const ssize_t done = ::write(file_.get(), left.data(), left.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) {
      log::Error("recording_failed file={} error=\"{}\"", path_.string(), std::strerror(errno));
      file_ = UniqueFd();
      return;
    }
    left.remove_prefix(static_cast<size_t>(done));
  }
}

}  // namespace parley::session
