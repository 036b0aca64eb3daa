// The words of the simulated world. English, because the core's lists are tried on them.
#pragma once

#include <array>
#include <string_view>

namespace parley::sim {

// A person's, none of which is in a list of the core's lexicon.
inline constexpr std::array<std::string_view, 48> kContentWords = {
    "tell",     "capital", "weather",  "tomorrow", "train",   "london",  "paris",   "recipe",
    "bread",    "music",   "doctor",   "monday",   "ticket",  "price",   "garden",  "remind",
    "meeting",  "email",   "window",   "kitchen",  "water",   "story",   "history", "planet",
    "moon",     "river",   "mountain", "bicycle",  "battery", "phone",   "letter",  "number",
    "colour",   "dinner",  "coffee",   "market",   "hotel",   "airport", "winter",  "summer",
    "football", "piano",   "library",  "teacher",  "school",  "forest",  "island",  "bridge"};
inline constexpr std::array<std::string_view, 10> kAsksMore = {
    "and", "but", "because", "the", "to", "of", "with", "my", "if", "about"};
inline constexpr std::array<std::string_view, 3> kFillers = {"um", "uh", "er"};
inline constexpr std::array<std::string_view, 6> kBackchannels = {"mhm",   "yeah",   "okay",
                                                                  "right", "uh-huh", "yes"};
inline constexpr std::array<std::string_view, 3> kStops = {"stop", "wait", "no"};
// The agent's; a reply takes each at most once, so that a lost or repeated one can be told.
inline constexpr std::array<std::string_view, 64> kAgentWords = {
    "generally", "speaking",  "most",    "people",    "prefer",   "walking",  "along",
    "quiet",     "streets",   "near",    "harbour",   "every",    "morning",  "before",
    "breakfast", "although",  "locals",  "recommend", "visiting", "museums",  "during",
    "rainy",     "weeks",     "several", "famous",    "painters", "lived",    "there",
    "centuries", "ago",       "making",  "this",      "region",   "rich",     "culture",
    "besides",   "excellent", "food",    "served",    "small",    "family",   "restaurants",
    "offering",  "fresh",     "fish",    "local",     "cheese",   "seasonal", "vegetables",
    "beautiful", "beaches",   "stretch", "northern",  "coast",    "where",    "children",
    "play",      "safely",    "until",   "late",      "evening",  "under",    "golden",
    "light"};

template <size_t N>
std::string_view Pick(const std::array<std::string_view, N>& words, int index) {
  return words[static_cast<size_t>(index) % N];
}

}  // namespace parley::sim
