// Words whose full stop does not end a sentence.
#pragma once

#include <string_view>

namespace parley::segment {

// `token` is what stands between the last white space and the full stop, e.g. "Dr", "(e.g", "U.S".
// True for known abbreviations (of English and a few common to European languages), for initials
// ("J"), for letters with dots between them ("a.m"), and for figures that open a line ("1").
bool IsAbbreviation(std::string_view token, bool opens_line);

// A word before which an English sentence may be cut so that the first piece can be spoken early:
// conjunctions and prepositions. In lower case.
bool OpensClause(std::string_view word);

}  // namespace parley::segment
