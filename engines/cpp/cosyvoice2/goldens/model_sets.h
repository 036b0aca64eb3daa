// The golden sets of the models, a function each (goldens/registry.h).
#pragma once

#include "cosyvoice2/goldens/registry.h"

namespace parley::cosyvoice2::goldens {

Result<std::vector<Row>> RunLm(const Place& place);         // G5
Result<std::vector<Row>> RunEncoder(const Place& place);    // G7
Result<std::vector<Row>> RunEstimator(const Place& place);  // G8
Result<std::vector<Row>> RunCfm(const Place& place);        // G9
Result<std::vector<Row>> RunHift(const Place& place);       // G10
Result<std::vector<Row>> RunStream(const Place& place);     // G11
Result<std::vector<Row>> RunFullSize(const Place& place);   // G13

}  // namespace parley::cosyvoice2::goldens
