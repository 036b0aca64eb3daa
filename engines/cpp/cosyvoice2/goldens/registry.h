// Golden data of the official model, and how this engine's results are held against it. A set is a
// folder `G<n>_…` of arrays and case lists; a function made for it computes the same and returns
// one row for each comparison. `parley-engine-cosyvoice2 goldens DIR` runs all sets that are there.
// One thread.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::cosyvoice2::goldens {

enum class Verdict { kPassed, kFailed, kSkipped };

// One comparison of one array, or of things that must be equal (then tolerance is 0).
struct Row {
  std::string case_name;  // "jfk", "sP18/call1"
  std::string tensor;     // "mel24", "ids"
  double max_abs = 0;     // of the differences; for things that must be equal, how many differ
  double max_rel = 0;     // max_abs over the greatest magnitude expected
  double tolerance = 0;   // what max_abs may be
  Verdict verdict = Verdict::kFailed;
  std::string note;  // why it failed or was skipped, or which other criterion counted
};

// What a set's function is given.
struct Place {
  std::filesystem::path root;  // with llm.json, flow.json, hift.json and the sets
  std::filesystem::path set;   // root / "G5_llm"
  bool eight_bits = false;     // the models' matrices are kept in q8_0
};

// An error, or an exception of the JSON library, ends the set as one failed row; the other sets run
// on.
using RunSet = Result<std::vector<Row>> (*)(const Place& place);

struct Set {
  int number = 0;  // of G<number>_…
  RunSet run = nullptr;
  bool has_matrices = false;  // that may be kept in fewer bits
};

// The sets of what surrounds the models: G1, G2, G3, G4, G6, G12 (goldens/front_sets.cc).
std::vector<Set> FrontSets();
// The sets of the models: G5, G7–G11, G13. Defined by the models' half of the engine.
std::vector<Set> ModelSets();

// How two arrays of one length differ. Lengths that differ, and elements that are no numbers, give
// an infinite difference.
Row Compare(std::string case_name, std::string tensor, std::span<const float> found,
            std::span<const float> expected, double tolerance);
// The same with the tolerance given in parts of the greatest magnitude expected.
Row CompareRelative(std::string case_name, std::string tensor, std::span<const float> found,
                    std::span<const float> expected, double relative_tolerance);
// For things that must be equal; `differing` of them are not.
Row CompareExact(std::string case_name, std::string tensor, size_t differing,
                 std::string note = {});

struct SetResult {
  std::string name;  // the folder's
  std::vector<Row> rows;
};

// Runs each of `sets` whose folder is under `root`, by number; with `eight_bits` those that have
// matrices alone. kNotFound if `root` is no folder.
Result<std::vector<SetResult>> RunSets(const std::filesystem::path& root, std::span<const Set> sets,
                                       bool eight_bits = false);

struct Tally {
  size_t passed = 0;
  size_t failed = 0;
  size_t skipped = 0;
};
Tally Count(std::span<const SetResult> results);

// A table, or JSON {"sets": [{"name", "rows": […]}], "passed", "failed", "skipped"}; the last line
// of the table is "N passed, N failed, N skipped".
std::string ToText(std::span<const SetResult> results);
std::string ToJson(std::span<const SetResult> results);

}  // namespace parley::cosyvoice2::goldens
