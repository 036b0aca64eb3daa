// What a transducer makes of a text, found by OpenFst: the best path of the text's composition with
// it, of which no more is made than the search looks at. The one place that sees OpenFst, whose
// headers are C++17; so this one is, too.
//
// One sequence. A text of 80 bytes takes about 1.5 ms with the English grammar.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/internal/fst_data.h"

namespace parley::grammar::internal {

struct BestPath {
  enum class Found {
    kPath,
    kNone,     // the transducer does not take this text
    kTooMany,  // more steps than were allowed
  };
  Found found = Found::kNone;
  std::string output;
  // How many bytes of the one side precede a byte of the other; each never falls.
  std::vector<uint32_t> input_before;   // for each byte of the output
  std::vector<uint32_t> output_before;  // for each byte of the input
};

class Transducer {
 public:
  explicit Transducer(const FstData& data);
  ~Transducer();

  // At most `steps_max` arcs of the composition are followed; those that were are taken off.
  BestPath Find(std::string_view input, size_t& steps_max) const;

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace parley::grammar::internal
