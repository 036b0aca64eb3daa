// Words and sentences of any language, by Unicode's boundary rules (UAX #29), and words in the form
// in which two transcripts of the same speech are equal. Any bytes are accepted; offsets are bytes.
// Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace parley::text {

struct Range {
  size_t from = 0;
  size_t upto = 0;
  bool operator==(const Range&) const = default;
};

// Where the words stand: letters, figures, ideographs; no punctuation, no spaces.
std::vector<Range> Words(std::string_view text, std::string_view language = "en");

// Sentences, covering the text without gap; each holds the spaces behind it. The last may be open:
// of a stream, feed it again with what follows.
std::vector<Range> Sentences(std::string_view text, std::string_view language = "en");

// Lower-cased (case folding), without punctuation, apostrophes made one, fillers ("um", "äh") left
// out: "Uh, what's THAT?" → {"what's", "that"}.
std::vector<std::string> ComparableWords(std::string_view text, std::string_view language = "en");
bool SameWords(std::string_view a, std::string_view b, std::string_view language = "en");

}  // namespace parley::text
