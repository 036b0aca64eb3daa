// Conversions between the sample formats that cross Parley's borders. Inside, sound is float in
// [-1, 1], one channel; on wires and in files it is PCM16 little-endian or G.711 (audio/g711.h).
//
// All functions: noexcept, no allocation, any thread. Input and output have the same length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::audio {

// value / 32768: exact in float.
void FloatFromPcm16(std::span<const int16_t> in, std::span<float> out) noexcept;

// value × 32768, rounded to nearest, ties to even, held to [-32768, 32767]; NaN becomes 0.
void Pcm16FromFloat(std::span<const float> in, std::span<int16_t> out) noexcept;

// PCM16 as it stands on the wire, little-endian, at any alignment; `in` holds 2 bytes a sample.
void Pcm16FromBytes(std::span<const std::byte> in, std::span<int16_t> out) noexcept;
void BytesFromPcm16(std::span<const int16_t> in, std::span<std::byte> out) noexcept;

// dBFS to factor and back: 0 dBFS is a factor (or amplitude) of 1; ≤ 0 gives `kSilenceDbfs`.
inline constexpr float kSilenceDbfs = -120.0f;
float AmplitudeFromDb(float db) noexcept;
float DbFromAmplitude(float amplitude) noexcept;

// Samples of `ms` milliseconds, rounded down.
constexpr int64_t SamplesOfMs(int64_t ms, int sample_rate_hz) { return ms * sample_rate_hz / 1000; }

}  // namespace parley::audio
