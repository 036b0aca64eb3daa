// What the models are given to speak a segment of text in a voice, in each of the official modes.
// Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/text/text_frontend.h"
#include "cosyvoice2/text/tokenizer.h"
#include "cosyvoice2/voice/voice_prompt.h"

namespace parley::cosyvoice2 {

enum class SpeechMode {
  kZeroShot,      // goes on in the voice and manner of the prompt, whose transcript is needed
  kCrossLingual,  // in the voice alone: for another language than the prompt's
  kInstruct,      // in the voice, in the manner that the instruct text asks for
  kSpeaker,       // by the embedding alone
};

struct SpeechRequest {
  std::vector<int32_t> prompt_text;  // before the text; not counted for its length
  std::vector<int32_t> text;
  std::vector<int32_t> prompt_speech;  // for the language model
  std::vector<int32_t> flow_tokens;    // for the flow, with
  std::vector<float> flow_mel;         // [2 · flow_tokens][80]
  std::vector<float> embedding;
};

struct SpeechWish {
  SpeechMode mode = SpeechMode::kZeroShot;
  std::string_view instruct;  // of kInstruct; "<|endofprompt|>" is added where it does not end so
};

// `segment` is one of TextFrontend::Segments. kInvalidArgument: a mode that this voice or wish
// cannot serve, and which would.
Result<SpeechRequest> MakeSpeechRequest(const Tokenizer& tokenizer, const VoicePrompt& voice,
                                        const SpeechWish& wish, std::string_view segment);

}  // namespace parley::cosyvoice2
