// Responses beside the conversation (response.create with conversation "none"): each by itself, in
// the reply lane, without floor, gate or pacer; its text and sound go out as they are made. One
// whose model or voice gives nothing for kSilentMaxMs fails.
//
// Owned by a session, one sequence; its streams answer on other threads and are posted.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "net/executor.h"
#include "ports/language_model.h"
#include "ports/voice.h"
#include "realtime/response_ladder.h"
#include "segment/segmenter.h"

namespace parley::session {

class OutOfBand : public std::enable_shared_from_this<OutOfBand> {
 public:
  static constexpr size_t kRepliesMax = 4;
  static constexpr int64_t kSilentMaxMs = 20'000;

  struct Deps {
    const Clock& clock;
    ports::LanguageModel& model;
    ports::Voice& voice;
    net::Executor& executor;
    realtime::ResponseLadder::Send send;
  };

  explicit OutOfBand(Deps deps) : deps_(std::move(deps)) {}

  // False, doing nothing, when kRepliesMax are under way.
  bool Start(realtime::ResponseLadder::Config ladder, ports::LanguageModel::Request request,
             ports::Voice::Request voice);
  // False when there is no response of that id.
  bool Cancel(std::string_view response_id);
  size_t size() const { return lives_.size(); }

 private:
  struct Life {
    explicit Life(realtime::ResponseLadder::Config config, realtime::ResponseLadder::Send send)
        : audio(config.settings.audio), ladder(std::move(config), std::move(send)) {}
    const bool audio;
    realtime::ResponseLadder ladder;
    std::unique_ptr<net::Timer> timer;
    std::unique_ptr<ports::LanguageModel::Stream> model;
    std::unique_ptr<ports::Voice::Stream> voice;
    ports::Voice::Request voice_request;
    segment::Segmenter segmenter;
    std::string text;
    size_t shown = 0;                      // bytes of it
    std::map<UtteranceId, size_t> spoken;  // not yet begun to sound: the end of each in the text
    uint64_t utterances = 0;
    bool text_done = false;
    bool cut_short = false;
    realtime::ResponseUsage usage;
  };

  void ExpectMore(ReplyId reply, Life& life);
  void OnModel(ReplyId reply, ports::LanguageModel::Event event);
  void OnVoice(ReplyId reply, ports::Voice::Event event);
  void Say(ReplyId reply, Life& life);
  void Show(Life& life, size_t upto);
  void Finish(ReplyId reply, turn::ResponseStatus status, turn::ResponseReason reason,
              std::string_view message);

  const Deps deps_;
  std::map<ReplyId, Life> lives_;
  uint64_t replies_ = 0;
};

}  // namespace parley::session
