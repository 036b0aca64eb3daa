#include "cosyvoice2/goldens/front_sets.h"

namespace parley::cosyvoice2::goldens {

std::vector<Set> FrontSets() {
  return {{1, RunReaderSet}, {2, RunTokenizerSet}, {3, RunTextSet},
          {4, RunAudioSet},  {6, RunRasSet},       {12, RunConstantsSet}};
}

}  // namespace parley::cosyvoice2::goldens
