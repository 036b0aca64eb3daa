// Stands in for the models' sets where the engine is built without its models.
#include "cosyvoice2/goldens/registry.h"

namespace parley::cosyvoice2::goldens {

std::vector<Set> ModelSets() { return {}; }

}  // namespace parley::cosyvoice2::goldens
