#include "audio/g711.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/check.h"

namespace parley::audio {
namespace {

constexpr int kMuLawBias = 132;
constexpr int kMuLawClip = 32635;  // the largest magnitude whose biased value still has 15 bits

constexpr uint8_t EncodeMuLaw(int sample) {
  const int sign = sample < 0 ? 0x80 : 0;
  const int biased = std::min(sample < 0 ? -sample : sample, kMuLawClip) + kMuLawBias;
  const int exponent = std::bit_width(static_cast<unsigned>(biased)) - 8;
  const int mantissa = (biased >> (exponent + 3)) & 0x0f;
  return static_cast<uint8_t>(~(sign | exponent << 4 | mantissa));
}

constexpr int16_t DecodeMuLaw(uint8_t code) {
  const int bits = ~code & 0xff;
  const int exponent = bits >> 4 & 7;
  const int magnitude = ((((bits & 0x0f) << 3) + kMuLawBias) << exponent) - kMuLawBias;
  return static_cast<int16_t>(bits & 0x80 ? -magnitude : magnitude);
}

constexpr uint8_t EncodeALaw(int sample) {
  // A-law's negative half mirrors at -1, so that -1 and 0 share the smallest step.
  const int sign = sample < 0 ? 0 : 0x80;
  const int magnitude = (sample < 0 ? -sample - 1 : sample) >> 4;  // 11 bits
  const int exponent = std::max(0, static_cast<int>(std::bit_width(unsigned(magnitude))) - 4);
  const int mantissa = magnitude >> std::max(0, exponent - 1) & 0x0f;
  return static_cast<uint8_t>((sign | exponent << 4 | mantissa) ^ 0x55);
}

constexpr int16_t DecodeALaw(uint8_t code) {
  const int bits = code ^ 0x55;
  const int segment = bits >> 4 & 7;
  const int step = (bits & 0x0f) << 4 | 8;
  const int magnitude = segment == 0 ? step : (step + 0x100) << (segment - 1);
  return static_cast<int16_t>(bits & 0x80 ? magnitude : -magnitude);
}

template <auto kDecode>
constexpr std::array<int16_t, 256> DecodeTable() {
  std::array<int16_t, 256> table{};
  for (int code = 0; code < 256; ++code) table[code] = kDecode(static_cast<uint8_t>(code));
  return table;
}

constexpr auto kMuLawTable = DecodeTable<&DecodeMuLaw>();
constexpr auto kALawTable = DecodeTable<&DecodeALaw>();

}  // namespace

void MuLawFromPcm16(std::span<const int16_t> in, std::span<uint8_t> out) noexcept {
  PARLEY_CHECK(in.size() == out.size());
  std::transform(in.begin(), in.end(), out.begin(), EncodeMuLaw);
}

void Pcm16FromMuLaw(std::span<const uint8_t> in, std::span<int16_t> out) noexcept {
  PARLEY_CHECK(in.size() == out.size());
  std::transform(in.begin(), in.end(), out.begin(), [](uint8_t code) { return kMuLawTable[code]; });
}

void ALawFromPcm16(std::span<const int16_t> in, std::span<uint8_t> out) noexcept {
  PARLEY_CHECK(in.size() == out.size());
  std::transform(in.begin(), in.end(), out.begin(), EncodeALaw);
}

void Pcm16FromALaw(std::span<const uint8_t> in, std::span<int16_t> out) noexcept {
  PARLEY_CHECK(in.size() == out.size());
  std::transform(in.begin(), in.end(), out.begin(), [](uint8_t code) { return kALawTable[code]; });
}

}  // namespace parley::audio
