// A transcribed recording and its formats: JSON, text, SubRip and WebVTT. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::gateway {

struct TranscriptWord {
  std::string text;
  double from_s = 0;
  double upto_s = 0;
};

struct TranscriptSegment {
  std::string text;
  double from_s = 0;
  double upto_s = 0;
  bool no_speech = false;
};

// One window's result; words may be missing.
struct TranscriptPart {
  std::string text;
  double from_s = 0;
  double upto_s = 0;
  bool no_speech = false;
  std::vector<TranscriptWord> words;
};

struct Transcript {
  std::string language;  // BCP 47, may be empty
  double duration_s = 0;
  std::vector<TranscriptPart> parts;

  std::string Text() const;
  std::vector<TranscriptWord> Words() const;
  // Parts cut where a sentence ends, or the speaker rests, or after about 7 s: what fits into two
  // lines of a subtitle.
  std::vector<TranscriptSegment> Segments() const;
};

enum class TranscriptFormat { kJson, kText, kVerboseJson, kSrt, kVtt };

std::string_view ContentTypeOf(TranscriptFormat format);

struct TranscriptDetail {
  bool words = false;
  bool segments = true;
};
std::string Render(const Transcript& transcript, TranscriptFormat format,
                   const TranscriptDetail& detail);

// {"type": "duration", "seconds": 3}: begun seconds, as usage is counted.
std::string UsageJson(double duration_s);

}  // namespace parley::gateway
