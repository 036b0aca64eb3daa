#include "cosyvoice2/goldens/model_sets.h"

namespace parley::cosyvoice2::goldens {

std::vector<Set> ModelSets() {
  return {{5, RunLm, true}, {7, RunEncoder, true}, {8, RunEstimator, true}, {9, RunCfm, true},
          {10, RunHift},    {11, RunStream, true}, {13, RunFullSize, true}};
}

}  // namespace parley::cosyvoice2::goldens
