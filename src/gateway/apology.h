// The spoken apology: made once when the voice is warm and kept, because the voice that would speak
// it may be the one that died. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ports/voice.h"

namespace parley::gateway {

class Apology {
 public:
  // `voice` outlives it.
  Apology(ports::Voice& voice, std::string text);
  ~Apology();

  // Starts to make it, unless it is there or being made.
  void Make();
  // Mono at 24 kHz; empty while it is not there.
  std::vector<int16_t> pcm() const;

 private:
  struct State;
  ports::Voice& voice_;
  const std::string text_;
  const std::shared_ptr<State> state_;
};

}  // namespace parley::gateway
