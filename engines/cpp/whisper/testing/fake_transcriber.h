// A recognizer for tests that hears what its script says: words with the times at which they are
// spoken. A pass over a piece of audio hears the words that begin within it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "whisper/limits.h"
#include "whisper/transcriber.h"

namespace parley::whisper::testing {

class FakeTranscriber final : public Transcriber {
 public:
  struct Spoken {
    std::string text;
    double from_s = 0;
    double upto_s = 0;
  };

  explicit FakeTranscriber(std::vector<Spoken> script) : script_(std::move(script)) {}

  Result<Pass> Run(const PassRequest& request) override {
    ++passes;
    if (request.aborted && request.aborted()) return Pass{.aborted = true};
    const int64_t from = Offset(request.pcm);
    const auto upto = from + static_cast<int64_t>(request.pcm.size());
    sizes.push_back(request.pcm.size());
    Pass pass;
    pass.language = "en";
    pass.audio_context = AudioContext(static_cast<int>(request.pcm.size()), request.context_floor);
    for (const Spoken& spoken : script_) {
      const auto begin = static_cast<int64_t>(spoken.from_s * kSampleRateHz);
      const auto end = static_cast<int64_t>(spoken.upto_s * kSampleRateHz);
      if (begin < from || begin >= upto) continue;
      HeardWord word;
      // What is cut off is misheard.
      word.text = end <= upto ? spoken.text : spoken.text.substr(0, 1);
      word.from_sample = begin - from;
      word.upto_sample = std::min(end, upto) - from;
      word.confidence = 0.9F;
      pass.words.push_back(std::move(word));
    }
    return pass;
  }

  // Sound for the script: each sample tells its own place, so that a pass knows what it was given.
  // Quiet where nobody speaks.
  std::vector<float> Sound(double seconds) const {
    std::vector<float> pcm(static_cast<size_t>(seconds * kSampleRateHz), 0.0F);
    for (const Spoken& spoken : script_) {
      const auto begin = static_cast<size_t>(spoken.from_s * kSampleRateHz);
      const auto end = static_cast<size_t>(spoken.upto_s * kSampleRateHz);
      for (size_t i = begin; i < std::min(end, pcm.size()); ++i) {
        pcm[i] = 0.25F + static_cast<float>(i) * kStep;
      }
    }
    return pcm;
  }

  int passes = 0;
  std::vector<size_t> sizes;  // samples that each pass heard

 private:
  static constexpr float kStep = 1.0F / (1 << 21);  // exact in a float up to 60 s

  static int64_t Offset(std::span<const float> pcm) {
    for (size_t i = 0; i < pcm.size(); ++i) {
      if (pcm[i] != 0) {
        return static_cast<int64_t>((pcm[i] - 0.25F) / kStep + 0.5F) - static_cast<int64_t>(i);
      }
    }
    return 0;
  }

  std::vector<Spoken> script_;
};

}  // namespace parley::whisper::testing
