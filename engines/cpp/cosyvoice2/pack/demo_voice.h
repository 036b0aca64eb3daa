// A voice for a made-up model folder, so that it can speak at once. One thread.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"

namespace parley::cosyvoice2 {

// Writes `folder`/voices/demo.voice: the prompt that the folder's own ONNX models make of three
// seconds of a wavering tone.
Status WriteDemoVoice(const std::filesystem::path& folder, int64_t speech_tokens);

}  // namespace parley::cosyvoice2
