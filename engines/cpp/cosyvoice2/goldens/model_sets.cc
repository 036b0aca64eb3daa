#include "cosyvoice2/goldens/model_sets.h"

namespace parley::cosyvoice2::goldens {

std::vector<Set> ModelSets() {
  return {{5, RunLm},    {7, RunEncoder}, {8, RunEstimator}, {9, RunCfm},
          {10, RunHift}, {11, RunStream}, {13, RunFullSize}};
}

}  // namespace parley::cosyvoice2::goldens
