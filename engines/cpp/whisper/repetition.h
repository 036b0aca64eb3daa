// Notices a decoder that runs in circles, which Whisper does when it hears too little context.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace parley::whisper {

// If `tokens` end in the same run of tokens over and over, how many to keep: all up to the first
// time. People repeat themselves, so a single token must come 8 times in a row, two to sixteen
// three times and 12 tokens together. Where there are more than `plausible` tokens, which nobody
// can have said in that time, a run of four or more that comes twice is enough.
std::optional<size_t> RepetitionStart(std::span<const int32_t> tokens, size_t plausible);

}  // namespace parley::whisper
