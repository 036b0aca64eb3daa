// A caller's sound as it arrives: the bytes of the protocol become 16 kHz mono, kept as long as a
// recognizer, the end-of-turn model or an item may still ask for it. Counts samples received since
// the session began, filled-in silence included, and knows how many of them the client appended.
//
// Owned by a session; one sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "audio/resampler.h"
#include "base/result.h"
#include "realtime/session_object.h"

namespace parley::session {

class Uplink {
 public:
  static constexpr int kRateHz = 16'000;
  // Older sound is forgotten even if it is still wanted.
  static constexpr int64_t kKeptMaxSamples = int64_t{kRateHz} * 300;

  static Result<std::unique_ptr<Uplink>> Create(const realtime::AudioFormat& format);

  // From the next byte on; half a sample that is left over is dropped.
  Status SetFormat(const realtime::AudioFormat& format);

  // Bytes in the client's format. What they became, valid until the next call. Half a sample at the
  // end waits for its other half.
  std::span<const float> Append(std::span<const uint8_t> bytes);
  // Silence that the client did not send.
  std::span<const float> Fill(size_t samples);

  int64_t received() const { return base_ + static_cast<int64_t>(kept_.size()); }
  // Milliseconds of appended audio before that sample: what the protocol counts.
  int64_t AppendedMs(int64_t sample) const;

  // The samples [from, upto) that are still kept.
  std::vector<int16_t> Copy(int64_t from, int64_t upto) const;
  std::vector<float> CopyFloat(int64_t from, int64_t upto) const;
  // Nothing before this sample is wanted any more.
  void Forget(int64_t before);

 private:
  struct Gap {
    int64_t from = 0;
    int64_t upto = 0;
    int64_t filled_before = 0;  // of all gaps before this one
  };
  static constexpr size_t kGapsMax = 64;

  explicit Uplink(const realtime::AudioFormat& format) : format_(format) {}
  std::span<const float> Keep(std::span<const float> samples);

  realtime::AudioFormat format_;
  std::unique_ptr<audio::Resampler> resampler_;  // none at 16 kHz
  std::vector<uint8_t> odd_;
  std::vector<int16_t> pcm_;
  std::vector<float> decoded_;
  std::vector<float> resampled_;
  std::vector<int16_t> kept_;
  int64_t base_ = 0;  // sample number of kept_[0]
  std::deque<Gap> gaps_;
};

}  // namespace parley::session
