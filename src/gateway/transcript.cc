#include "gateway/transcript.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace parley::gateway {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kSegmentMaxS = 7.0;
constexpr double kRestS = 0.8;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool EndsSentence(std::string_view word) {
  while (word.ends_with('"') || word.ends_with('\'') || word.ends_with(')')) word.remove_suffix(1);
  return word.ends_with('.') || word.ends_with('?') || word.ends_with('!');
}

void AppendWord(std::string& text, std::string_view word) {
  if (!text.empty() && !text.ends_with(' ') && !word.starts_with(' ')) text += ' ';
  text += word;
}

void CutPart(const TranscriptPart& part, std::vector<TranscriptSegment>& segments) {
  if (part.words.empty()) {
    if (!part.text.empty()) {
      segments.push_back({part.text, part.from_s, part.upto_s, part.no_speech});
    }
    return;
  }
  TranscriptSegment segment;
  for (size_t i = 0; i < part.words.size(); ++i) {
    const TranscriptWord& word = part.words[i];
    if (segment.text.empty()) segment.from_s = word.from_s;
    AppendWord(segment.text, word.text);
    segment.upto_s = word.upto_s;
    const bool last = i + 1 == part.words.size();
    const bool rests = !last && part.words[i + 1].from_s - word.upto_s > kRestS;
    const bool full = segment.upto_s - segment.from_s >= kSegmentMaxS;
    if (last || rests || full || EndsSentence(word.text)) {
      segments.push_back(std::exchange(segment, {}));
    }
  }
}

std::string Timestamp(double seconds, char mark) {
  const auto ms = static_cast<int64_t>(std::llround(std::max(0.0, seconds) * 1000));
  return fmt::format("{:02}:{:02}:{:02}{}{:03}", ms / 3600'000, ms / 60'000 % 60, ms / 1000 % 60,
                     mark, ms % 1000);
}

std::string RenderSrt(const Transcript& transcript) {
  std::string out;
  int number = 0;
  for (const TranscriptSegment& segment : transcript.Segments()) {
    out += fmt::format("{}\n{} --> {}\n{}\n\n", ++number, Timestamp(segment.from_s, ','),
                       Timestamp(segment.upto_s, ','), segment.text);
  }
  return out;
}

std::string RenderVtt(const Transcript& transcript) {
  std::string out = "WEBVTT\n\n";
  for (const TranscriptSegment& segment : transcript.Segments()) {
    out += fmt::format("{} --> {}\n{}\n\n", Timestamp(segment.from_s, '.'),
                       Timestamp(segment.upto_s, '.'), segment.text);
  }
  return out;
}

double Rounded(double seconds) { return std::round(seconds * 1000) / 1000; }

Json UsageOf(double duration_s) {
  return {{"type", "duration"}, {"seconds", static_cast<int64_t>(std::ceil(duration_s))}};
}

std::string RenderVerbose(const Transcript& transcript, const TranscriptDetail& detail) {
  Json json = {{"task", "transcribe"},
               {"language", transcript.language},
               {"duration", Rounded(transcript.duration_s)},
               {"text", transcript.Text()}};
  if (detail.segments) {
    Json segments = Json::array();
    for (const TranscriptSegment& segment : transcript.Segments()) {
      // What our recognizers do not tell has the value that means "nothing special".
      segments.push_back({{"id", segments.size()},
                          {"seek", 0},
                          {"start", Rounded(segment.from_s)},
                          {"end", Rounded(segment.upto_s)},
                          {"text", segment.text},
                          {"tokens", Json::array()},
                          {"temperature", 0.0},
                          {"avg_logprob", 0.0},
                          {"compression_ratio", 1.0},
                          {"no_speech_prob", segment.no_speech ? 1.0 : 0.0}});
    }
    json["segments"] = std::move(segments);
  }
  if (detail.words) {
    Json words = Json::array();
    for (const TranscriptWord& word : transcript.Words()) {
      words.push_back(
          {{"word", word.text}, {"start", Rounded(word.from_s)}, {"end", Rounded(word.upto_s)}});
    }
    json["words"] = std::move(words);
  }
  json["usage"] = UsageOf(transcript.duration_s);
  return Dump(json);
}

}  // namespace

std::string Transcript::Text() const {
  std::string text;
  for (const TranscriptPart& part : parts) {
    if (!part.text.empty()) AppendWord(text, part.text);
  }
  return text;
}

std::vector<TranscriptWord> Transcript::Words() const {
  std::vector<TranscriptWord> words;
  for (const TranscriptPart& part : parts) {
    words.insert(words.end(), part.words.begin(), part.words.end());
  }
  return words;
}

std::vector<TranscriptSegment> Transcript::Segments() const {
  std::vector<TranscriptSegment> segments;
  for (const TranscriptPart& part : parts) CutPart(part, segments);
  return segments;
}

std::string_view ContentTypeOf(TranscriptFormat format) {
  switch (format) {
    case TranscriptFormat::kJson:
    case TranscriptFormat::kVerboseJson:
      return "application/json";
    case TranscriptFormat::kVtt:
      return "text/vtt; charset=utf-8";
    default:
      return "text/plain; charset=utf-8";
  }
}

std::string Render(const Transcript& transcript, TranscriptFormat format,
                   const TranscriptDetail& detail) {
  switch (format) {
    case TranscriptFormat::kText:
      return transcript.Text() + "\n";
    case TranscriptFormat::kSrt:
      return RenderSrt(transcript);
    case TranscriptFormat::kVtt:
      return RenderVtt(transcript);
    case TranscriptFormat::kVerboseJson:
      return RenderVerbose(transcript, detail);
    default:
      return Dump({{"text", transcript.Text()}, {"usage", UsageOf(transcript.duration_s)}});
  }
}

std::string UsageJson(double duration_s) { return Dump(UsageOf(duration_s)); }

}  // namespace parley::gateway
