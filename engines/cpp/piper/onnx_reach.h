// How far the outputs of a convolutional part look around themselves, by interval arithmetic from
// its last tensor back to its first: a Conv of kernel k and dilation d widens what is needed by
// (k − 1)·d samples of its own rate, a ConvTranspose maps it to the lower rate. Exact for graphs of
// convolutions and operators that work sample by sample; any other operator is refused, since a
// part with it could not be computed piecewise. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "piper/onnx_graph.h"
#include "piper/onnx_split.h"

namespace parley::piper {

struct PartReach {
  int64_t samples_per_frame = 1;  // product of the upsamplings
  Reach reach;                    // in frames of the input
};

// `nodes` in topological order; time is the last axis of `input` and `output`. kUnimplemented names
// the operator that stands in the way.
Result<PartReach> MeasureReach(const OnnxGraph& graph, const std::vector<const OnnxNode*>& nodes,
                               std::string_view input, std::string_view output);

}  // namespace parley::piper
