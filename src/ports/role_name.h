// What the roles of a conversation are called, by the OpenAI API as by the templates of models.
#pragma once

#include <string_view>

#include "ports/language_model.h"

namespace parley::ports {

inline std::string_view RoleName(LanguageModel::Role role) {
  switch (role) {
    case LanguageModel::Role::kSystem:
      return "system";
    case LanguageModel::Role::kUser:
      return "user";
    case LanguageModel::Role::kAssistant:
      return "assistant";
    case LanguageModel::Role::kTool:
      return "tool";
  }
  return "user";
}

}  // namespace parley::ports
