#include "audio/audio_file.h"

#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "audio/offline_resampler.h"
#include "base/file.h"

namespace parley::audio {
namespace {

constexpr int kChannelsMax = 8;
constexpr int kRateMinHz = 4000;
constexpr int kRateMaxHz = 192000;
constexpr std::string_view kKnown = "use WAV, FLAC, Ogg (Vorbis or Opus) or MP3";

// A file in memory as libsndfile reads it: never past its end, never written.
struct MemoryFile {
  std::string_view bytes;
  sf_count_t position = 0;

  static sf_count_t Length(void* self) {
    return static_cast<sf_count_t>(static_cast<MemoryFile*>(self)->bytes.size());
  }
  static sf_count_t Seek(sf_count_t offset, int whence, void* self) {
    auto* file = static_cast<MemoryFile*>(self);
    const sf_count_t length = Length(self);
    const sf_count_t base = whence == SEEK_CUR ? file->position : whence == SEEK_END ? length : 0;
    file->position = std::clamp<sf_count_t>(base + std::clamp(offset, -length, length), 0, length);
    return file->position;
  }
  static sf_count_t Read(void* out, sf_count_t count, void* self) {
    auto* file = static_cast<MemoryFile*>(self);
    const sf_count_t some = std::clamp<sf_count_t>(count, 0, Length(self) - file->position);
    std::memcpy(out, file->bytes.data() + file->position, static_cast<size_t>(some));
    file->position += some;
    return some;
  }
  static sf_count_t Write(const void*, sf_count_t, void*) { return 0; }
  static sf_count_t Tell(void* self) { return static_cast<MemoryFile*>(self)->position; }
};

struct CloseSndfile {
  void operator()(SNDFILE* file) const { sf_close(file); }
};

uint32_t U32At(std::string_view bytes, size_t offset) {
  uint32_t value = 0;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

bool StartsWith(std::string_view bytes, std::string_view magic) {
  return bytes.substr(0, magic.size()) == magic;
}

bool IsMp3(std::string_view bytes) {
  if (StartsWith(bytes, "ID3")) return true;
  if (bytes.size() < 4) return false;
  const auto second = static_cast<unsigned char>(bytes[1]);
  // A frame's 11 sync bits, and layer III.
  return static_cast<unsigned char>(bytes[0]) == 0xff && (second & 0xe6) == 0xe2;
}

// libsndfile silently shortens a WAV that ends early; a user wants to know. Sizes of 0 and ≥ 2^31
// are what streaming writers leave in the header: then the data go on to the end of the file.
Status CheckWavIsWhole(std::string_view bytes) {
  size_t offset = 12;
  while (offset + 8 <= bytes.size()) {
    const std::string_view name = bytes.substr(offset, 4);
    const uint64_t size = U32At(bytes, offset + 4);
    const uint64_t there = bytes.size() - offset - 8;
    if (name == "data") {
      if (size == 0 || size >= 0x7fffffff || size <= there) return {};
      return Fail(Code::kDataLoss, fmt::format("the WAV is cut off: its header announces {} bytes "
                                               "of sound, {} are there; upload it again whole",
                                               size, there));
    }
    if (size > there) break;
    offset += 8 + static_cast<size_t>(size + (size & 1));
  }
  return Fail(Code::kDataLoss,
              fmt::format("the WAV of {} bytes ends before its sound begins", bytes.size()));
}

Status CheckKind(std::string_view bytes) {
  if (bytes.empty()) return Fail(Code::kInvalidArgument, "the audio file is empty (0 bytes)");
  if (StartsWith(bytes, "RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WAVE") {
    return CheckWavIsWhole(bytes);
  }
  if (StartsWith(bytes, "fLaC") || StartsWith(bytes, "OggS") || IsMp3(bytes)) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("the {} bytes are no sound file known here; {}", bytes.size(), kKnown));
}

Status CheckInfo(const SF_INFO& info) {
  if (info.channels < 1 || info.channels > kChannelsMax) {
    return Fail(Code::kInvalidArgument, fmt::format("the audio file has {} channels; 1…{} are read",
                                                    info.channels, kChannelsMax));
  }
  if (info.samplerate < kRateMinHz || info.samplerate > kRateMaxHz) {
    return Fail(Code::kInvalidArgument,
                fmt::format("the audio file's sample rate is {} Hz; it must lie in {}…{} Hz",
                            info.samplerate, kRateMinHz, kRateMaxHz));
  }
  return {};
}

void AppendMixed(std::span<const float> interleaved, int channels, std::vector<float>& out) {
  const float share = 1.0f / static_cast<float>(channels);
  for (size_t i = 0; i < interleaved.size(); i += static_cast<size_t>(channels)) {
    float sum = 0.0f;
    for (int c = 0; c < channels; ++c) sum += interleaved[i + static_cast<size_t>(c)];
    // What is not a number would poison every filter after this.
    out.push_back(std::isfinite(sum) ? sum * share : 0.0f);
  }
}

Result<std::vector<float>> ReadMixed(SNDFILE* file, const SF_INFO& info, int64_t samples_max) {
  constexpr sf_count_t kBlockFrames = 4096;
  std::vector<float> block(static_cast<size_t>(kBlockFrames * info.channels));
  std::vector<float> samples;
  while (true) {
    const sf_count_t frames = sf_readf_float(file, block.data(), kBlockFrames);
    if (frames <= 0) return samples;
    AppendMixed({block.data(), static_cast<size_t>(frames * info.channels)}, info.channels,
                samples);
    if (static_cast<int64_t>(samples.size()) > samples_max) {
      return Fail(Code::kOutOfRange, fmt::format("the audio file lasts longer than {} s, the limit",
                                                 samples_max / info.samplerate));
    }
  }
}

}  // namespace

Result<AudioClip> DecodeAudioFile(std::string_view bytes, const AudioFileLimits& limits) {
  if (bytes.size() > limits.bytes_max) {
    return Fail(Code::kOutOfRange, fmt::format("the audio file has {} bytes; the limit is {}",
                                               bytes.size(), limits.bytes_max));
  }
  PARLEY_TRY_STATUS(CheckKind(bytes));
  SF_VIRTUAL_IO io{&MemoryFile::Length, &MemoryFile::Seek, &MemoryFile::Read, &MemoryFile::Write,
                   &MemoryFile::Tell};
  MemoryFile memory{bytes};
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, CloseSndfile> file(sf_open_virtual(&io, SFM_READ, &info, &memory));
  if (file == nullptr) {
    return Fail(Code::kInvalidArgument,
                fmt::format("the audio file cannot be read: {}; {}", sf_strerror(nullptr), kKnown));
  }
  PARLEY_TRY_STATUS(CheckInfo(info));
  PARLEY_TRY(std::vector<float> samples,
             ReadMixed(file.get(), info, limits.duration_ms_max * info.samplerate / 1000));
  if (samples.empty()) {
    return Fail(Code::kInvalidArgument, "the audio file has a header but holds no sound");
  }
  return AudioClip{info.samplerate, std::move(samples)};
}

Result<AudioClip> ReadAudioFile(const std::filesystem::path& path, const AudioFileLimits& limits) {
  PARLEY_TRY(const std::string bytes, ReadFile(path, limits.bytes_max));
  auto clip = DecodeAudioFile(bytes, limits);
  if (!clip) return Fail(clip.error().code, path.string() + ": " + clip.error().message);
  return clip;
}

Result<AudioClip> DecodeAudioFileAt(std::string_view bytes, int sample_rate_hz,
                                    const AudioFileLimits& limits) {
  PARLEY_TRY(AudioClip clip, DecodeAudioFile(bytes, limits));
  PARLEY_TRY(std::vector<float> samples,
             ResampleOffline(clip.samples, clip.sample_rate_hz, sample_rate_hz));
  return AudioClip{sample_rate_hz, std::move(samples)};
}

}  // namespace parley::audio
