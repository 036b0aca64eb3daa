// The golden sets of what surrounds the models, one function each; see goldens/registry.h.
#pragma once

#include <vector>

#include "base/result.h"
#include "cosyvoice2/goldens/registry.h"

namespace parley::cosyvoice2::goldens {

Result<std::vector<Row>> RunReaderSet(const Place& place);  // G1

}  // namespace parley::cosyvoice2::goldens
