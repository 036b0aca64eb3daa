#include "cosyvoice2/goldens/model_sets.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace parley::cosyvoice2::goldens {
namespace {

// The library's exceptions end here: a case list that is not as expected fails its set.
template <RunSet kRun>
Result<std::vector<Row>> Guarded(const Place& place) {
  try {
    return kRun(place);
  } catch (const nlohmann::json::exception& exception) {
    return Fail(Code::kDataLoss, fmt::format("a case list in '{}' is not as expected: {}",
                                             place.set.string(), exception.what()));
  }
}

}  // namespace

std::vector<Set> ModelSets() {
  return {{5, Guarded<RunLm>},       {7, Guarded<RunEncoder>}, {8, Guarded<RunEstimator>},
          {9, Guarded<RunCfm>},      {10, Guarded<RunHift>},   {11, Guarded<RunStream>},
          {13, Guarded<RunFullSize>}};
}

}  // namespace parley::cosyvoice2::goldens
