// The list of a model part's tensors with the rule that makes each up: what a checkpoint of that
// shape would hold. Read from JSON {"module", "config", "variants", "tensors": [{"name", "shape",
// "kind", "a", "c", "tied_to", "norm_of", "alt_name", "check"}]}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::cosyvoice2 {

struct TensorRule {
  enum class Kind {
    kHashed,         // c + a·(2u − 1) of its own name
    kNormMagnitude,  // that, times the L2 norms of `other` over all but its first dimension
    kTied,           // the very elements of `other`
  };
  // What the values of a golden manifest must come to; sums in double.
  struct Check {
    double first = 0;
    double last = 0;
    double sum = 0;
    std::optional<double> abs_sum;
  };

  std::string name;
  std::string alt_name;  // an older spelling of the same tensor; empty: none
  std::vector<int64_t> shape;
  Kind kind = Kind::kHashed;
  std::string kind_name;  // as in the manifest: "matrix", "wn_g"
  double a = 0;
  double c = 0;
  std::string other;  // of kNormMagnitude and kTied
  std::optional<Check> check;

  int64_t element_count() const;
};

struct Manifest {
  std::string module;  // "llm", "flow", "hift"
  std::string config;  // JSON object: the constructor's values
  std::vector<TensorRule> tensors;

  // Null if there is none. Finds alternative names too.
  const TensorRule* Find(std::string_view name) const;
};

// `variant` names an entry of "variants", whose a and c replace those of the tensors it lists;
// empty: none. kDataLoss says what is wrong with the JSON; kNotFound lists the variants that are
// there. Pure.
Result<Manifest> ReadManifest(std::string_view json, std::string_view variant = "");

}  // namespace parley::cosyvoice2
