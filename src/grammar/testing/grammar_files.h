// Grammars for tests: WeTextProcessing's where they were pulled, and a small one made here.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/text_grammar.h"

namespace parley::grammar::testing {

// The model text/wetext: below $PARLEY_CACHE, or else ~/.cache/parley.
std::filesystem::path WetextFolder();
std::optional<std::filesystem::path> WetextFile(Language language, std::string_view part);
// Null where it was not pulled.
std::unique_ptr<TextGrammar> LoadWetext(Language language);

// Writes OpenFst's format, right or, by its public fields, wrong.
class FstWriter {
 public:
  struct Arc {
    int in = 0;
    int out = 0;
    float weight = 0;
    int next = 0;
  };

  int AddState();
  void AddArc(int from, Arc arc) { states_[static_cast<size_t>(from)].push_back(arc); }
  // A chain that reads `in` and writes `out`, a byte an arc; ends in `to`, or else in a new state.
  int AddChain(int from, std::string_view in, std::string_view out, int to = -1);
  std::string Bytes() const;

  int start = 0;
  int final = 0;
  std::string type = "vector";
  std::string arcs = "standard";
  int version = 2;
  int flags = 0;
  long claimed_states = -1;  // else as many as there are

 private:
  std::vector<std::vector<Arc>> states_;
};

// "5" is said "five", "7" is said "seven and"; every other byte is itself.
TextGrammar::Source ToyTagger();
TextGrammar::Source ToyVerbalizer();
std::unique_ptr<TextGrammar> ToyGrammar();

}  // namespace parley::grammar::testing
