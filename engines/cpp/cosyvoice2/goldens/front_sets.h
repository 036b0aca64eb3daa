// The golden sets of what surrounds the models, one function each; see goldens/registry.h.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/result.h"
#include "cosyvoice2/goldens/registry.h"
#include "cosyvoice2/text/tokenizer.h"

namespace parley::cosyvoice2::goldens {

Result<std::vector<Row>> RunReaderSet(const Place& place);     // G1
Result<std::vector<Row>> RunTokenizerSet(const Place& place);  // G2
Result<std::vector<Row>> RunTextSet(const Place& place);       // G3
Result<std::vector<Row>> RunAudioSet(const Place& place);      // G4
Result<std::vector<Row>> RunRasSet(const Place& place);        // G6
Result<std::vector<Row>> RunConstantsSet(const Place& place);  // G12

// The real model's, from the set G2 under `root`.
Result<std::unique_ptr<Tokenizer>> GoldenTokenizer(const std::filesystem::path& root);

}  // namespace parley::cosyvoice2::goldens
