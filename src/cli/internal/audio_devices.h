// The sound devices of this machine, by PortAudio.
#pragma once

#include <string>

namespace parley::cli::internal {

struct AudioDevices {
  std::string input;    // name of the default microphone; empty: none
  std::string output;   // of the default loudspeaker
  std::string library;  // PortAudio's version
};

// Never fails: where sound does not work there are no devices. What ALSA writes to stderr while it
// looks is kept from the person.
AudioDevices FindAudioDevices();

}  // namespace parley::cli::internal
