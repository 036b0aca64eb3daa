#include "audio/aac_encoder.h"

#include <fmt/format.h>
#include <vo-aacenc/cmnMemory.h>
#include <vo-aacenc/voAAC.h>

#include <algorithm>
#include <array>
#include <vector>

namespace parley::audio {
namespace {

constexpr std::array kRatesHz = {8000,  11025, 12000, 16000, 22050, 24000,
                                 32000, 44100, 48000, 64000, 88200, 96000};
constexpr size_t kFrameSamples = 1024;
constexpr size_t kFrameBytesMax = 768 + 7;  // 6144 bits a channel and the ADTS header

// The library's own functions, which take memory from the C library. It keeps the pointer.
VO_MEM_OPERATOR* MemoryOperator() {
  static VO_MEM_OPERATOR memory = {.Alloc = cmnMemAlloc,
                                   .Free = cmnMemFree,
                                   .Set = cmnMemSet,
                                   .Copy = cmnMemCopy,
                                   .Check = cmnMemCheck,
                                   .Compare = cmnMemCompare,
                                   .Move = cmnMemMove};
  return &memory;
}

class AacEncoder final : public StreamEncoder {
 public:
  explicit AacEncoder(const AacConfig& config) {
    if (voGetAACEncAPI(&api_) != VO_ERR_NONE) return;
    VO_CODEC_INIT_USERDATA memory = {VO_IMF_USERMEMOPERATOR, MemoryOperator()};
    if (api_.Init(&handle_, VO_AUDIO_CodingAAC, &memory) != VO_ERR_NONE) return;
    AACENC_PARAM parameters = {.sampleRate = config.sample_rate_hz,
                               .bitRate = config.bit_rate_kbps * 1000,
                               .nChannels = 1,
                               .adtsUsed = 1};
    good_ = api_.SetParam(handle_, VO_PID_AAC_ENCPARAM, &parameters) == VO_ERR_NONE;
  }
  ~AacEncoder() override {
    if (handle_ != nullptr) api_.Uninit(handle_);
  }

  bool good() const { return good_; }

  Status Encode(std::span<const int16_t> pcm, std::string& out) override {
    waiting_.insert(waiting_.end(), pcm.begin(), pcm.end());
    size_t taken = 0;
    for (; waiting_.size() - taken >= kFrameSamples; taken += kFrameSamples) {
      PARLEY_TRY_STATUS(EncodeFrame(std::span(waiting_).subspan(taken, kFrameSamples), out));
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(taken));
    return {};
  }

  Status Finish(std::string& out) override {
    // The rest, and one frame more for what the encoder still holds.
    waiting_.resize((waiting_.empty() ? 1 : 2) * kFrameSamples);
    return Encode({}, out);
  }

 private:
  Status EncodeFrame(std::span<int16_t> frame, std::string& out) {
    VO_CODECBUFFER in = {.Buffer = reinterpret_cast<VO_PBYTE>(frame.data()),
                         .Length = static_cast<VO_U32>(frame.size_bytes()),
                         .Time = 0};
    std::array<unsigned char, 2 * kFrameBytesMax> bytes = {};
    VO_CODECBUFFER encoded = {
        .Buffer = bytes.data(), .Length = static_cast<VO_U32>(bytes.size()), .Time = 0};
    VO_AUDIO_OUTPUTINFO info = {};
    VO_U32 code = api_.SetInputData(handle_, &in);
    if (code == VO_ERR_NONE) code = api_.GetOutputData(handle_, &encoded, &info);
    if (code != VO_ERR_NONE) {
      return Fail(Code::kInternal, fmt::format("AAC encoding failed (code {:#x})", code));
    }
    out.append(reinterpret_cast<const char*>(bytes.data()), encoded.Length);
    return {};
  }

  VO_AUDIO_CODECAPI api_ = {};
  VO_HANDLE handle_ = nullptr;
  bool good_ = false;
  std::vector<int16_t> waiting_;
};

}  // namespace

Status AacConfig::Validate() const {
  if (std::find(kRatesHz.begin(), kRatesHz.end(), sample_rate_hz) == kRatesHz.end()) {
    return Fail(Code::kInvalidArgument,
                fmt::format("AAC has no sample rate of {} Hz; it has {} to {} Hz in twelve steps",
                            sample_rate_hz, kRatesHz.front(), kRatesHz.back()));
  }
  if (bit_rate_kbps >= 8 && bit_rate_kbps <= 160) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("AAC bit rate = {} kbit/s; it must lie in 8…160", bit_rate_kbps));
}

Result<std::unique_ptr<StreamEncoder>> MakeAacEncoder(const AacConfig& config) {
  PARLEY_TRY_STATUS(config.Validate());
  auto encoder = std::make_unique<AacEncoder>(config);
  if (!encoder->good()) {
    return Fail(Code::kInvalidArgument,
                fmt::format("AAC at {} Hz and {} kbit/s refused by the encoder",
                            config.sample_rate_hz, config.bit_rate_kbps));
  }
  return encoder;
}

}  // namespace parley::audio
