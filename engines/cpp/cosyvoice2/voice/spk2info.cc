#include "cosyvoice2/voice/spk2info.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "cosyvoice2/weights/mapped_file.h"
#include "cosyvoice2/weights/torch_file.h"

namespace parley::cosyvoice2 {
namespace {

// More than any prompt has: 30 s.
constexpr int64_t kElementsMax = 2 * 30 * 25 * 80 + 1000;

using Fields = std::map<std::string, const TorchEntry*, std::less<>>;

template <class Element>
Result<std::vector<Element>> TakeTensor(const Fields& fields,
                                        std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto found = fields.find(name);
    if (found == fields.end()) continue;
    const auto* tensor = std::get_if<TorchTensor>(&found->second->value);
    if (tensor == nullptr) continue;
    if (tensor->element_count() > kElementsMax) {
      return Fail(Code::kDataLoss, fmt::format("'{}' has {} elements, more than 30 s of speech",
                                               name, tensor->element_count()));
    }
    std::vector<Element> values(static_cast<size_t>(tensor->element_count()));
    tensor->CopyTo(std::span<Element>(values));
    return values;
  }
  return std::vector<Element>();
}

std::string TakeText(const Fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  if (found == fields.end()) return {};
  const auto* text = std::get_if<std::string>(&found->second->value);
  return text != nullptr ? *text : std::string();
}

// Token and mel lengths agree up to what resampling leaves over.
void Align(VoicePrompt& prompt) {
  const size_t frames = prompt.mel.size() / VoicePrompt::kMelBands;
  const size_t tokens = std::min(prompt.speech_tokens.size(), frames / VoicePrompt::kFramesAToken);
  prompt.speech_tokens.resize(tokens);
  prompt.mel.resize(tokens * VoicePrompt::kFramesAToken * VoicePrompt::kMelBands);
}

Result<VoicePrompt> ReadVoice(const Fields& fields) {
  VoicePrompt prompt;
  prompt.transcript = TakeText(fields, "prompt_text");
  PARLEY_TRY(prompt.text_tokens, TakeTensor<int32_t>(fields, {"prompt_text_token", "prompt_text"}));
  PARLEY_TRY(prompt.speech_tokens,
             TakeTensor<int32_t>(fields, {"flow_prompt_speech_token", "speech_token"}));
  PARLEY_TRY(const auto heard, TakeTensor<int32_t>(fields, {"llm_prompt_speech_token"}));
  if (!heard.empty() && heard != prompt.speech_tokens) {
    return Fail(Code::kDataLoss,
                "its speech tokens for the language model and for the flow differ");
  }
  PARLEY_TRY(prompt.mel, TakeTensor<float>(fields, {"prompt_speech_feat", "speech_feat"}));
  PARLEY_TRY(prompt.embedding,
             TakeTensor<float>(fields, {"flow_embedding", "llm_embedding", "embedding"}));
  Align(prompt);
  PARLEY_TRY_STATUS(CheckPrompt(prompt));
  return prompt;
}

}  // namespace

Result<Voices> ReadSpk2info(std::string_view bytes) {
  PARLEY_TRY(const TorchFile file, ReadTorchFile(bytes));
  std::map<std::string, Fields, std::less<>> by_voice;
  for (const TorchEntry& entry : file.entries) {
    // A voice's name may have a "/" itself, a field has none.
    const size_t slash = entry.name.rfind('/');
    if (slash == std::string::npos) continue;
    by_voice[entry.name.substr(0, slash)].emplace(entry.name.substr(slash + 1), &entry);
  }
  Voices voices;
  for (const auto& [name, fields] : by_voice) {
    auto prompt = ReadVoice(fields);
    if (!prompt) {
      return Fail(Code::kDataLoss,
                  fmt::format("voice '{}' cannot be used: {}", name, prompt.error().message));
    }
    voices.emplace(name, std::move(*prompt));
  }
  return voices;
}

Result<Voices> LoadSpk2info(const std::filesystem::path& path) {
  PARLEY_TRY(const auto file, MappedFile::Open(path));
  auto voices = ReadSpk2info(file->bytes());
  if (!voices) {
    return Fail(voices.error().code,
                fmt::format("'{}': {}", path.string(), voices.error().message));
  }
  return voices;
}

}  // namespace parley::cosyvoice2
