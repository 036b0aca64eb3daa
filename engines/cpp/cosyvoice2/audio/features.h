// What the models see of a prompt's sound: three kinds of spectrogram, each exactly as in the
// official front end. Samples are mono in [-1, 1]. Immutable, thread-safe (each call has its own
// buffers).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"

namespace parley::cosyvoice2 {

// values[frame][band], or [band][frame] where said.
struct Spectrogram {
  size_t frames = 0;
  size_t bands = 0;
  std::vector<float> values;
};

// For the speech tokenizer: 16 kHz, hop 10 ms, 128 bands, [band][frame]; log10 within 8 of the
// loudest, then (x + 4) / 4 (Whisper's). floor(n / 160) frames. kInvalidArgument for fewer than 201
// samples, which cannot be reflected at the ends.
Result<Spectrogram> WhisperLogMel(std::span<const float> samples_16k);

// For the speaker network: 16 kHz, 25 ms every 10 ms, 80 bands, [frame][band]; natural log, frames
// within the sound only (Kaldi's fbank, without dither). kInvalidArgument for less than a frame.
Result<Spectrogram> KaldiFbank(std::span<const float> samples_16k);
// Takes each band's mean over time away.
void SubtractMean(Spectrogram& fbank);

// For the flow: 24 kHz, 80 ms every 20 ms, 80 bands up to 8 kHz, [frame][band]; natural log of
// magnitudes, floor(n / 480) frames (Matcha-TTS's). kInvalidArgument for fewer than 721 samples.
Result<Spectrogram> FlowMel(std::span<const float> samples_24k);

}  // namespace parley::cosyvoice2
