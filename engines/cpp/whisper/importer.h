// Turns a Whisper model of CTranslate2 (the folders of faster-whisper: model.bin, vocabulary.txt)
// into the ggml file that whisper.cpp loads. No transposing, no retraining: names, a few splits of
// fused matrices, and the number formats differ.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "whisper/ct2_reader.h"

namespace parley::whisper {

// How the matrices are stored: kQ8 in blocks of 32 with one scale each (half the size, faster on a
// CPU), kF16 as published. Convolutions stay f16 and vectors f32 in both.
enum class WeightType { kF16, kQ8 };

// "f16" or "q8_0".
std::optional<WeightType> WeightTypeFromName(std::string_view name);

// Writes the ggml file of a model that was read. kInvalidArgument if it is no Whisper model, a
// variable is missing or has another shape than the rest implies, or a type is not f16, bf16 or
// f32; kDataLoss for a vocabulary that is damaged or does not fit; kUnavailable if `out` fails.
Status WriteGgml(const Ct2File& model, std::string_view vocabulary, WeightType type,
                 std::ostream& out);

// Reads `folder`/model.bin and vocabulary.txt and writes `file`: beside it first, then renamed, so
// that `file` is whole or absent. Needs memory for model.bin.
Status ImportCt2(const std::filesystem::path& folder, const std::filesystem::path& file,
                 WeightType type);

}  // namespace parley::whisper
