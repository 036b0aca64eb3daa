#include "cosyvoice2/pack/demo_voice.h"

#include <cmath>
#include <numbers>
#include <system_error>

#include "cosyvoice2/voice/voice_encoder.h"
#include "cosyvoice2/voice/voice_library.h"

namespace parley::cosyvoice2 {
namespace {

audio::AudioClip WaveringTone() {
  constexpr int kRate = 24'000;
  constexpr int kSamples = 3 * kRate;
  constexpr double kTurn = 2 * std::numbers::pi;
  audio::AudioClip clip;
  clip.sample_rate_hz = kRate;
  double phase = 0;
  for (int i = 0; i < kSamples; ++i) {
    const double t = static_cast<double>(i) / kRate;
    phase += kTurn * (180 + 40 * std::sin(kTurn * 3 * t)) / kRate;
    clip.samples.push_back(static_cast<float>(0.2 * std::sin(phase) + 0.1 * std::sin(3 * phase)));
  }
  return clip;
}

}  // namespace

Status WriteDemoVoice(const std::filesystem::path& folder, int64_t speech_tokens) {
  VoiceEncoder::Config config;
  config.speech_tokens = speech_tokens;
  PARLEY_TRY(const auto encoder, VoiceEncoder::Load(folder, config));
  PARLEY_TRY(const VoicePrompt prompt, encoder->Encode(WaveringTone(), "A tone that wavers."));
  const std::filesystem::path file = PromptFile(folder, "demo");
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  return SavePrompt(file, prompt);
}

}  // namespace parley::cosyvoice2
