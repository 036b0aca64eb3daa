#include "audio/pcm.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/check.h"

namespace parley::audio {

static_assert(std::endian::native == std::endian::little, "the wire's order is taken as ours");

void FloatFromPcm16(std::span<const int16_t> in, std::span<float> out) noexcept {
  PARLEY_CHECK(in.size() == out.size());
  for (size_t i = 0; i < in.size(); ++i) out[i] = static_cast<float>(in[i]) * (1.0f / 32768.0f);
}

void Pcm16FromFloat(std::span<const float> in, std::span<int16_t> out) noexcept {
  PARLEY_CHECK(in.size() == out.size());
  for (size_t i = 0; i < in.size(); ++i) {
    const float scaled = in[i] * 32768.0f;
    // The comparisons are false for NaN, which so ends as 0.
    const float held =
        scaled > -32768.0f ? std::min(scaled, 32767.0f) : (scaled <= -32768.0f ? -32768.0f : 0.0f);
    out[i] = static_cast<int16_t>(std::lrintf(held));
  }
}

void Pcm16FromBytes(std::span<const std::byte> in, std::span<int16_t> out) noexcept {
  PARLEY_CHECK(in.size() == out.size_bytes());
  if (!in.empty()) std::memcpy(out.data(), in.data(), in.size());
}

void BytesFromPcm16(std::span<const int16_t> in, std::span<std::byte> out) noexcept {
  PARLEY_CHECK(in.size_bytes() == out.size());
  if (!in.empty()) std::memcpy(out.data(), in.data(), out.size());
}

float AmplitudeFromDb(float db) noexcept { return std::pow(10.0f, db / 20.0f); }

float DbFromAmplitude(float amplitude) noexcept {
  if (!(amplitude > 0.0f)) return kSilenceDbfs;
  return std::max(kSilenceDbfs, 20.0f * std::log10(amplitude));
}

}  // namespace parley::audio
