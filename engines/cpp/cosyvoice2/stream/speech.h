// Text to sound as a stream: the language model, the flow and the vocoder on threads of their own,
// each as soon as there is something for it to do. Models are shared; a Speech is one slot's, with
// its executors, and speaks one utterance at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/hift/hift.h"
#include "cosyvoice2/lm/generate.h"
#include "cosyvoice2/stream/hop_plan.h"
#include "cosyvoice2/stream/mel_stream.h"

namespace parley::cosyvoice2 {

// At most so many each; together they share `flow` cores, or those of the share that is given.
struct SpeechThreads {
  int lm = 2;
  int flow = 2;
  int vocoder = 2;
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

// What a Speech has in common with others.
struct SpeechShared {
  std::shared_ptr<nn::CoreShare> cores;  // null: its own
  LmBatcher* batcher = nullptr;          // null: it reads alone
};

class Speech {
 public:
  // `name` stands in profiles.
  Speech(const Lm& lm, const Flow& flow, const Hift& hift, const SpeechThreads& threads,
         const SpeechShared& shared = {}, std::string name = "speech");

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
  const std::shared_ptr<nn::CoreShare> share_;
  LmBatcher* const batcher_;
  const std::string name_;
  nn::Executor lm_executor_;
  nn::Executor flow_executor_;
  nn::Executor vocoder_executor_;
};

}  // namespace parley::cosyvoice2
