// Sound files from outside: WAV (PCM 8/16/24/32, float, µ-law, A-law), FLAC, Ogg (Vorbis, Opus) and
// MP3, any number of channels up to 8 mixed to one. The bytes are foreign: the kind is recognized
// by its first bytes, sizes named inside are never believed (memory grows only with samples that
// are really there), and each refusal says what was found and what would do. libsndfile decodes.
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::audio {

// One sound, mono, in [-1, 1] (float files may exceed it).
struct AudioClip {
  int sample_rate_hz = 16000;
  std::vector<float> samples;

  int64_t duration_ms() const {
    return static_cast<int64_t>(samples.size()) * 1000 / sample_rate_hz;
  }
};

struct AudioFileLimits {
  size_t bytes_max = 64u << 20;        // of the file
  int64_t duration_ms_max = 3600'000;  // of the sound: bounds the memory of what compresses well
};

// `bytes` is the whole file; it is copied nowhere. kInvalidArgument: not a sound file of these
// kinds, or broken; kDataLoss: a WAV whose data end early; kOutOfRange: over a limit.
Result<AudioClip> DecodeAudioFile(std::string_view bytes, const AudioFileLimits& limits = {});

// The same from disk; the error names the file.
Result<AudioClip> ReadAudioFile(const std::filesystem::path& path,
                                const AudioFileLimits& limits = {});

// Decode, then convert to `sample_rate_hz` (audio/offline_resampler.h).
Result<AudioClip> DecodeAudioFileAt(std::string_view bytes, int sample_rate_hz,
                                    const AudioFileLimits& limits = {});

}  // namespace parley::audio
