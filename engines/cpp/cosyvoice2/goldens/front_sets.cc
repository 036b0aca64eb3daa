#include "cosyvoice2/goldens/registry.h"

namespace parley::cosyvoice2::goldens {

std::vector<Set> FrontSets() { return {}; }

}  // namespace parley::cosyvoice2::goldens
