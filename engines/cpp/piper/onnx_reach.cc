#include "piper/onnx_reach.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

namespace parley::piper {
namespace {

// Bounds of plausible attributes; beyond them products could overflow.
constexpr int64_t kKernelMax = 1 << 12;
constexpr int64_t kRateMax = 1 << 16;
constexpr int64_t kReachMax = 1 << 20;

constexpr std::array<std::string_view, 20> kSampleBySample = {
    "Add",   "Sub",      "Mul",       "Div",      "Neg",
    "Exp",   "Log",      "Tanh",      "Sigmoid",  "Relu",
    "Pow",   "Sqrt",     "LeakyRelu", "Cast",     "Abs",
    "Shape", "Constant", "Clip",      "Identity", "ConstantOfShape"};

Error InTheWay(const OnnxNode& node) {
  return {Code::kUnimplemented, "the voice cannot be cut: operator " +
                                    std::string(node.op.substr(0, 40)) +
                                    " may reach over all its frames"};
}

// The one value of attribute `name`, all its values being equal to it.
int64_t Attribute(const OnnxNode& node, std::string_view name, int64_t fallback) {
  const auto found = node.ints.find(name);
  return found == node.ints.end() || found->second.empty() ? fallback : found->second[0];
}

struct Convolution {
  int64_t kernel = 1;
  int64_t dilation = 1;
  int64_t stride = 1;
  int64_t pad_begin = 0;
  int64_t pad_end = 0;
};

Result<Convolution> ReadConvolution(const OnnxGraph& graph, const OnnxNode& node) {
  Convolution conv;
  const auto weight =
      node.inputs.size() > 1 ? graph.initializers.find(node.inputs[1]) : graph.initializers.end();
  if (weight == graph.initializers.end() || weight->second.dims.size() != 3) {
    return Fail(InTheWay(node));
  }
  conv.kernel = Attribute(node, "kernel_shape", weight->second.dims[2]);
  conv.dilation = Attribute(node, "dilations", 1);
  conv.stride = Attribute(node, "strides", 1);
  conv.pad_begin = Attribute(node, "pads", 0);
  const auto pads = node.ints.find("pads");
  conv.pad_end =
      pads != node.ints.end() && pads->second.size() == 2 ? pads->second[1] : conv.pad_begin;
  if (Attribute(node, "output_padding", 0) != 0) return Fail(InTheWay(node));
  for (const int64_t value : {conv.kernel, conv.dilation, conv.stride}) {
    if (value < 1 || value > kKernelMax) return Fail(InTheWay(node));
  }
  for (const int64_t value : {conv.pad_begin, conv.pad_end}) {
    if (value < 0 || value > kKernelMax) return Fail(InTheWay(node));
  }
  return conv;
}

// Each frame must give exactly so many samples, wherever it stands.
bool KeepsRate(const Convolution& conv) {
  return conv.stride == 1 && conv.pad_begin + conv.pad_end == (conv.kernel - 1) * conv.dilation;
}
bool Multiplies(const Convolution& conv) {
  return conv.dilation == 1 && conv.pad_begin + conv.pad_end == conv.kernel - conv.stride;
}

// Whether a Slice, Split or Concat works along the channels.
bool AlongChannels(const OnnxGraph& graph, const OnnxNode& node) {
  if (node.op != "Slice") return Attribute(node, "axis", 0) == 1;
  if (node.inputs.size() < 4) return false;
  const auto axes = graph.initializers.find(node.inputs[3]);
  return axes != graph.initializers.end() && axes->second.ints == std::vector<int64_t>{1};
}

int64_t FloorDiv(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

// Samples first…last of a tensor.
struct Span {
  int64_t first = 0;
  int64_t last = 0;
};

class Walk {
 public:
  explicit Walk(const OnnxGraph& graph) : graph_(graph) {}

  // Rates forward: samples per frame of each tensor that depends on the input.
  Status Forward(const std::vector<const OnnxNode*>& nodes, std::string_view input) {
    rate_[input] = 1;
    for (const OnnxNode* node : nodes) {
      int64_t rate = 0;
      for (const std::string_view name : node->inputs) {
        if (const auto found = rate_.find(name); found != rate_.end()) {
          rate = std::max(rate, found->second);
        }
      }
      if (rate == 0) continue;
      PARLEY_TRY(const int64_t factor, FactorOf(*node));
      if (rate * factor > kRateMax) return Fail(InTheWay(*node));
      for (const std::string_view name : node->outputs) rate_[name] = rate * factor;
    }
    return {};
  }

  // What the samples of one frame need, backward. Frame 2^20 stands for any frame.
  Result<PartReach> Backward(const std::vector<const OnnxNode*>& nodes, std::string_view input,
                             std::string_view output) {
    static constexpr int64_t kFrame = 1 << 20;
    const auto rate = rate_.find(output);
    if (rate == rate_.end()) {
      return Fail(Code::kUnimplemented, "the voice cannot be cut: its parts are not connected");
    }
    needed_[output] = {kFrame * rate->second, kFrame * rate->second + rate->second - 1};
    for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) PARLEY_TRY_STATUS(Pull(**it));
    const auto found = needed_.find(input);
    if (found == needed_.end()) {
      return Fail(Code::kUnimplemented, "the voice cannot be cut: its parts are not connected");
    }
    Span span = found->second;
    // Other inputs of the same rate are cut with the same context.
    for (const auto& [name, other] : needed_) {
      if (made_.contains(name) || graph_.initializers.contains(name)) continue;
      span = {std::min(span.first, other.first), std::max(span.last, other.last)};
    }
    PartReach out{rate->second, {kFrame - span.first, span.last - kFrame}};
    if (out.reach.before > kReachMax || out.reach.after > kReachMax) {
      return Fail(Code::kUnimplemented, "the voice cannot be cut: its context is too long");
    }
    return out;
  }

 private:
  Result<int64_t> FactorOf(const OnnxNode& node) {
    if (node.op == "Conv" || node.op == "ConvTranspose") {
      PARLEY_TRY(const Convolution conv, ReadConvolution(graph_, node));
      if (node.op == "Conv" ? KeepsRate(conv) : Multiplies(conv)) {
        return node.op == "Conv" ? 1 : conv.stride;
      }
      return Fail(InTheWay(node));
    }
    if (node.op == "Slice" || node.op == "Split" || node.op == "Concat") {
      if (AlongChannels(graph_, node)) return 1;
      return Fail(InTheWay(node));
    }
    const bool plain =
        std::find(kSampleBySample.begin(), kSampleBySample.end(), node.op) != kSampleBySample.end();
    // Unsqueeze adds an axis of one, which leaves the samples' order.
    if (plain || node.op == "Unsqueeze" || node.op == "Squeeze") return 1;
    return Fail(InTheWay(node));
  }

  Status Pull(const OnnxNode& node) {
    Span span{INT64_MAX, INT64_MIN};
    for (const std::string_view name : node.outputs) {
      made_[name] = true;
      const auto found = needed_.find(name);
      if (found == needed_.end()) continue;
      span = {std::min(span.first, found->second.first), std::max(span.last, found->second.last)};
    }
    if (span.first > span.last || node.op == "Shape") return {};
    if (node.op == "Conv" || node.op == "ConvTranspose") {
      PARLEY_TRY(const Convolution conv, ReadConvolution(graph_, node));
      if (node.op == "Conv") {
        span = {span.first - conv.pad_begin,
                span.last - conv.pad_begin + (conv.kernel - 1) * conv.dilation};
      } else {
        span = {-FloorDiv(-(span.first + conv.pad_begin - conv.kernel + 1), conv.stride),
                FloorDiv(span.last + conv.pad_begin, conv.stride)};
      }
      Need(node.inputs[0], span);
      return {};
    }
    for (const std::string_view name : node.inputs) Need(name, span);
    return {};
  }

  void Need(std::string_view name, Span span) {
    const auto [it, fresh] = needed_.emplace(name, span);
    if (fresh) return;
    it->second = {std::min(it->second.first, span.first), std::max(it->second.last, span.last)};
  }

  const OnnxGraph& graph_;
  std::unordered_map<std::string_view, int64_t> rate_;
  std::unordered_map<std::string_view, Span> needed_;
  std::unordered_map<std::string_view, bool> made_;
};

}  // namespace

Result<PartReach> MeasureReach(const OnnxGraph& graph, const std::vector<const OnnxNode*>& nodes,
                               std::string_view input, std::string_view output) {
  Walk walk(graph);
  PARLEY_TRY_STATUS(walk.Forward(nodes, input));
  return walk.Backward(nodes, input, output);
}

}  // namespace parley::piper
