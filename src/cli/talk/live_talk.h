// `parley talk`: a conversation through this machine's microphone and loudspeaker. The sound card's
// blocks are the clock: each 20 ms heard goes out, each 20 ms due is played, and what was played is
// taken out of what is heard.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "cli/talk/conversation.h"

namespace parley::cli {

struct LiveTalkConfig {
  std::string url;  // the server's base
  Secret key;       // empty: none is sent
  TalkOptions talk;
  bool cancel_echo = true;  // false with a headset
};

// A line of the conversation for the person: who speaks, and the words so far of that turn.
struct LiveWords {
  std::string_view state;  // "listening", "thinking" or "speaking"
  const Conversation& conversation;
};

// Runs until `stop`. kNotFound when there is no microphone or loudspeaker (use --in and --out
// then).
Status TalkLive(const LiveTalkConfig& config, const std::atomic<bool>& stop,
                const std::function<void(const LiveWords&)>& show);

}  // namespace parley::cli
