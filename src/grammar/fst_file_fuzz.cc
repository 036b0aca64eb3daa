// A grammar file: any bytes must be read or refused; and what was read must end on any text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "grammar/internal/fst_file.h"
#include "grammar/internal/transducer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace grammar = parley::grammar::internal;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto fst = grammar::ParseFst(bytes, "fuzz");
  if (!fst) return 0;
  const grammar::Transducer transducer(*fst);
  for (const std::string_view text : {"a", "5 \"x\" 7", "aaaaaaaa"}) {
    size_t states_max = 20'000;
    const grammar::BestPath path = transducer.Find(text, states_max);
    if (path.input_before.size() != path.output.size()) std::abort();
    const bool found = path.found == grammar::BestPath::Found::kPath;
    if (found && path.output_before.size() != text.size()) std::abort();
  }
  return 0;
}
