#include "audio/echo_canceller.h"

#include <fmt/format.h>
#include <speex/speex_echo.h>
#include <speex/speex_preprocess.h>

#include <algorithm>

#include "audio/pcm.h"
#include "base/check.h"

namespace parley::audio {
namespace {

Status CheckField(std::string_view field, int value, int min, int max) {
  if (value >= min && value <= max) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("echo canceller {} = {}; it must lie in {}…{}", field, value, min, max));
}

}  // namespace

Status EchoCanceller::Config::Validate() const {
  PARLEY_TRY_STATUS(CheckField("sample_rate_hz", sample_rate_hz, 8000, 48000));
  PARLEY_TRY_STATUS(CheckField("block_ms", block_ms, 5, 20));
  return CheckField("tail_ms", tail_ms, 50, 500);
}

Result<std::unique_ptr<EchoCanceller>> EchoCanceller::Create(const Config& config) {
  PARLEY_TRY_STATUS(config.Validate());
  const int block = static_cast<int>(SamplesOfMs(config.block_ms, config.sample_rate_hz));
  const int tail = static_cast<int>(SamplesOfMs(config.tail_ms, config.sample_rate_hz));
  auto canceller = std::unique_ptr<EchoCanceller>(new EchoCanceller(static_cast<size_t>(block)));
  canceller->cancelled_ = std::make_unique<int16_t[]>(static_cast<size_t>(block));
  canceller->echo_.reset(speex_echo_state_init(block, tail));
  if (canceller->echo_ == nullptr) {
    return Fail(Code::kResourceExhausted, "no memory for an echo canceller");
  }
  int rate = config.sample_rate_hz;
  speex_echo_ctl(canceller->echo_.get(), SPEEX_ECHO_SET_SAMPLING_RATE, &rate);
  if (!config.suppress_residue) return canceller;
  canceller->preprocess_.reset(speex_preprocess_state_init(block, rate));
  if (canceller->preprocess_ == nullptr) {
    return Fail(Code::kResourceExhausted, "no memory for the suppression of residual echo");
  }
  // Only the residue of the echo: noise belongs to the recognizer, which knows better.
  int off = 0;
  speex_preprocess_ctl(canceller->preprocess_.get(), SPEEX_PREPROCESS_SET_DENOISE, &off);
  speex_preprocess_ctl(canceller->preprocess_.get(), SPEEX_PREPROCESS_SET_ECHO_STATE,
                       canceller->echo_.get());
  return canceller;
}

EchoCanceller::~EchoCanceller() = default;

void EchoCanceller::CloseEcho::operator()(SpeexEchoState_* echo) const {
  speex_echo_state_destroy(echo);
}

void EchoCanceller::ClosePreprocess::operator()(SpeexPreprocessState_* preprocess) const {
  speex_preprocess_state_destroy(preprocess);
}

void EchoCanceller::Process(std::span<const int16_t> heard, std::span<const int16_t> played,
                            std::span<int16_t> out) noexcept {
  PARLEY_CHECK(heard.size() == block_samples_ && played.size() == block_samples_ &&
               out.size() == block_samples_);
  speex_echo_cancellation(echo_.get(), heard.data(), played.data(), cancelled_.get());
  if (preprocess_ != nullptr) speex_preprocess_run(preprocess_.get(), cancelled_.get());
  std::copy_n(cancelled_.get(), block_samples_, out.begin());
}

void EchoCanceller::Reset() noexcept { speex_echo_state_reset(echo_.get()); }

}  // namespace parley::audio
