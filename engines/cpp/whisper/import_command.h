// `parley-engine-whisper --import FOLDER --out FILE [--type q8_0|f16]`.
#pragma once

#include <optional>

namespace parley::whisper {

// Nothing if the arguments do not begin with --import; else the exit code: 0, 1 after a failure, 2
// for wrong use. Says what went wrong on stderr.
std::optional<int> RunImportCommand(int argc, const char* const* argv);

}  // namespace parley::whisper
