#include "cosyvoice2/voice/voice_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cosyvoice2/audio/features.h"
#include "cosyvoice2/audio/resample.h"
#include "onnx/session.h"

namespace parley::cosyvoice2 {
namespace {

constexpr int kRateMin = 16'000;
constexpr int64_t kDurationMsMax = 30'000;
constexpr double kTokensASecondMin = 0.5;
constexpr double kTokensASecondMax = 20.0;

using onnx::ElementType;

struct Signature {
  std::vector<ElementType> inputs;
  std::vector<ElementType> outputs;  // which are accepted for the first
};

Result<std::unique_ptr<onnx::Session>> LoadSession(const std::filesystem::path& path, int threads,
                                                   const Signature& signature) {
  onnx::Session::Config config;
  config.threads = threads;
  PARLEY_TRY(auto session, onnx::Session::FromFile(path, config));
  bool fits = session->inputs().size() == signature.inputs.size() && !session->outputs().empty();
  for (size_t i = 0; fits && i < signature.inputs.size(); ++i) {
    fits = session->inputs()[i].type == signature.inputs[i];
  }
  fits = fits && std::find(signature.outputs.begin(), signature.outputs.end(),
                           session->outputs()[0].type) != signature.outputs.end();
  if (fits) return session;
  return Fail(
      Code::kUnimplemented,
      fmt::format("'{}' has other inputs or outputs than the official model; is it the file "
                  "of another version?",
                  path.string()));
}

std::vector<int32_t> Tokens(const onnx::Value& value) {
  if (value.type() == ElementType::kInt32) {
    const auto tokens = value.int32s();
    return {tokens.begin(), tokens.end()};
  }
  std::vector<int32_t> tokens;
  for (const int64_t token : value.ints()) {
    tokens.push_back(static_cast<int32_t>(std::clamp<int64_t>(token, -1, INT32_MAX)));
  }
  return tokens;
}

Status CheckClip(const audio::AudioClip& clip) {
  if (clip.sample_rate_hz < kRateMin) {
    return Fail(Code::kInvalidArgument, fmt::format("the prompt has {} Hz; at least {} are needed",
                                                    clip.sample_rate_hz, kRateMin));
  }
  if (clip.duration_ms() > kDurationMsMax) {
    return Fail(Code::kInvalidArgument,
                fmt::format("the prompt has {} ms; the speech tokenizer takes at most {}",
                            clip.duration_ms(), kDurationMsMax));
  }
  return {};
}

}  // namespace

struct VoiceEncoder::Impl {
  Config config;
  std::unique_ptr<onnx::Session> tokenizer;
  std::unique_ptr<onnx::Session> speaker;

  Result<std::vector<int32_t>> SpeechTokens(std::span<const float> samples_16k) const {
    PARLEY_TRY(const Spectrogram mel, WhisperLogMel(samples_16k));
    const auto frames = static_cast<int64_t>(mel.frames);
    const int64_t mel_shape[] = {1, static_cast<int64_t>(mel.bands), frames};
    const int64_t length_shape[] = {1};
    const int32_t length[] = {static_cast<int32_t>(frames)};
    const onnx::Feed feeds[] = {
        {tokenizer->inputs()[0].name.c_str(), mel_shape, mel.values},
        {tokenizer->inputs()[1].name.c_str(), length_shape, std::span<const int32_t>(length)}};
    const char* const outputs[] = {tokenizer->outputs()[0].name.c_str()};
    PARLEY_TRY(const auto values, tokenizer->Run(feeds, outputs));
    std::vector<int32_t> tokens = Tokens(values[0]);
    const size_t expected = ((mel.frames + 1) / 2 + 1) / 2;
    const bool good =
        tokens.size() == expected && std::all_of(tokens.begin(), tokens.end(), [&](int32_t token) {
          return token >= 0 && token < config.speech_tokens;
        });
    if (good) return tokens;
    return Fail(Code::kDataLoss,
                fmt::format("the speech tokenizer gave {} tokens for {} frames, where {} from 0 to "
                            "{} belong; is it of another model?",
                            tokens.size(), mel.frames, expected, config.speech_tokens - 1));
  }

