// G.711: telephony's 8-bit logarithmic PCM, 8 kHz. Written from ITU-T G.711 (11/88): µ-law has
// 14-bit magnitudes with a bias of 33 (132 in 16 bits), A-law 13-bit ones; code words are sent with
// all bits (µ-law) or every second bit (A-law, 0x55) inverted.
//
// noexcept, no allocation, any thread. Input and output have the same length.
#pragma once

#include <cstdint>
#include <span>

namespace parley::audio {

void MuLawFromPcm16(std::span<const int16_t> in, std::span<uint8_t> out) noexcept;
void Pcm16FromMuLaw(std::span<const uint8_t> in, std::span<int16_t> out) noexcept;
void ALawFromPcm16(std::span<const int16_t> in, std::span<uint8_t> out) noexcept;
void Pcm16FromALaw(std::span<const uint8_t> in, std::span<int16_t> out) noexcept;

}  // namespace parley::audio
