// Which of a voice's languages a text is in, as far as its writing tells. For texts whose caller
// names none. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::text {

// `spoken`: BCP 47, the voice's own first. Kana is Japanese, ideographs without kana Chinese (or
// else Japanese), Hangul Korean; other letters are the first that is none of these three. Where the
// voice does not speak that, or the text has no letters: the first. "en" of none.
std::string LanguageOf(std::string_view text, const std::vector<std::string>& spoken);

}  // namespace parley::text
