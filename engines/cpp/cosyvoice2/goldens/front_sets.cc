#include "cosyvoice2/goldens/front_sets.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace parley::cosyvoice2::goldens {
namespace {

// The case lists are read as what they should be; where a field is missing or of another kind the
// library throws, and that ends the set.
template <Result<std::vector<Row>> (*kRun)(const Place&)>
Result<std::vector<Row>> Guarded(const Place& place) {
  try {
    return kRun(place);
  } catch (const nlohmann::json::exception& exception) {
    return Fail(Code::kDataLoss, fmt::format("a case list in '{}' is not as expected: {}",
                                             place.set.string(), exception.what()));
  }
}

}  // namespace

std::vector<Set> FrontSets() {
  return {{1, Guarded<RunReaderSet>}, {2, Guarded<RunTokenizerSet>},
          {3, Guarded<RunTextSet>},   {4, Guarded<RunAudioSet>},
          {6, Guarded<RunRasSet>},    {12, Guarded<RunConstantsSet>}};
}

}  // namespace parley::cosyvoice2::goldens
