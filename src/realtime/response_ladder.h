// One response as the protocol tells it: each step's events in the order that clients demand, with
// nothing missing when it ends early. The owner says what happens; the ladder writes the messages.
//
//   created ──Start──► item open ──Text/Audio──► … ──Finish──► done
//      │                                                        ▲
//      ├──Call (function calls, before or after a message)──────┤
//      └──Finish (cancelled, failed or empty before any item)───┘
//
// One sequence. Messages leave through `send`, in order, at once.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "realtime/item.h"
#include "realtime/session_object.h"
#include "turn/domain_event.h"

namespace parley::realtime {

struct ResponseUsage {
  int64_t input_tokens = 0;
  int64_t cached_tokens = 0;
  int64_t output_tokens = 0;
};

class ResponseLadder {
 public:
  struct Config {
    std::string response_id;
    std::string conversation_id;    // empty: out of band, null on the wire, no conversation events
    std::string metadata = "null";  // JSON, echoed
    ReplySettings settings;
  };
  using Send = std::function<void(std::string message)>;

  ResponseLadder(Config config, Send send);

  // response.created, and rate_limits.updated: there are none.
  void Create();
  // The message's item: output_item.added, conversation.item.added, content_part.added.
  void Start(std::string_view item_id, std::string_view previous_item_id);
  // More of the text, or of the transcript of the audio. Needs Start.
  void Text(std::string_view delta);
  // More audio, PCM16 at the output format's rate; encoded to that format. Needs Start and an audio
  // response.
  void Audio(std::span<const int16_t> pcm);
  // A whole function call as an item of its own.
  void Call(const Item& call, std::string_view previous_item_id);
  // Closes what is open and sends response.done. Nothing follows.
  void Finish(turn::ResponseStatus status, turn::ResponseReason reason, std::string_view message,
              const ResponseUsage& usage);

  bool started() const { return started_; }
  // Nothing was told of but the response itself.
  bool empty() const { return !started_ && output_.empty(); }
  bool finished() const { return finished_; }
  const std::string& response_id() const { return config_.response_id; }
  const std::string& item_id() const { return message_.id; }
  // The message as it stands, and then as it ended.
  const Item& message() const { return message_; }

 private:
  void CloseMessage(ItemStatus status);
  std::string Response(std::string_view status, std::string_view status_details,
                       std::string_view usage) const;

  const Config config_;
  const Send send_;
  Item message_;
  std::string previous_item_id_;
  int message_index_ = 0;
  std::vector<Item> output_;  // closed items, in order
  bool started_ = false;
  bool finished_ = false;
};

}  // namespace parley::realtime
