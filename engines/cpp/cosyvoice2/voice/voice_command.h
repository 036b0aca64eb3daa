// `parley-engine-cosyvoice2 voice --model DIR --audio FILE [--text TEXT] --out FILE`: makes the
// prompt of a new voice, once, so that streams need not.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::cosyvoice2 {

struct NewVoice {
  std::filesystem::path model;  // folder
  std::filesystem::path audio;
  std::string transcript;  // what the recording says; empty: for cross-lingual use alone
  std::filesystem::path out;
};

// Cuts and checks the recording, computes the prompt and saves it. Returns what to tell: length,
// level, warnings.
Result<std::vector<std::string>> MakeVoice(const NewVoice& voice);

// `arguments` without the command's name. 0, 1 after a failure, 2 for wrong use.
int RunVoiceCommand(std::span<const std::string_view> arguments);

}  // namespace parley::cosyvoice2
