// A recording made fit to be a voice's prompt: silence at its ends cut, too loud peaks brought
// down, a short silence added at the end, as in the official demonstration. What cannot make a
// voice is refused with the numbers. Pure.
#pragma once

#include <string>
#include <vector>

#include "audio/audio_file.h"
#include "base/result.h"

namespace parley::cosyvoice2 {

struct PromptAudioLimits {
  int sample_rate_hz_min = 16'000;
  int64_t speech_ms_min = 1'000;  // 3 to 10 s make a good voice
  int64_t speech_ms_max = 30'000;
  float level_dbfs_min = -50.0F;  // RMS of what is left after the cut
  double clipped_share_max = 0.01;
};

struct PreparedAudio {
  audio::AudioClip clip;
  int64_t cut_ms = 0;                 // at both ends together
  float level_dbfs = 0;               // RMS, before peaks were brought down
  std::vector<std::string> warnings;  // what a better recording would not have
};

// kInvalidArgument with what was found, the limit and what would do.
Result<PreparedAudio> PreparePromptAudio(const audio::AudioClip& clip,
                                         const PromptAudioLimits& limits = {});

}  // namespace parley::cosyvoice2
