#include "audio/offline_resampler.h"

#include <fmt/format.h>
#include <soxr.h>

namespace parley::audio {

Result<std::vector<float>> ResampleOffline(std::span<const float> in, int in_hz, int out_hz) {
  constexpr int kRateMinHz = 4000;
  constexpr int kRateMaxHz = 192000;
  for (const int hz : {in_hz, out_hz}) {
    if (hz < kRateMinHz || hz > kRateMaxHz) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("cannot resample {} Hz to {} Hz: a rate must lie in {}…{} Hz", in_hz,
                              out_hz, kRateMinHz, kRateMaxHz));
    }
  }
  if (in_hz == out_hz) return std::vector<float>(in.begin(), in.end());
  const size_t total = (in.size() * static_cast<size_t>(out_hz) + static_cast<size_t>(in_hz) / 2) /
                       static_cast<size_t>(in_hz);
  // soxr rounds its total its own way: room for one more, silence for one less.
  std::vector<float> out(total + 1, 0.0f);
  const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  const soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
  size_t done = 0;
  const soxr_error_t error = soxr_oneshot(in_hz, out_hz, 1, in.data(), in.size(), nullptr,
                                          out.data(), out.size(), &done, &io, &quality, &runtime);
  if (error != nullptr) {
    return Fail(Code::kInternal, fmt::format("resampling {} samples from {} to {} Hz failed: {}",
                                             in.size(), in_hz, out_hz, soxr_strerror(error)));
  }
  out.resize(total);
  return out;
}

}  // namespace parley::audio
