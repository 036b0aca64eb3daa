#include "audio/pcm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace parley::audio {
namespace {

TEST(Pcm, EverySampleSurvivesTheWayThroughFloat) {
  std::vector<int16_t> all(65536);
  for (int i = 0; i < 65536; ++i) all[static_cast<size_t>(i)] = static_cast<int16_t>(i - 32768);
  std::vector<float> floats(all.size());
  std::vector<int16_t> back(all.size());
  FloatFromPcm16(all, floats);
  Pcm16FromFloat(floats, back);
  EXPECT_EQ(back, all);
}

TEST(Pcm, WhatIsTooLoudOrNoNumberIsHeld) {
  const std::vector<float> in = {1.0f,
                                 -1.0f,
                                 7.0f,
                                 -7.0f,
                                 std::numeric_limits<float>::infinity(),
                                 -std::numeric_limits<float>::infinity(),
                                 std::numeric_limits<float>::quiet_NaN(),
                                 0.4f / 32768.0f,
                                 -0.6f / 32768.0f};
  std::vector<int16_t> out(in.size());
  Pcm16FromFloat(in, out);
  EXPECT_EQ(out, (std::vector<int16_t>{32767, -32768, 32767, -32768, 32767, -32768, 0, 0, -1}));
}

TEST(Pcm, WireBytesAreLittleEndianAtAnyAlignment) {
  const std::byte wire[] = {std::byte{9}, std::byte{0x34}, std::byte{0x12}, std::byte{0xff},
                            std::byte{0xff}};
  std::vector<int16_t> samples(2);
  Pcm16FromBytes(std::span(wire).subspan(1), samples);
  EXPECT_EQ(samples, (std::vector<int16_t>{0x1234, -1}));
  std::vector<std::byte> back(4);
  BytesFromPcm16(samples, back);
  EXPECT_TRUE(std::equal(back.begin(), back.end(), wire + 1));
}

TEST(Pcm, DecibelsAndAmplitudesAreInverse) {
  EXPECT_FLOAT_EQ(AmplitudeFromDb(-20.0f), 0.1f);
  EXPECT_NEAR(DbFromAmplitude(0.5f), -6.0206f, 1e-3);
  EXPECT_EQ(DbFromAmplitude(0.0f), kSilenceDbfs);
  EXPECT_EQ(DbFromAmplitude(std::numeric_limits<float>::quiet_NaN()), kSilenceDbfs);
}

}  // namespace
}  // namespace parley::audio
