// The voices of an official spk2info.pt: a dictionary from a voice's name to its prompt, in either
// of the two forms that are found (of CosyVoice itself, and of async_cosyvoice), or to an embedding
// alone. Read by the safe reader of weights/torch_file.h. Pure, but for LoadSpk2info.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cosyvoice2/voice/voice_prompt.h"

namespace parley::cosyvoice2 {

using Voices = std::map<std::string, VoicePrompt, std::less<>>;

// kDataLoss: no such file (the classes of torch_fault.h), or a voice whose prompt is not whole, by
// name. A prompt longer in one of its forms than in the other is cut to the shorter.
Result<Voices> ReadSpk2info(std::string_view bytes);

Result<Voices> LoadSpk2info(const std::filesystem::path& path);

}  // namespace parley::cosyvoice2
