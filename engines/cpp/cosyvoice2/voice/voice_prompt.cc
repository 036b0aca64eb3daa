#include "cosyvoice2/voice/voice_prompt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <string_view>

#include "cosyvoice2/weights/blob_file.h"

namespace parley::cosyvoice2 {
namespace {

constexpr std::string_view kKey = "prompt of a CosyVoice 2 voice, version 1";
// 30 s, and what a transcript of that may have.
constexpr size_t kSpeechTokensMax = 30 * 25 + 1;
constexpr size_t kTextTokensMax = 10'000;

template <class Element>
std::string_view Bytes(std::span<const Element> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

template <class Element>
Result<std::vector<Element>> Take(const BlobFile& file, std::string_view name) {
  const Blob* blob = file.Find(name);
  if (blob == nullptr || blob->bytes.size() % sizeof(Element) != 0) {
    return Fail(Code::kDataLoss, fmt::format("the prompt has no '{}'", name));
  }
  std::vector<Element> values(blob->bytes.size() / sizeof(Element));
  if (!values.empty()) std::memcpy(values.data(), blob->bytes.data(), blob->bytes.size());
  return values;
}

bool AreFinite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

bool AreTokens(std::span<const int32_t> values) {
  return std::all_of(values.begin(), values.end(), [](int32_t v) { return v >= 0; });
}

}  // namespace

Status CheckPrompt(const VoicePrompt& prompt) {
  const size_t mel =
      prompt.speech_tokens.size() * VoicePrompt::kFramesAToken * VoicePrompt::kMelBands;
  if (prompt.mel.size() != mel || prompt.embedding.size() != VoicePrompt::kEmbedding) {
    return Fail(
        Code::kInvalidArgument,
        fmt::format("a prompt of {} speech tokens has {} mel values and an embedding of {}; "
                    "{} and {} belong together",
                    prompt.speech_tokens.size(), prompt.mel.size(), prompt.embedding.size(), mel,
                    VoicePrompt::kEmbedding));
  }
  if (prompt.speech_tokens.size() > kSpeechTokensMax ||
      prompt.text_tokens.size() > kTextTokensMax) {
    return Fail(Code::kInvalidArgument,
                fmt::format("a prompt of {} speech and {} text tokens is longer than {} and {}",
                            prompt.speech_tokens.size(), prompt.text_tokens.size(),
                            kSpeechTokensMax, kTextTokensMax));
  }
  if (!AreFinite(prompt.mel) || !AreFinite(prompt.embedding) || !AreTokens(prompt.speech_tokens) ||
      !AreTokens(prompt.text_tokens)) {
    return Fail(Code::kInvalidArgument,
                "the prompt has tokens below 0, or values that are no "
                "finite numbers");
  }
  return {};
}

Status SavePrompt(const std::filesystem::path& path, const VoicePrompt& prompt) {
  PARLEY_TRY_STATUS(CheckPrompt(prompt));
  PARLEY_TRY(const auto writer, BlobWriter::Create(path, kKey));
  const auto tokens = [](const std::vector<int32_t>& values) {
    return Bytes(std::span<const int32_t>(values));
  };
  const auto floats = [](const std::vector<float>& values) {
    return Bytes(std::span<const float>(values));
  };
  PARLEY_TRY_STATUS(writer->Add("transcript", "utf8", {}, prompt.transcript));
  PARLEY_TRY_STATUS(writer->Add("text_tokens", "i32", {}, tokens(prompt.text_tokens)));
  PARLEY_TRY_STATUS(writer->Add("speech_tokens", "i32", {}, tokens(prompt.speech_tokens)));
  PARLEY_TRY_STATUS(writer->Add("mel", "f32", {}, floats(prompt.mel)));
  PARLEY_TRY_STATUS(writer->Add("embedding", "f32", {}, floats(prompt.embedding)));
  return writer->Commit();
}

Result<VoicePrompt> LoadPrompt(const std::filesystem::path& path) {
  PARLEY_TRY(const auto file, BlobFile::Open(path, kKey, true));
  VoicePrompt prompt;
  PARLEY_TRY(const auto transcript, Take<char>(*file, "transcript"));
  prompt.transcript.assign(transcript.begin(), transcript.end());
  PARLEY_TRY(prompt.text_tokens, Take<int32_t>(*file, "text_tokens"));
  PARLEY_TRY(prompt.speech_tokens, Take<int32_t>(*file, "speech_tokens"));
  PARLEY_TRY(prompt.mel, Take<float>(*file, "mel"));
  PARLEY_TRY(prompt.embedding, Take<float>(*file, "embedding"));
  PARLEY_TRY_STATUS(CheckPrompt(prompt));
  return prompt;
}

}  // namespace parley::cosyvoice2
