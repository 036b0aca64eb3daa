// `parley-engine-cosyvoice2 voice add|list|rm`: the voices of a model folder (voice_library.h),
// made from recordings once, so that streams need not. `parley voice` runs it.
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
  std::string name;
  std::filesystem::path audio;
  std::string transcript;  // what the recording says; empty: for cross-lingual use alone
  bool replace = false;    // a voice of that name that was made before
};

// Cuts and checks the recording, computes the prompt and keeps it in the model's folder. Returns
// what to tell: length, level, warnings. kAlreadyExists unless `replace`.
Result<std::vector<std::string>> AddVoice(const NewVoice& voice);

// A line for each voice, or JSON: how it speaks, how long its prompt is, which styles it has.
Result<std::string> DescribeVoices(const std::filesystem::path& model, bool as_json);

// kNotFound lists the voices that there are; kFailedPrecondition: a voice of spk2info.pt, or one
// that voices.toml speaks of.
Status RemoveVoice(const std::filesystem::path& model, std::string_view name);

// `arguments` without "voice". 0, 1 after a failure, 2 for wrong use, 3 where what was named is not
// there.
int RunVoiceCommand(std::span<const std::string_view> arguments);

}  // namespace parley::cosyvoice2
