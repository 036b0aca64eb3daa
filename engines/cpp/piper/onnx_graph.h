// An ONNX model's graph, read off the bytes of its file: just what is needed to cut it, by walking
// protocol buffers' wire format. Names, nodes and weights are views into the bytes, which must
// outlive the graph. The bytes are untrusted: every length is checked, nothing is followed twice.
// Pure, immutable.
//
// Field numbers: onnx.proto3 of ONNX 1.x (ModelProto, GraphProto, NodeProto, TensorProto).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace parley::piper {

struct OnnxNode {
  std::string_view bytes;  // the NodeProto as it stands in the file
  std::string_view op;
  std::vector<std::string_view> inputs;  // "" for an optional one that is left out
  std::vector<std::string_view> outputs;
  std::unordered_map<std::string_view, std::vector<int64_t>> ints;  // attributes int and ints
  std::unordered_map<std::string_view, float> floats;               // attributes float
  bool has_subgraph = false;
};

struct OnnxInitializer {
  std::string_view bytes;  // the TensorProto
  std::vector<int64_t> dims;
  std::vector<int64_t> ints;  // elements of an int64 tensor of up to 8 elements; else empty
};

struct OnnxGraph {
  std::vector<std::string_view> model_fields;  // of ModelProto, whole, but graph and metadata
  std::vector<OnnxNode> nodes;                 // in the order of the file, which is topological
  std::unordered_map<std::string_view, OnnxInitializer> initializers;
  std::vector<std::string_view> initializer_order;  // names, as in the file
  std::vector<std::string_view> inputs;             // without initializers
  std::vector<std::string_view> outputs;
  std::unordered_map<std::string_view, int> element_types;  // of tensors, where the file says
};

// kDataLoss: not a model, truncated, or a graph whose nodes use what is not made before them.
Result<OnnxGraph> ParseOnnx(std::string_view model);

// Appends one field of protocol buffers' wire format; for those who write models.
void AppendBytes(int field, std::string_view bytes, std::string& out);
void AppendNumber(int field, uint64_t value, std::string& out);

}  // namespace parley::piper
