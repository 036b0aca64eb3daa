// The sound of the tone voice, which encodes its text so that a test can hear order, gaps and cuts.
//
// Each byte of the UTF-8 text is one symbol: two sines at once, the high half of the byte in the
// lower band (300 + 75·n Hz), the low half in the upper band (1600 + 100·n Hz), each of amplitude
// 0.3, with 4 ms raised-cosine edges, then silence. At speed 1 a symbol takes 60 ms, of which the
// last 10 are silent: about 17 bytes a second, as fast as speech. All stays below 3.2 kHz, so that
// it survives 8 kHz channels, resampling, gain and limiting.
//
// The decoder finds the symbols by their silences and names each with its place and length, so a
// symbol that was cut off is there with fewer samples, and a gap shows in `begin`.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::engine {

struct ToneRate {
  int sample_rate_hz = 24'000;  // 8,000 to 96,000
  double speed = 1.0;           // 0.25 to 4
};

// Samples of one symbol, silence included, and how many of them sound.
int64_t ToneSymbolSamples(const ToneRate& rate);
int64_t ToneSoundingSamples(const ToneRate& rate);

// The sound of one byte: ToneSymbolSamples(rate) samples.
std::vector<float> EncodeToneByte(uint8_t byte, const ToneRate& rate);
// The sound of a whole text.
std::vector<float> EncodeTone(std::string_view text, const ToneRate& rate);

struct ToneSymbol {
  uint8_t byte = 0;
  int64_t begin = 0;    // first sounding sample, within a millisecond or so
  int64_t samples = 0;  // that sound
};

// What stands in the samples, at any gain above −60 dBFS. A stump too short to be told (< 6 ms) is
// left out.
std::vector<ToneSymbol> DecodeTone(std::span<const float> samples, int sample_rate_hz);
// The bytes alone.
std::string DecodeToneText(std::span<const float> samples, int sample_rate_hz);

}  // namespace parley::engine
