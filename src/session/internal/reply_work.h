// The work behind the agent's turns: for each a stream of the language model and one of the voice
// (another after a failure), the voice's sound going to playout. What they answer becomes events of
// the core, in samples at the core's rate.
//
// Owned by a session, one sequence; its streams answer on other threads and are posted.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "net/executor.h"
#include "playout/playout.h"
#include "ports/language_model.h"
#include "ports/voice.h"
#include "turn/event.h"

namespace parley::session {

// Positions of the core are in samples at this rate, whatever a turn is played at.
inline constexpr int kCoreRateHz = 24'000;

class ReplyWork : public std::enable_shared_from_this<ReplyWork> {
 public:
  struct Deps {
    const Clock& clock;
    ports::LanguageModel& model;
    ports::Voice& voice;
    net::Executor& executor;
    playout::Playout& playout;
    std::function<void(turn::EventBody)> emit;
    std::function<void()> sound_came;  // playout has more than before
  };
  struct Usage {
    int64_t prompt_tokens = 0;
    int64_t cached_tokens = 0;
    int64_t tokens = 0;
  };
  // Sound that a voice may make before any of it has left.
  static constexpr int kCreditMs = 8000;

  explicit ReplyWork(Deps deps) : deps_(std::move(deps)) {}

  // `voice` is what each voice stream of the turn is started with (work, rate and credit are set
  // here); its rate is the turn's in playout.
  void Prepare(TurnId turn, ports::Voice::Request voice);
  void StartModel(TurnId turn, ports::LanguageModel::Request request);
  void Speak(TurnId turn, UtteranceId utterance, std::string text, std::string context_before);
  void EndSpeech(TurnId turn);
  // Sound made beforehand as an utterance of the turn, at the turn's rate.
  void Play(TurnId turn, UtteranceId utterance, std::span<const int16_t> pcm);
  void Trim(TurnId turn, UtteranceId utterance, int64_t core_samples);
  void StopModel(TurnId turn);
  // Both streams end, nothing of them is heard of again.
  void Cancel(TurnId turn);
  // What has left of the turn's sound is granted to its voice.
  void Grant(TurnId turn);

  int64_t ToCore(TurnId turn, int64_t samples) const;
  int64_t FromCore(TurnId turn, int64_t core_samples) const;
  int RateHz(TurnId turn) const;
  Usage usage(TurnId turn) const;
  size_t size() const { return lives_.size(); }

 private:
  struct Spoken {
    UtteranceId id;
    int64_t samples = 0;
    bool done = false;
    bool cut = false;  // nothing more of it is wanted
  };
  struct Life {
    ports::Voice::Request voice_request;
    std::unique_ptr<ports::LanguageModel::Stream> model;
    std::unique_ptr<ports::Voice::Stream> voice;
    uint64_t voice_generation = 0;
    std::vector<Spoken> spoken;
    bool speech_ended = false;
    Usage usage;
  };

  Life* Find(TurnId turn);
  static Spoken* Find(Life& life, UtteranceId utterance);
  void StartVoice(TurnId turn, Life& life);
  void CloseIfDone(TurnId turn, Life& life);
  void OnModel(TurnId turn, ports::LanguageModel::Event event);
  void OnVoice(TurnId turn, uint64_t generation, ports::Voice::Event event);
  void OnAudio(TurnId turn, Life& life, const ports::Voice::Audio& audio);
  void OnVoiceFailed(TurnId turn, Life& life, const ports::Voice::Failed& failed);

  const Deps deps_;
  std::map<TurnId, Life> lives_;
  uint64_t generations_ = 0;
};

}  // namespace parley::session
