#include "session/uplink.h"

#include <algorithm>

#include "audio/g711.h"
#include "audio/pcm.h"

namespace parley::session {

Result<std::unique_ptr<Uplink>> Uplink::Create(const realtime::AudioFormat& format) {
  std::unique_ptr<Uplink> uplink(new Uplink(format));
  PARLEY_TRY_STATUS(uplink->SetFormat(format));
  return uplink;
}

Status Uplink::SetFormat(const realtime::AudioFormat& format) {
  std::unique_ptr<audio::Resampler> resampler;
  if (format.sample_rate_hz != kRateHz) {
    const audio::Resampler::Config config{.in_hz = format.sample_rate_hz, .out_hz = kRateHz};
    PARLEY_TRY(resampler, audio::Resampler::Create(config));
  }
  resampler_ = std::move(resampler);
  format_ = format;
  odd_.clear();
  return {};
}

std::span<const float> Uplink::Append(std::span<const uint8_t> bytes) {
  if (format_.codec == realtime::Codec::kPcm16) {
    odd_.insert(odd_.end(), bytes.begin(), bytes.end());
    const size_t samples = odd_.size() / 2;
    pcm_.resize(samples);
    audio::Pcm16FromBytes(std::as_bytes(std::span(odd_)).first(samples * 2), pcm_);
    odd_.erase(odd_.begin(), odd_.begin() + static_cast<ptrdiff_t>(samples * 2));
  } else {
    pcm_.resize(bytes.size());
    if (format_.codec == realtime::Codec::kPcmu) {
      audio::Pcm16FromMuLaw(bytes, pcm_);
    } else {
      audio::Pcm16FromALaw(bytes, pcm_);
    }
  }
  decoded_.resize(pcm_.size());
  audio::FloatFromPcm16(pcm_, decoded_);
  if (!resampler_) return Keep(decoded_);
  resampled_.resize(resampler_->OutputSamplesMax(decoded_.size()));
  const audio::Resampler::Progress done = resampler_->Process(decoded_, resampled_);
  resampled_.resize(done.produced);
  return Keep(resampled_);
}

std::span<const float> Uplink::Fill(size_t samples) {
  decoded_.assign(samples, 0.0f);
  const int64_t from = received();
  const std::span<const float> kept = Keep(decoded_);
  if (!gaps_.empty() && gaps_.back().upto == from) {
    gaps_.back().upto = received();
    return kept;
  }
  const int64_t before =
      gaps_.empty() ? 0 : gaps_.back().filled_before + gaps_.back().upto - gaps_.back().from;
  gaps_.push_back({.from = from, .upto = received(), .filled_before = before});
  if (gaps_.size() > kGapsMax) gaps_.pop_front();
  return kept;
}

std::span<const float> Uplink::Keep(std::span<const float> samples) {
  const size_t at = kept_.size();
  kept_.resize(at + samples.size());
  audio::Pcm16FromFloat(samples, std::span(kept_).subspan(at));
  if (static_cast<int64_t>(kept_.size()) > kKeptMaxSamples) Forget(received() - kKeptMaxSamples);
  return samples;
}

int64_t Uplink::AppendedMs(int64_t sample) const {
  int64_t filled = 0;
  for (const Gap& gap : gaps_) {
    if (gap.from < sample) filled = gap.filled_before + std::min(sample, gap.upto) - gap.from;
  }
  return std::max<int64_t>(sample - filled, 0) * 1000 / kRateHz;
}

std::vector<int16_t> Uplink::Copy(int64_t from, int64_t upto) const {
  from = std::clamp(from, base_, received());
  upto = std::clamp(upto, from, received());
  return {kept_.begin() + static_cast<ptrdiff_t>(from - base_),
          kept_.begin() + static_cast<ptrdiff_t>(upto - base_)};
}

std::vector<float> Uplink::CopyFloat(int64_t from, int64_t upto) const {
  const std::vector<int16_t> pcm = Copy(from, upto);
  std::vector<float> samples(pcm.size());
  audio::FloatFromPcm16(pcm, samples);
  return samples;
}

void Uplink::Forget(int64_t before) {
  const int64_t gone = std::clamp<int64_t>(before - base_, 0, static_cast<int64_t>(kept_.size()));
  // In portions of a second, so that the rest is not moved with every frame; and memory that a long
  // turn took goes back.
  if (gone < kRateHz && gone < static_cast<int64_t>(kept_.size())) return;
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<ptrdiff_t>(gone));
  base_ += gone;
  if (kept_.capacity() > 4 * (kept_.size() + kRateHz)) kept_.shrink_to_fit();
}

}  // namespace parley::session
