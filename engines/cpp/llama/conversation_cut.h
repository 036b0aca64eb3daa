// Which turns a model must forget when a conversation is longer than it can read. Pure.
#pragma once

#include <vector>

#include "ports/language_model.h"

namespace parley::llama {

// Takes the oldest turn out of `messages`: the first message that is not the system's, and what
// follows it up to the next one of the user. False, with nothing changed, if only the last turn is
// left.
bool ForgetOldestTurn(std::vector<ports::LanguageModel::Message>& messages);

}  // namespace parley::llama
