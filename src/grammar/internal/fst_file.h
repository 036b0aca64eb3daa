// Reads OpenFst's binary format of one kind: type "vector", arcs "standard" (tropical weights), as
// WeTextProcessing's grammars are stored. OpenFst's own reader believes what a file says of sizes
// and targets, and ends the process at some errors; so foreign bytes come in through this one.
//
// Format: github.com/kkm000/openfst, fst/fst.cc (FstHeader) and fst/vector-fst.h (Read). Pure.
#pragma once

#include <string_view>

#include "base/result.h"
#include "grammar/internal/fst_data.h"

namespace parley::grammar::internal {

// The largest of WeTextProcessing has 6.4 MB.
constexpr size_t kFstBytesMax = 32 << 20;

// Every target is a state, every label a byte, every weight finite; and no circle can be walked
// without reading a byte, so that a search over a text of n bytes ends. Else kDataLoss, `name`
// being the file in the message.
Result<FstData> ParseFst(std::string_view bytes, std::string_view name);

}  // namespace parley::grammar::internal
