// A transducer over bytes as plain data: what a file is read to and a search is made of. Label 0 is
// epsilon; the others are bytes. Seen by a file of C++17 too.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace parley::grammar::internal {

struct FstArc {
  uint8_t in = 0;
  uint8_t out = 0;
  float weight = 0;  // finite; paths of less are better
  uint32_t next = 0;
};

struct FstState {
  bool final = false;
  float final_weight = 0;
  uint32_t arcs_end = 0;  // its arcs begin where those of the state before end
};

// Bytes, and beyond them the end of the text.
constexpr size_t kTextEnd = 256;
using ByteSet = std::bitset<kTextEnd + 1>;

struct FstData {
  uint32_t start = 0;
  std::vector<FstState> states;
  std::vector<FstArc> arcs;

  // Of each state, by AddLookahead (lookahead.h).
  std::vector<uint32_t> next_bytes;  // what it may read next, as a place in `byte_sets`
  std::vector<ByteSet> byte_sets;
};

}  // namespace parley::grammar::internal
