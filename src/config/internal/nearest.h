// The known word that someone who typed another one probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::config::internal {

// Insertions, deletions, substitutions and swaps of neighbours that make `a` into `b` (optimal
// string alignment; Damerau 1964, Wagner and Fischer 1974).
size_t EditDistance(std::string_view a, std::string_view b);

// The candidate at the smallest distance, if that is at most a third of the word's length (never
// less than 2); else empty.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace parley::config::internal
