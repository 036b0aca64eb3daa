// What the flow remembers of voices' prompts, for all streams: made when a voice is first used,
// kept as long as there is room, the voice used longest ago given up first. Thread-safe.
#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "cosyvoice2/stream/mel_stream.h"

namespace parley::cosyvoice2 {

class PromptCaches {
 public:
  // `bytes_max` of all caches together; one that alone is larger is not made.
  PromptCaches(const Flow& flow, size_t bytes_max) : flow_(flow), bytes_max_(bytes_max) {}

  // Null where the prompt has nothing to remember or there is no room. `name` stands for the
  // prompt: the same name must have the same prompt. Others who ask for it meanwhile wait. Errors
  // are those of the flow, kCancelled too.
  Result<std::shared_ptr<const PromptCache>> Get(const std::string& name, const FlowPrompt& prompt,
                                                 nn::Executor& executor);

  size_t bytes() const;

 private:
  struct Entry {
    std::string name;
    std::shared_ptr<const PromptCache> cache;  // null while it is made
    bool making = false;
  };
  std::list<Entry>::iterator Find(const std::string& name);
  void MakeRoom();
  size_t BytesHeld() const;

  const Flow& flow_;
  const size_t bytes_max_;
  mutable std::mutex mutex_;
  std::condition_variable made_;
  std::list<Entry> entries_;  // used last comes first
};

}  // namespace parley::cosyvoice2
