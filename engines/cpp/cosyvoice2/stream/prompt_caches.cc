#include "cosyvoice2/stream/prompt_caches.h"

#include <algorithm>
#include <utility>

namespace parley::cosyvoice2 {

std::list<PromptCaches::Entry>::iterator PromptCaches::Find(const std::string& name) {
  return std::find_if(entries_.begin(), entries_.end(),
                      [&](const Entry& entry) { return entry.name == name; });
}

size_t PromptCaches::BytesHeld() const {
  size_t bytes = 0;
  for (const Entry& entry : entries_) {
    if (entry.cache != nullptr) bytes += entry.cache->state.bytes();
  }
  return bytes;
}

size_t PromptCaches::bytes() const {
  const std::lock_guard lock(mutex_);
  return BytesHeld();
}

// Streams that go on with a cache that is given up here keep its pages as long as they need them.
void PromptCaches::MakeRoom() {
  for (auto entry = entries_.end(); entry != entries_.begin() && BytesHeld() > bytes_max_;) {
    --entry;
    if (!entry->making && entry != entries_.begin()) entry = entries_.erase(entry);
  }
}

Result<std::shared_ptr<const PromptCache>> PromptCaches::Get(const std::string& name,
                                                             const FlowPrompt& prompt,
                                                             nn::Executor& executor) {
  using Cache = std::shared_ptr<const PromptCache>;
  constexpr double kTokensASecond = 25;
  const double seconds = static_cast<double>(prompt.tokens.size()) / kTokensASecond;
  if (seconds * static_cast<double>(flow_.cache_bytes_a_second()) >
      static_cast<double>(bytes_max_)) {
    return Cache();
  }
  {
    std::unique_lock lock(mutex_);
    auto entry = Find(name);
    made_.wait(lock, [&] { return (entry = Find(name)) == entries_.end() || !entry->making; });
    if (entry != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, entry);
      return entry->cache;
    }
    entries_.push_front({.name = name, .cache = nullptr, .making = true});
  }
  auto made = MakePromptCache(executor, flow_, prompt);
  const std::lock_guard lock(mutex_);
  const auto entry = Find(name);
  made_.notify_all();
  if (!made) {
    entries_.erase(entry);
    return Fail(std::move(made.error()));
  }
  entry->making = false;
  if (made->has_value()) entry->cache = std::make_shared<const PromptCache>(**std::move(made));
  const Cache cache = entry->cache;
  entries_.splice(entries_.begin(), entries_, entry);
  MakeRoom();
  return cache;
}

}  // namespace parley::cosyvoice2
