// The vocoder on a stream of mel frames that comes in pieces: each piece is decoded behind the last
// 8 frames of the one before, and what both say of those is faded from one into the other. One
// utterance, one thread.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/hift/hift.h"
#include "cosyvoice2/hift/source.h"

namespace parley::cosyvoice2 {

class VocoderStream {
 public:
  struct Options {
    // As the official code does it: the window of the fade sums to 1.08, which is heard as a swell
    // at each seam, and the sines of the pitch begin anew with each piece, which is heard as
    // roughness. Else the window sums to 1 and the sines go on.
    bool faithful = false;
  };
  // For golden tests: what a call decoded.
  struct Inside {
    std::vector<float> mel;
    std::vector<float> source;
    std::vector<float> raw;  // before the fade
  };

  VocoderStream(const Hift& hift, const Noise& noise, const Options& options)
      : hift_(hift), noise_(noise), options_(options) {}

  // Sound of the frames before and of `mel` [frames][80], but for the last 8 frames unless `final`.
  // After an error, kCancelled too, the stream is as before.
  Result<std::vector<float>> Next(nn::Executor& executor, std::span<const float> mel, bool final,
                                  Inside* inside = nullptr);

 private:
  std::vector<float> Source(std::span<const float> f0, SourcePhase& phase) const;
  void Fade(std::span<float> sound) const;

  const Hift& hift_;
  const Noise& noise_;
  const Options options_;
  int64_t frames_ = 0;         // given so far
  std::vector<float> mel_;     // the last 8 frames
  std::vector<float> source_;  // of those
  std::vector<float> sound_;   // of those, held back
  SourcePhase phase_;
};

}  // namespace parley::cosyvoice2