  Result<std::vector<float>> Embedding(std::span<const float> samples_16k) const {
    PARLEY_TRY(Spectrogram fbank, KaldiFbank(samples_16k));
    SubtractMean(fbank);
    const int64_t shape[] = {1, static_cast<int64_t>(fbank.frames),
                             static_cast<int64_t>(fbank.bands)};
    const onnx::Feed feeds[] = {{speaker->inputs()[0].name.c_str(), shape, fbank.values}};
    const char* const outputs[] = {speaker->outputs()[0].name.c_str()};
    PARLEY_TRY(const auto values, speaker->Run(feeds, outputs));
    const auto embedding = values[0].floats();
    if (embedding.size() == VoicePrompt::kEmbedding) {
      return std::vector<float>(embedding.begin(), embedding.end());
    }
    return Fail(Code::kDataLoss, fmt::format("the speaker network gave {} values, not {}",
                                             embedding.size(), VoicePrompt::kEmbedding));
  }
};

VoiceEncoder::VoiceEncoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

VoiceEncoder::~VoiceEncoder() = default;

Result<std::unique_ptr<VoiceEncoder>> VoiceEncoder::Load(const std::filesystem::path& model_folder,
                                                         const Config& config) {
  auto impl = std::make_unique<Impl>();
  impl->config = config;
  const Signature tokenizer = {{ElementType::kFloat, ElementType::kInt32},
                               {ElementType::kInt32, ElementType::kInt64}};
  const Signature speaker = {{ElementType::kFloat}, {ElementType::kFloat}};
  PARLEY_TRY(impl->tokenizer,
             LoadSession(model_folder / "speech_tokenizer_v2.onnx", config.threads, tokenizer));
  PARLEY_TRY(impl->speaker, LoadSession(model_folder / "campplus.onnx", config.threads, speaker));
  return std::unique_ptr<VoiceEncoder>(new VoiceEncoder(std::move(impl)));
}

Result<VoicePrompt> VoiceEncoder::Encode(const audio::AudioClip& clip,
                                         std::string_view transcript) const {
  PARLEY_TRY_STATUS(CheckClip(clip));
  const auto at_16k = ResampleAsTorchaudio(clip.samples, clip.sample_rate_hz, 16'000);
  const auto at_24k = ResampleAsTorchaudio(clip.samples, clip.sample_rate_hz, 24'000);
  VoicePrompt prompt;
  prompt.transcript = transcript;
  PARLEY_TRY(prompt.speech_tokens, impl_->SpeechTokens(at_16k));
  PARLEY_TRY(prompt.embedding, impl_->Embedding(at_16k));
  PARLEY_TRY(Spectrogram mel, FlowMel(at_24k));
  // Tokens are counted at 16 kHz and frames at 24 kHz: they may differ by one.
  const size_t tokens =
      std::min(prompt.speech_tokens.size(), mel.frames / VoicePrompt::kFramesAToken);
  prompt.speech_tokens.resize(tokens);
  mel.values.resize(tokens * VoicePrompt::kFramesAToken * VoicePrompt::kMelBands);
  prompt.mel = std::move(mel.values);
  PARLEY_TRY_STATUS(CheckPrompt(prompt));
  return prompt;
}

Status CheckTranscript(size_t text_tokens, double speech_s) {
  if (text_tokens == 0) return {};
  const double rate = static_cast<double>(text_tokens) / speech_s;
  if (rate >= kTokensASecondMin && rate <= kTokensASecondMax) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("the transcript has {} tokens for {:.1f} s of speech, {:.1f} a second, "
                          "where speech has {} to {}; it must say just what is heard",
                          text_tokens, speech_s, rate, kTokensASecondMin, kTokensASecondMax));
}

}  // namespace parley::cosyvoice2
