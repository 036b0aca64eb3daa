#include "audio/g711.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <vector>

namespace parley::audio {
namespace {

std::vector<uint8_t> AllCodes() {
  std::vector<uint8_t> codes(256);
  std::iota(codes.begin(), codes.end(), uint8_t{0});
  return codes;
}

std::vector<int16_t> AllSamples() {
  std::vector<int16_t> samples(65536);
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i] = static_cast<int16_t>(static_cast<int>(i) - 32768);
  }
  return samples;
}

TEST(G711, KnownCodeWordsOfTheRecommendation) {
  // G.711 tables 1a–2b: µ-law 0xFF is +0, 0x80 the largest; A-law 0xD5 is the smallest positive.
  const std::vector<uint8_t> mu = {0xff, 0x7f, 0x80, 0x00};
  std::vector<int16_t> pcm(4);
  Pcm16FromMuLaw(mu, pcm);
  EXPECT_EQ(pcm, (std::vector<int16_t>{0, 0, 32124, -32124}));
  const std::vector<uint8_t> a = {0xd5, 0x55, 0xaa, 0x2a};
  Pcm16FromALaw(a, pcm);
  EXPECT_EQ(pcm, (std::vector<int16_t>{8, -8, 32256, -32256}));
}

TEST(G711, EachCodeWordDecodesAndEncodesToItself) {
  std::vector<int16_t> pcm(256);
  std::vector<uint8_t> codes(256);
  Pcm16FromALaw(AllCodes(), pcm);
  ALawFromPcm16(pcm, codes);
  EXPECT_EQ(codes, AllCodes());
  Pcm16FromMuLaw(AllCodes(), pcm);
  MuLawFromPcm16(pcm, codes);
  codes[0x7f] = 0x7f;  // −0 comes back as +0
  EXPECT_EQ(codes, AllCodes());
}

// The step of a segment is 1/16 of its start or less: at most 1/32 off, or the smallest half step.
TEST(G711, EverySampleComesBackWithinHalfAStep) {
  const std::vector<int16_t> in = AllSamples();
  std::vector<uint8_t> codes(in.size());
  std::vector<int16_t> out(in.size());
  MuLawFromPcm16(in, codes);
  Pcm16FromMuLaw(codes, out);
  for (size_t i = 0; i < in.size(); ++i) {
    const int clipped = std::clamp<int>(in[i], -32635, 32635);
    ASSERT_LE(std::abs(clipped - out[i]), (std::abs(clipped) + 132) / 32 + 1) << in[i];
  }
  ALawFromPcm16(in, codes);
  Pcm16FromALaw(codes, out);
  for (size_t i = 0; i < in.size(); ++i) {
    ASSERT_LE(std::abs(in[i] - out[i]), std::max(8, std::abs(int{in[i]}) / 32 + 1)) << in[i];
  }
}

TEST(G711, LouderNeverDecodesQuieter) {
  const std::vector<int16_t> in = AllSamples();
  std::vector<uint8_t> codes(in.size());
  std::vector<int16_t> out(in.size());
  ALawFromPcm16(in, codes);
  Pcm16FromALaw(codes, out);
  EXPECT_TRUE(std::is_sorted(out.begin(), out.end()));
  MuLawFromPcm16(in, codes);
  Pcm16FromMuLaw(codes, out);
  EXPECT_TRUE(std::is_sorted(out.begin(), out.end()));
}

}  // namespace
}  // namespace parley::audio
