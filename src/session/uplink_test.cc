#include "session/uplink.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace parley::session {
namespace {

constexpr realtime::AudioFormat kPcm24{realtime::Codec::kPcm16, 24'000};
constexpr realtime::AudioFormat kPcm16{realtime::Codec::kPcm16, 16'000};

std::vector<uint8_t> Bytes(size_t samples, int16_t value) {
  std::vector<uint8_t> bytes(samples * 2);
  for (size_t i = 0; i < samples; ++i) {
    bytes[2 * i] = static_cast<uint8_t>(value & 0xff);
    bytes[2 * i + 1] = static_cast<uint8_t>(value >> 8);
  }
  return bytes;
}

TEST(Uplink, SoundBecomesSixteenKilohertz) {
  const auto uplink = *Uplink::Create(kPcm24);
  for (int i = 0; i < 50; ++i) uplink->Append(Bytes(480, 1000));
  EXPECT_NEAR(static_cast<double>(uplink->received()), 16'000, 64);
  EXPECT_NEAR(uplink->Copy(8000, 8001).at(0), 1000, 5);
}

TEST(Uplink, HalfASampleWaitsForItsOtherHalf) {
  const auto uplink = *Uplink::Create(kPcm16);
  const std::vector<uint8_t> bytes = Bytes(3, 0x1234);
  uplink->Append(std::span(bytes).first(3));
  EXPECT_EQ(uplink->received(), 1);
  uplink->Append(std::span(bytes).subspan(3));
  EXPECT_EQ(uplink->Copy(0, 3), std::vector<int16_t>(3, 0x1234));
}

TEST(Uplink, TelephoneSoundIsDecoded) {
  const auto uplink = *Uplink::Create({realtime::Codec::kPcmu, 8000});
  for (int i = 0; i < 50; ++i) uplink->Append(std::vector<uint8_t>(160, 0xff));
  EXPECT_NEAR(static_cast<double>(uplink->received()), 16'000, 100);
  EXPECT_EQ(uplink->Copy(8000, 8001).at(0), 0);
}

TEST(Uplink, FilledSilenceDoesNotCountInTheProtocol) {
  const auto uplink = *Uplink::Create(kPcm16);
  uplink->Append(Bytes(16'000, 1));
  uplink->Fill(8000);
  uplink->Append(Bytes(16'000, 1));
  EXPECT_EQ(uplink->received(), 40'000);
  EXPECT_EQ(uplink->AppendedMs(8000), 500);
  EXPECT_EQ(uplink->AppendedMs(20'000), 1000) << "within the silence";
  EXPECT_EQ(uplink->AppendedMs(40'000), 2000);
}

TEST(Uplink, WhatNobodyWantsIsForgotten) {
  const auto uplink = *Uplink::Create(kPcm16);
  uplink->Append(Bytes(48'000, 7));
  uplink->Forget(32'000);
  EXPECT_EQ(uplink->Copy(0, 48'000).size(), 16'000u);
  EXPECT_EQ(uplink->Copy(40'000, 40'002), std::vector<int16_t>(2, 7));
  EXPECT_EQ(uplink->received(), 48'000);
}

}  // namespace
}  // namespace parley::session
