#include "whisper/speech_span.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "whisper/limits.h"

namespace parley::whisper {
namespace {

constexpr int64_t kWindow = kSampleRateHz / 50;
constexpr int kWindowMs = 20;
constexpr int64_t kBefore = kSampleRateHz / 5;
constexpr int64_t kAfter = kSampleRateHz * 3 / 10;
constexpr float kQuietDbfs = -55;
constexpr float kBelowPeakDb = 35;

float Dbfs(std::span<const float> pcm) {
  double energy = 0;
  for (const float sample : pcm) energy += double{sample} * sample;
  return static_cast<float>(10 * std::log10(energy / static_cast<double>(pcm.size()) + 1e-12));
}

}  // namespace

SpeechSpan FindSpeech(std::span<const float> pcm) {
  SpeechSpan span;
  std::vector<float> windows;
  for (size_t at = 0; at < pcm.size(); at += kWindow) {
    windows.push_back(Dbfs(pcm.subspan(at, std::min<size_t>(kWindow, pcm.size() - at))));
    span.peak_dbfs = std::max(span.peak_dbfs, windows.back());
  }
  const float threshold = std::max(kQuietDbfs, span.peak_dbfs - kBelowPeakDb);
  const auto loud = [threshold](float dbfs) { return dbfs > threshold; };
  const auto first = std::find_if(windows.begin(), windows.end(), loud);
  if (first == windows.end()) return span;
  const auto last = std::find_if(windows.rbegin(), windows.rend(), loud);
  const auto size = static_cast<int64_t>(pcm.size());
  span.from_sample = std::max<int64_t>(0, (first - windows.begin()) * kWindow - kBefore);
  span.upto_sample = std::min(size, (windows.rend() - last) * kWindow + kAfter);
  span.loud_ms = kWindowMs * static_cast<int>(std::count_if(windows.begin(), windows.end(), loud));
  return span;
}

}  // namespace parley::whisper
