#include "audio/audio_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "audio/g711.h"
#include "audio/mp3_encoder.h"
#include "audio/pcm.h"
#include "audio/testing/signals.h"
#include "audio/wav_writer.h"
#include "base/file.h"
#include "base/testing/temp_dir.h"

namespace parley::audio {
namespace {

using testing::SnrDb;

struct WavKind {
  uint16_t format = 1;
  uint16_t bits = 16;
  uint16_t channels = 1;
  int rate_hz = 16000;
};

std::string Wav(const WavKind& kind, const std::string& data) {
  std::string out = "RIFF....WAVEfmt ";
  const auto put = [&out](auto value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  const auto frame = static_cast<uint16_t>(kind.channels * kind.bits / 8);
  put(uint32_t{16});
  put(kind.format);
  put(kind.channels);
  put(static_cast<uint32_t>(kind.rate_hz));
  put(static_cast<uint32_t>(kind.rate_hz * frame));
  put(frame);
  put(kind.bits);
  out += "data";
  put(static_cast<uint32_t>(data.size()));
  out += data;
  const auto riff = static_cast<uint32_t>(out.size() - 8);
  std::memcpy(out.data() + 4, &riff, sizeof riff);
  return out;
}

template <class T>
std::string Bytes(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

const std::vector<float>& Tone() {
  static const auto* const tone = new std::vector<float>(testing::Sine(440, 16000, 4000));
  return *tone;
}

std::string Pcm24Bytes(const std::vector<float>& samples) {
  std::string out;
  for (const float sample : samples) {
    const auto value = static_cast<int32_t>(std::lrintf(sample * 8388607.0f));
    for (int shift = 0; shift < 24; shift += 8) out += static_cast<char>(value >> shift & 0xff);
  }
  return out;
}

TEST(AudioFile, ReadsEveryWavEncodingThatRecordersAndPhonesWrite) {
  std::vector<int32_t> pcm32;
  for (const float sample : Tone()) pcm32.push_back(static_cast<int32_t>(sample * 2147483000.0f));
  const std::vector<int16_t> pcm16 = testing::AsPcm16(Tone());
  std::vector<uint8_t> mu_law(pcm16.size());
  std::vector<uint8_t> a_law(pcm16.size());
  MuLawFromPcm16(pcm16, mu_law);
  ALawFromPcm16(pcm16, a_law);
  const struct {
    WavKind kind;
    std::string data;
    double snr_db;
  } cases[] = {{{1, 16}, Bytes(pcm16), 85.0},  {{1, 24}, Pcm24Bytes(Tone()), 120.0},
               {{1, 32}, Bytes(pcm32), 120.0}, {{3, 32}, Bytes(Tone()), 200.0},
               {{7, 8}, Bytes(mu_law), 35.0},  {{6, 8}, Bytes(a_law), 35.0}};
  for (const auto& c : cases) {
    const auto clip = DecodeAudioFile(Wav(c.kind, c.data));
    ASSERT_TRUE(clip) << clip.error().message;
    ASSERT_EQ(clip->samples.size(), Tone().size()) << c.kind.format << "/" << c.kind.bits;
    EXPECT_EQ(clip->sample_rate_hz, 16000);
    EXPECT_GT(SnrDb(Tone(), clip->samples, 0, 4000), c.snr_db) << c.kind.format;
  }
}

TEST(AudioFile, ChannelsAreMixedAndAnyRateIsConverted) {
  std::vector<int16_t> stereo;
  for (const int16_t sample : testing::AsPcm16(testing::Sine(440, 44100, 44100, 0.8f))) {
    stereo.push_back(sample);
    stereo.push_back(0);
  }
  const auto clip = DecodeAudioFileAt(Wav({1, 16, 2, 44100}, Bytes(stereo)), 16000);
  ASSERT_TRUE(clip) << clip.error().message;
  EXPECT_EQ(clip->samples.size(), 16000u);
  const std::vector<float> want = testing::Sine(440, 16000, 16000, 0.4f);
  EXPECT_GT(SnrDb(want, clip->samples, 500, 15500), 60.0);
}

TEST(AudioFile, ReadsTheStreamingHeaderThatWeWrite) {
  std::string file;
  const auto header = WavHeader(16000, std::nullopt);
  file.append(reinterpret_cast<const char*>(header.data()), header.size());
  file += Bytes(testing::AsPcm16(Tone()));
  EXPECT_EQ(DecodeAudioFile(file).value().samples.size(), Tone().size());
}

TEST(AudioFile, ReadsTheMp3ThatWeWrite) {
  const std::vector<float> in = testing::Sine(440, 24000, 48000);
  const std::vector<int16_t> pcm = testing::AsPcm16(in);
  const auto encoder = std::move(Mp3Encoder::Create({}).value());
  std::string mp3;
  for (size_t at = 0; at < pcm.size(); at += 480) {
    ASSERT_TRUE(encoder->Encode(std::span(pcm).subspan(at, 480), mp3));
    if (at == 24000) {
      EXPECT_GT(mp3.size(), 4000u) << "frames come while the sound is still made";
    }
  }
  ASSERT_TRUE(encoder->Finish(mp3));
  EXPECT_NEAR(double(mp3.size()), 16000.0, 1000.0);  // 2 s at 64 kbit/s
  const auto clip = DecodeAudioFile(mp3);
  ASSERT_TRUE(clip) << clip.error().message;
  EXPECT_EQ(clip->sample_rate_hz, 24000);
  EXPECT_NEAR(double(clip->samples.size()), 48000.0, 3000.0);
  // The delay is the codec's affair: the tone's energy must be there.
  double energy = 0.0;
  for (size_t i = 4000; i < 40000; ++i) energy += double(clip->samples[i]) * clip->samples[i];
  EXPECT_NEAR(energy / 36000.0, 0.125, 0.02);
}

TEST(Mp3Encoder, RefusesRatesThatMp3DoesNotHave) {
  Mp3Encoder::Config config;
  config.sample_rate_hz = 23000;
  EXPECT_EQ(Mp3Encoder::Create(config).error().code, Code::kInvalidArgument);
}

TEST(AudioFile, SaysWhatIsWrongWithABrokenFile) {
  const std::string good = Wav({}, Bytes(testing::AsPcm16(Tone())));
  const struct {
    std::string bytes;
    Code code;
    std::string says;
  } cases[] = {
      {"", Code::kInvalidArgument, "empty (0 bytes)"},
      {"hello, I am no sound", Code::kInvalidArgument, "use WAV, FLAC"},
      {good.substr(0, good.size() - 1000), Code::kDataLoss,
       "its header announces 8000 bytes of sound, 7000 are there"},
      {good.substr(0, 30), Code::kDataLoss, "ends before its sound begins"},
      {good.substr(0, 12), Code::kDataLoss, "ends before its sound begins"},
      {"RIFF", Code::kInvalidArgument, "no sound file known here"},
      {Wav({1, 16, 1, 7}, "1234"), Code::kInvalidArgument, "sample rate is 7 Hz"},
      {Wav({0x55, 16, 1, 16000}, "1234"), Code::kInvalidArgument, "cannot be read"},
      {Wav({}, ""), Code::kInvalidArgument, "holds no sound"},
      {"fLaC and then nothing of the kind", Code::kInvalidArgument, "cannot be read"},
      {"OggS and then nothing of the kind", Code::kInvalidArgument, "cannot be read"},
  };
  for (const auto& c : cases) {
    const auto clip = DecodeAudioFile(c.bytes);
    ASSERT_FALSE(clip) << c.says;
    EXPECT_EQ(clip.error().code, c.code) << clip.error().message;
    EXPECT_NE(clip.error().message.find(c.says), std::string::npos) << clip.error().message;
  }
}

TEST(AudioFile, LimitsAreNamed) {
  const std::string wav = Wav({}, Bytes(testing::AsPcm16(Tone())));
  AudioFileLimits limits;
  limits.bytes_max = 100;
  EXPECT_EQ(DecodeAudioFile(wav, limits).error().message,
            "the audio file has 8044 bytes; the limit is 100");
  limits = {};
  limits.duration_ms_max = 100;
  EXPECT_EQ(DecodeAudioFile(wav, limits).error().code, Code::kOutOfRange);
}

TEST(AudioFile, WhatIsNoNumberBecomesSilence) {
  const auto clip = DecodeAudioFile(
      Wav({3, 32}, Bytes(std::vector<float>{0.5f, std::nanf(""), INFINITY, 0.25f})));
  EXPECT_EQ(clip.value().samples, (std::vector<float>{0.5f, 0.0f, 0.0f, 0.25f}));
}

TEST(WavWriter, WhatIsWrittenIsReadBackExactly) {
  const parley::testing::TempDir dir;
  const auto path = dir.path() / "tone.wav";
  const std::vector<int16_t> pcm = testing::AsPcm16(Tone());
  ASSERT_TRUE(WriteWavFile(path, 16000, pcm));
  const auto clip = ReadAudioFile(path);
  EXPECT_EQ(testing::AsPcm16(clip.value().samples), pcm);
  EXPECT_EQ(ReadFile(path, 1 << 20).value(), Wav({}, Bytes(pcm)));
}

TEST(WavWriter, ErrorsNameTheFile) {
  const auto error = ReadAudioFile("/nonexistent/a.wav");
  EXPECT_EQ(error.error().code, Code::kNotFound);
  EXPECT_NE(error.error().message.find("/nonexistent/a.wav"), std::string::npos);
}

}  // namespace
}  // namespace parley::audio
