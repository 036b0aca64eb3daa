#include "whisper/transcriber.h"

namespace parley::whisper {

std::string Join(std::span<const HeardWord> words) {
  std::string text;
  for (const HeardWord& word : words) {
    if (!text.empty() && !word.glued) text += ' ';
    text += word.text;
  }
  return text;
}

}  // namespace parley::whisper
