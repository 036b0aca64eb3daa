// One conversation over the Realtime protocol, seen from the client: what to send, what the answers
// mean for the loudspeaker, and what each turn came to. Sans I/O: the owner carries messages to and
// from the WebSocket and says what time it is. One sequence.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/talk/loudspeaker.h"

namespace parley::cli {

// The rate of both directions on the wire.
inline constexpr int kTalkRateHz = 24'000;

struct TalkOptions {
  std::string voice;         // empty: the server's default
  std::string instructions;  // empty: the server's default
  bool semantic_vad = true;
  bool echo_free = false;  // no sound of ours can come back into the microphone
};

// What one reply came to, and the words it answered.
struct TalkTurn {
  std::string response_id;
  std::string item_id;     // of the reply
  std::string transcript;  // of what the user said since the reply before
  std::string reply;       // all that was sent
  std::string heard;       // all that was played, as the server keeps it
  std::string status;      // "in_progress", "completed", "cancelled", "incomplete", "failed"
  std::string reason;      // of a status other than completed
  std::string record;      // the server's account of the turn, JSON; empty until it came
};

class Conversation {
 public:
  Conversation(TalkOptions options, Loudspeaker& loudspeaker);

  // Messages to send, in order: first of all Open(), then the others as they come.
  std::string Open() const;
  static std::string Microphone(std::span<const int16_t> pcm);
  // What was played since it was last asked; nullopt when nothing changed. Call it every 100 ms.
  std::optional<std::string> Report();

  // The line is gone, and with it what was being said. What the server tells on the next one goes
  // on from there; kNotFound where it no longer has the conversation.
  void OnLineLost();
  // For the next line; an empty token: the server does not keep the conversation.
  const std::string& resume_token() const { return resume_token_; }
  int64_t hold_ms() const { return hold_ms_; }

  // One message of the server. What the server refused is returned;
  // unknown events are ignored.
  Status OnMessage(std::string_view message);

  const std::vector<TalkTurn>& turns() const { return turns_; }
  // Words of the user that no reply has answered yet.
  const std::string& unanswered() const { return unanswered_; }
  bool open() const { return open_; }
  // "listening", "thinking" or "speaking".
  std::string_view state() const;

 private:
  struct Event;
  void OnResponse(std::string_view type, const Event& event);
  void OnExtension(std::string_view type, const Event& event);
  void OnUser(std::string_view type, const Event& event);
  TalkTurn* FindResponse(const std::string& response_id);

  const TalkOptions options_;
  Loudspeaker& loudspeaker_;
  std::vector<TalkTurn> turns_;
  std::string unanswered_;
  bool open_ = false;
  bool user_speaks_ = false;
  std::string resume_token_;
  int64_t hold_ms_ = 0;
  Loudspeaker::Position reported_;
};

}  // namespace parley::cli
