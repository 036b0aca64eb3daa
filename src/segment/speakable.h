// From what a language model wrote to what a voice should say: markup, code marks, links, emoji and
// control characters go, words stay as they are (numbers and abbreviations are the worker's to
// normalize). Each stretch that stays is remembered with its place, so that "heard up to here" in
// the spoken text leads back to the model's own text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::segment {

// `length` bytes at `text_at` of the spoken text are the same bytes at `source_at` of the source.
struct SourceSpan {
  uint32_t text_at = 0;
  uint32_t source_at = 0;
  uint32_t length = 0;
  bool operator==(const SourceSpan&) const = default;
};

struct Speakable {
  std::string text;  // valid UTF-8, single spaces, none at the ends; empty: nothing to say
  std::vector<SourceSpan> spans;  // ascending in both
};

// `source` is a piece of a reply without fenced code. `opens_line`: it begins a line, so that list
// marks and headings at its start are markup. Any bytes are accepted.
//   **bold**, _emphasis_, `code`, # heading, > quote, - item   marks are dropped
//   [words](address) words   ·   https://host/path host   ·   [3] and <b> dropped
//   6 * 7   the star between figures is kept
Speakable MakeSpeakable(std::string_view source, bool opens_line);

}  // namespace parley::segment
