// Sound that a client gave within an item (conversation.item.create with input_audio) becomes
// words: each item by itself, beside the conversation, by credit. Every item is answered once, with
// its words or why there are none, at the latest when kWaitMaxMs and its own length have passed.
//
// Owned by a session, one sequence; its streams answer on other threads and are posted.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/executor.h"
#include "ports/recognizer.h"

namespace parley::session {

class ItemHearing : public std::enable_shared_from_this<ItemHearing> {
 public:
  static constexpr size_t kItemsMax = 4;  // at once
  static constexpr int64_t kWaitMaxMs = 20'000;

  struct Request {
    std::string item_id;
    std::vector<int16_t> pcm;  // 16 kHz
    std::string model;
    std::string language;
  };
  using Emit = std::function<void(const std::string& item_id, Result<std::string> words)>;

  ItemHearing(const Clock& clock, ports::Recognizer& recognizer, net::Executor& executor, Emit emit)
      : clock_(clock), recognizer_(recognizer), executor_(executor), emit_(std::move(emit)) {}

  void Start(Request request);
  size_t size() const { return lives_.size(); }
  void Clear() { lives_.clear(); }

 private:
  struct Life {
    Request request;
    std::unique_ptr<ports::Recognizer::Stream> stream;
    std::unique_ptr<net::Timer> timer;
    size_t sent = 0;
    bool ended = false;
    std::string words;
  };

  void On(uint64_t number, ports::Recognizer::Event event);
  void SetDeadline(uint64_t number, Life& life);
  static void Feed(Life& life, int64_t room);
  void Finish(uint64_t number, Result<std::string> words);

  const Clock& clock_;
  ports::Recognizer& recognizer_;
  net::Executor& executor_;
  const Emit emit_;
  std::map<uint64_t, Life> lives_;
  uint64_t numbers_ = 0;
};

}  // namespace parley::session
