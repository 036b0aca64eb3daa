#include "cli/internal/audio_devices.h"

#include <fcntl.h>
#include <portaudio.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace parley::cli::internal {
namespace {

class QuietStderr {
 public:
  QuietStderr() : before_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    const UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (null) ::dup2(null.get(), STDERR_FILENO);
  }
  ~QuietStderr() {
    if (before_) ::dup2(before_.get(), STDERR_FILENO);
  }
  QuietStderr(const QuietStderr&) = delete;
  QuietStderr& operator=(const QuietStderr&) = delete;

 private:
  const UniqueFd before_;
};

std::string NameOf(PaDeviceIndex device) {
  const PaDeviceInfo* info = device == paNoDevice ? nullptr : Pa_GetDeviceInfo(device);
  return info == nullptr ? "" : info->name;
}

}  // namespace

AudioDevices FindAudioDevices() {
  AudioDevices devices{.library = Pa_GetVersionInfo()->versionText};
  const QuietStderr quiet;
  if (Pa_Initialize() != paNoError) return devices;
  devices.input = NameOf(Pa_GetDefaultInputDevice());
  devices.output = NameOf(Pa_GetDefaultOutputDevice());
  Pa_Terminate();
  return devices;
}

}  // namespace parley::cli::internal
