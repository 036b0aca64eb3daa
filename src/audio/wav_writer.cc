#include "audio/wav_writer.h"

#include <fmt/format.h>

#include <cstring>
#include <string>
#include <vector>

#include "audio/pcm.h"
#include "base/file.h"

namespace parley::audio {

std::array<std::byte, kWavHeaderBytes> WavHeader(int sample_rate_hz,
                                                 std::optional<int64_t> samples) {
  constexpr uint32_t kUnknown = 0xffffffff;
  constexpr uint16_t kSampleBytes = 2;
  const auto data_bytes = samples ? static_cast<uint32_t>(*samples * kSampleBytes) : kUnknown;
  const uint32_t riff_bytes = samples ? data_bytes + kWavHeaderBytes - 8 : kUnknown;
  const auto rate = static_cast<uint32_t>(sample_rate_hz);
  std::array<std::byte, kWavHeaderBytes> header{};
  size_t at = 0;
  const auto put = [&](const void* value, size_t size) {
    std::memcpy(header.data() + at, value, size);
    at += size;
  };
  const auto put16 = [&](uint16_t value) { put(&value, sizeof value); };
  const auto put32 = [&](uint32_t value) { put(&value, sizeof value); };
  put("RIFF", 4), put32(riff_bytes), put("WAVE", 4);
  put("fmt ", 4), put32(16);
  put16(1), put16(1);  // PCM, one channel
  put32(rate), put32(rate * kSampleBytes);
  put16(kSampleBytes), put16(kSampleBytes * 8);
  put("data", 4), put32(data_bytes);
  return header;
}

Status WriteWavFile(const std::filesystem::path& path, int sample_rate_hz,
                    std::span<const int16_t> samples) {
  constexpr size_t kBytesMax = 0xffffffff - kWavHeaderBytes;
  if (samples.size_bytes() > kBytesMax) {
    return Fail(Code::kOutOfRange, fmt::format("{}: {} samples do not fit a WAV file (4 GiB)",
                                               path.string(), samples.size()));
  }
  const auto header = WavHeader(sample_rate_hz, static_cast<int64_t>(samples.size()));
  std::string bytes(kWavHeaderBytes + samples.size_bytes(), '\0');
  std::memcpy(bytes.data(), header.data(), header.size());
  BytesFromPcm16(samples, {reinterpret_cast<std::byte*>(bytes.data()) + kWavHeaderBytes,
                           samples.size_bytes()});
  return WriteFileAtomically(path, bytes);
}

Status WriteWavFile(const std::filesystem::path& path, int sample_rate_hz,
                    std::span<const float> samples) {
  std::vector<int16_t> pcm(samples.size());
  Pcm16FromFloat(samples, pcm);
  return WriteWavFile(path, sample_rate_hz, pcm);
}

}  // namespace parley::audio
