// Which concrete class stands behind each port of the gateway, chosen by configuration alone.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "gateway/settings.h"
#include "net/executor.h"
#include "perception/end_of_turn.h"
#include "perception/voice_activity.h"
#include "ports/language_model.h"
#include "router/router.h"

namespace parley::gateway {

struct Components {
  std::unique_ptr<router::Router> router;
  std::unique_ptr<ports::LanguageModel> own_model;   // null: the worker's is used
  std::unique_ptr<ports::LanguageModel> with_tools;  // around either; null: no tools of our own
  std::unique_ptr<perception::VoiceActivityModel> voice_activity;
  std::unique_ptr<perception::EndOfTurnScorer> end_of_turn;  // null: rules alone decide

  // Of conversations.
  ports::LanguageModel& conversing() { return with_tools ? *with_tools : model(); }
  ports::LanguageModel& model() { return own_model ? *own_model : router->language_model(); }
};

// `clock` and `executor` outlive them; on the latter the router looks after workers.
Result<Components> MakeComponents(const Settings& settings, const Clock& clock,
                                  net::Executor& executor);

}  // namespace parley::gateway
