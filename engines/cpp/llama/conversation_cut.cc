#include "llama/conversation_cut.h"

#include <algorithm>

namespace parley::llama {

bool ForgetOldestTurn(std::vector<ports::LanguageModel::Message>& messages) {
  using Role = ports::LanguageModel::Role;
  const auto first = std::find_if(messages.begin(), messages.end(), [](const auto& message) {
    return message.role != Role::kSystem;
  });
  if (first == messages.end()) return false;
  const auto next = std::find_if(first + 1, messages.end(),
                                 [](const auto& message) { return message.role == Role::kUser; });
  if (next == messages.end()) return false;
  messages.erase(first, next);
  return true;
}

}  // namespace parley::llama
