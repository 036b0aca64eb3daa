// Text to sound as a stream: the language model, the flow and the vocoder on threads of their own,
// each as soon as there is something for it to do. Models are shared; a Speech is one slot's, with
// its executors, and speaks one utterance at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/hift/hift.h"
#include "cosyvoice2/lm/generate.h"
#include "cosyvoice2/stream/hop_plan.h"
#include "cosyvoice2/stream/mel_stream.h"

namespace parley::cosyvoice2 {

struct SpeechThreads {
  int lm = 1;
  int flow = 2;
  int vocoder = 1;
};

struct SpeechTask {
  SpeechText text;                     // what the language model reads
  TextSource more;                     // text that arrives later; empty: `text` is all of it
  const FlowPrompt* prompt = nullptr;  // lives as long as the call
  const PromptCache* cache = nullptr;
  uint64_t seed = 0;
  SpeechRules rules;
  HopRules hops;
  // The vocoder's seams as the official code makes them.
  bool faithful_seams = false;
  // Twice as fast at 2: mel frames are stretched, which needs all of them, so that the first sound
  // comes last. 1: as the model speaks.
  double speed = 1;
};

class Speech {
 public:
  Speech(const Lm& lm, const Flow& flow, const Hift& hift, const SpeechThreads& threads);

  struct Sink {
    std::function<bool(std::span<const float>)> on_audio;  // mono, 24 kHz; false: no more
    std::function<bool()> cancelled;                       // asked at every node, by any thread
    std::function<void(int tokens)> on_tokens;             // how many there are; may be empty
  };
  // Returns when all is said or nobody listens any more (then with success). The same request gives
  // the same bytes at any load. Errors of the models otherwise.
  Status Speak(const SpeechTask& request, const Sink& sink);

  size_t scratch_bytes() const {
    return lm_executor_.scratch_bytes() + flow_executor_.scratch_bytes() +
           vocoder_executor_.scratch_bytes();
  }

 private:
  class Utterance;

  const Lm& lm_;
  const Flow& flow_;
  const Hift& hift_;
  nn::Executor lm_executor_;
  nn::Executor flow_executor_;
  nn::Executor vocoder_executor_;
};

}  // namespace parley::cosyvoice2
