// Each format that is written while the sound is made: what comes back out of it is the sound.
#include "audio/stream_encoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "audio/aac_encoder.h"
#include "audio/audio_file.h"
#include "audio/flac_encoder.h"
#include "audio/opus_encoder.h"
#include "audio/testing/signals.h"

namespace parley::audio {
namespace {

const std::vector<int16_t>& Tone() {
  static const std::vector<int16_t> pcm = testing::AsPcm16(testing::Sine(440, 24000, 48000));
  return pcm;
}

// Encoded in pieces of 20 ms. `early`: the bytes that had come after one second.
std::string Encoded(Result<std::unique_ptr<StreamEncoder>> encoder, size_t* early) {
  std::string bytes;
  EXPECT_TRUE(encoder) << encoder.error().message;
  if (!encoder) return bytes;
  for (size_t at = 0; at < Tone().size(); at += 480) {
    EXPECT_TRUE((*encoder)->Encode(std::span(Tone()).subspan(at, 480), bytes));
    if (at == 24000) *early = bytes.size();
  }
  EXPECT_TRUE((*encoder)->Finish(bytes));
  return bytes;
}

double Energy(std::span<const float> samples) {
  double energy = 0;
  for (const float sample : samples) energy += double(sample) * sample;
  return energy / static_cast<double>(samples.size());
}

TEST(OpusEncoder, IsReadBackAndComesEarly) {
  size_t early = 0;
  const std::string bytes = Encoded(MakeOpusEncoder({}), &early);
  EXPECT_EQ(bytes.substr(0, 4), "OggS");
  EXPECT_GT(early, 2000u);
  const auto clip = DecodeAudioFileAt(bytes, 24000);
  ASSERT_TRUE(clip) << clip.error().message;
  EXPECT_NEAR(double(clip->samples.size()), 48000.0, 100.0);
  EXPECT_NEAR(Energy(std::span(clip->samples).subspan(4000, 36000)), 0.125, 0.02);
}

TEST(FlacEncoder, IsReadBackBitForBit) {
  size_t early = 0;
  const std::string bytes = Encoded(MakeFlacEncoder(24000), &early);
  EXPECT_EQ(bytes.substr(0, 4), "fLaC");
  EXPECT_GT(early, 2000u);
  const auto clip = DecodeAudioFile(bytes);
  ASSERT_TRUE(clip) << clip.error().message;
  EXPECT_EQ(clip->sample_rate_hz, 24000);
  EXPECT_EQ(testing::AsPcm16(clip->samples), Tone());
}

TEST(AacEncoder, EveryFrameSaysWhatItIs) {
  size_t early = 0;
  const std::string bytes = Encoded(MakeAacEncoder({}), &early);
  EXPECT_GT(early, 6000u);
  EXPECT_NEAR(double(bytes.size()), 16000.0, 1500.0);  // 2 s at 64 kbit/s
  const auto byte = [&bytes](size_t at) { return static_cast<unsigned char>(bytes[at]); };
  size_t frames = 0;
  size_t at = 0;
  while (at + 7 <= bytes.size()) {
    ASSERT_EQ(byte(at), 0xFF) << "frame " << frames;
    ASSERT_EQ(byte(at + 1) & 0xF6, 0xF0);
    EXPECT_EQ(byte(at + 2) >> 6, 1) << "low complexity";
    EXPECT_EQ((byte(at + 2) >> 2) & 15, 6) << "24 kHz";
    at += (byte(at + 3) & 3u) << 11 | byte(at + 4) << 3 | byte(at + 5) >> 5;
    ++frames;
  }
  EXPECT_EQ(at, bytes.size());
  EXPECT_EQ(frames, 48000u / 1024 + 2);
}

TEST(StreamEncoders, RefuseRatesThatTheirFormatsDoNotHave) {
  EXPECT_EQ(MakeOpusEncoder({.sample_rate_hz = 96000}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(MakeFlacEncoder(0).error().code, Code::kInvalidArgument);
  EXPECT_EQ(MakeAacEncoder({.sample_rate_hz = 23000}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(MakeAacEncoder({.bit_rate_kbps = 1}).error().code, Code::kInvalidArgument);
}

TEST(StreamEncoders, NothingIsAFileToo) {
  std::vector<std::unique_ptr<StreamEncoder>> encoders;
  encoders.push_back(MakeOpusEncoder({}).value());
  encoders.push_back(MakeFlacEncoder(24000).value());
  encoders.push_back(MakeAacEncoder({}).value());
  for (const auto& encoder : encoders) {
    std::string bytes;
    EXPECT_TRUE(encoder->Finish(bytes));
    EXPECT_FALSE(bytes.empty());
  }
}

}  // namespace
}  // namespace parley::audio
