// The small files of a model folder, as the official code reads them too. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "cosyvoice2/pack/model_shapes.h"

namespace parley::cosyvoice2 {

// cosyvoice2.yaml. `max_token_text_ratio` is a field of our own, which the official code passes
// over: random weights rarely end by themselves.
std::string ModelYaml(const ModelShape& shape, int64_t max_token_text_ratio);

// CosyVoice-BlankEN/config.json.
std::string QwenConfig(const LlmShape& shape);

// CosyVoice-BlankEN/{vocab.json, merges.txt, tokenizer_config.json} of a vocabulary of our own, as
// large as the official one: the bytes, some joined pairs of common letters, and placeholders.
std::string GeneratedVocabulary();
std::string GeneratedMerges();
std::string TokenizerConfig();

}  // namespace parley::cosyvoice2
