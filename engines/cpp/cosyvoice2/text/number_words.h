// Whole numbers in English words, as the official front end says them (the Python package
// `inflect`): "2024" → "two thousand and twenty-four", "1100" → "one thousand, one hundred". Pure.
#pragma once

#include <string>
#include <string_view>

namespace parley::cosyvoice2 {

// `figures` are '0' to '9'; leading zeros are not said, none at all is "zero". More than 36 figures
// have no name and are said one by one.
std::string NumberInWords(std::string_view figures);

// Each run of figures of any script in words. Superscripts and circled figures belong to a run but
// are not said, as in the official front end.
std::string SpellOutNumbers(std::string_view text);

}  // namespace parley::cosyvoice2
