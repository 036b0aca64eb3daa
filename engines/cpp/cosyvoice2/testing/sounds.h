// Sounds for tests.
#pragma once

#include "audio/audio_file.h"

namespace parley::cosyvoice2::testing {

// A tone whose pitch wavers, between silences: something like a voice to everything that measures
// one.
audio::AudioClip VoiceLike(int sample_rate_hz, double speech_s, double silence_s = 0,
                           float amplitude = 0.3F);

}  // namespace parley::cosyvoice2::testing
