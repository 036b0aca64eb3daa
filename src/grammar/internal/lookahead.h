// What can be known of a transducer before it reads: which of its states a next byte rules out. A
// tagger has long chains that read nothing ("money { currency_maj: \"") at each word's beginning,
// and most of them are dead at the next byte. Pure.
#pragma once

#include "grammar/internal/fst_data.h"

namespace parley::grammar::internal {

// Fills `next_bytes` and `byte_sets`. False: arcs that read nothing form a circle, so that a search
// might not end.
bool AddLookahead(FstData& fst);

}  // namespace parley::grammar::internal
