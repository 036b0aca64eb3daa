// Which concrete class stands behind each port of the gateway, chosen by configuration alone.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "gateway/settings.h"
#include "perception/end_of_turn.h"
#include "perception/voice_activity.h"
#include "ports/language_model.h"
#include "rpc/speech_client.h"

namespace parley::gateway {

struct Components {
  std::unique_ptr<rpc::SpeechClient> worker;
  std::unique_ptr<ports::LanguageModel> own_model;  // null: the worker's is used
  std::unique_ptr<perception::VoiceActivityModel> voice_activity;
  std::unique_ptr<perception::EndOfTurnScorer> end_of_turn;  // null: rules alone decide

  ports::LanguageModel& model() { return own_model ? *own_model : worker->language_model(); }
};

// `clock` outlives them.
Result<Components> MakeComponents(const Settings& settings, const Clock& clock);

}  // namespace parley::gateway
