// WAV out: PCM16 little-endian, mono. Thread-safe functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "base/result.h"

namespace parley::audio {

inline constexpr size_t kWavHeaderBytes = 44;

// The header of a file with `samples` samples. Without a number: of a stream whose length is not
// known yet (both sizes 0xFFFFFFFF, as other streaming writers do; readers go on to the end).
std::array<std::byte, kWavHeaderBytes> WavHeader(int sample_rate_hz,
                                                 std::optional<int64_t> samples);

// A whole file, replaced atomically. Longer than 4 GiB: kOutOfRange.
Status WriteWavFile(const std::filesystem::path& path, int sample_rate_hz,
                    std::span<const int16_t> samples);
Status WriteWavFile(const std::filesystem::path& path, int sample_rate_hz,
                    std::span<const float> samples);

}  // namespace parley::audio
