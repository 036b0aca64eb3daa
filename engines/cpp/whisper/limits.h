// How much work one pass of the model may do, from the length of what it hears. Pure.
#pragma once

namespace parley::whisper {

inline constexpr int kSampleRateHz = 16'000;
// Whisper's window: it hears at most 30 s at once, as 1500 positions of 20 ms.
inline constexpr int kAudioContextMax = 1500;

// Positions that the encoder computes for `samples` of audio: the audio's own, 128 more (fewer made
// tiny.en loop on short clips), rounded up to a multiple of 64, at least `floor`, at most 1500. The
// encoder's time is about proportional to it.
int AudioContext(int samples, int floor);

// Tokens after which a transcript of `samples` of audio cannot be true: 8 and 6 a second. Fast
// speech has about 4.
int TokensMax(int samples);

// Tokens that `samples` of fast but real speech may have: 3 and 5 a second.
int TokensPlausible(int samples);

}  // namespace parley::whisper
