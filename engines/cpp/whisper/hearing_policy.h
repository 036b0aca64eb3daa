// Decides whether what the model wrote was said at all. Whisper writes something for every noise;
// its favourites, learnt from video subtitles, are known. Pure.
#pragma once

#include <string_view>

#include "whisper/speech_span.h"
#include "whisper/transcriber.h"

namespace parley::whisper {

// Lower case (of ASCII), without punctuation and symbols (apostrophes stay), single spaces: what
// two spellings of the same words have in common.
std::string Normalized(std::string_view text);

// "Thanks for watching!", "you", "Subtitles by …": what it writes for noise. Each can also be said.
bool IsFavouriteOfNoise(std::string_view text);

// True if nobody said these words: nothing but punctuation or a sound in brackets; the model itself
// doubts that anybody spoke, or is very unsure of the words; or a favourite of noise without strong
// evidence that it was spoken.
bool WasNotSaid(const Pass& pass, const SpeechSpan& span);

}  // namespace parley::whisper
