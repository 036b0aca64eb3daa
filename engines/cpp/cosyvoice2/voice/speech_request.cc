#include "cosyvoice2/voice/speech_request.h"

#include <string>

namespace parley::cosyvoice2 {
namespace {

constexpr std::string_view kEndOfPrompt = "<|endofprompt|>";

Status AddZeroShot(const Tokenizer& tokenizer, const VoicePrompt& voice, SpeechRequest& request) {
  if (voice.transcript.empty() && voice.text_tokens.empty()) {
    return Fail(Code::kInvalidArgument,
                "this voice has no transcript of its prompt, which the zero-shot mode needs; add "
                "it, or ask for the cross-lingual mode");
  }
  request.prompt_speech = voice.speech_tokens;
  if (!voice.text_tokens.empty()) {
    request.prompt_text = voice.text_tokens;
    return {};
  }
  const TextFrontend frontend(tokenizer);
  request.prompt_text =
      tokenizer.Encode(frontend.Normalize(voice.transcript, TextMode::kNormalize));
  return {};
}

Status AddInstruct(const Tokenizer& tokenizer, std::string_view instruct, SpeechRequest& request) {
  if (instruct.empty()) {
    return Fail(Code::kInvalidArgument, "the instruct mode needs a text that says how to speak");
  }
  std::string text(instruct);
  if (!text.ends_with(kEndOfPrompt)) text += kEndOfPrompt;
  request.prompt_text = tokenizer.Encode(text);
  return {};
}

}  // namespace

Result<SpeechRequest> MakeSpeechRequest(const Tokenizer& tokenizer, const VoicePrompt& voice,
                                        const SpeechWish& wish, std::string_view segment) {
  PARLEY_TRY_STATUS(CheckPrompt(voice));
  SpeechRequest request;
  request.text = tokenizer.Encode(segment);
  request.embedding = voice.embedding;
  if (wish.mode == SpeechMode::kSpeaker) return request;
  if (voice.speech_tokens.empty()) {
    return Fail(Code::kInvalidArgument,
                "this voice is an embedding alone, without a prompt; it serves the speaker mode");
  }
  request.flow_tokens = voice.speech_tokens;
  request.flow_mel = voice.mel;
  if (wish.mode == SpeechMode::kZeroShot) {
    PARLEY_TRY_STATUS(AddZeroShot(tokenizer, voice, request));
  } else if (wish.mode == SpeechMode::kInstruct) {
    PARLEY_TRY_STATUS(AddInstruct(tokenizer, wish.instruct, request));
  }
  return request;
}

}  // namespace parley::cosyvoice2
