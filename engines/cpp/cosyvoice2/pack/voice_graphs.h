// Two small ONNX models with the inputs and outputs of the official ones that make a prompt of a
// voice, and random weights. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace parley::cosyvoice2 {

// campplus.onnx: "input" [1, T, 80] → "output" [1, 192].
std::string SpeakerGraph(uint64_t seed);

// speech_tokenizer_v2.onnx: "feats" [1, 128, T], "feats_length" [1] int32 → "indices" [1, ⌈T/4⌉]
// int32: two convolutions of stride 2 and finite scalar quantization, as in the official one, to as
// many ternary digits as stay under `speech_tokens`.
std::string SpeechTokenizerGraph(uint64_t seed, int64_t speech_tokens);

}  // namespace parley::cosyvoice2
