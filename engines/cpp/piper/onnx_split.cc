#include "piper/onnx_split.h"

#include <algorithm>
#include <cstdint>
#include <unordered_set>

#include "piper/onnx_graph.h"
#include "piper/onnx_reach.h"

namespace parley::piper {
namespace {

using Names = std::unordered_set<std::string_view>;

enum Part : uint8_t { kEncoder, kFlow, kDecoder, kDropped };

Error CannotCut(const std::string& why) {
  return {Code::kUnimplemented, "the voice cannot be cut: " + why};
}

// For each node, whether it depends on one of `from`.
std::vector<bool> Dependents(const OnnxGraph& graph, const std::vector<std::string_view>& from) {
  Names reached(from.begin(), from.end());
  std::vector<bool> dependent;
  for (const OnnxNode& node : graph.nodes) {
    const bool depends =
        std::any_of(node.inputs.begin(), node.inputs.end(),
                    [&](std::string_view input) { return reached.contains(input); });
    if (depends) reached.insert(node.outputs.begin(), node.outputs.end());
    dependent.push_back(depends);
  }
  return dependent;
}

// The landmarks of a voice's graph.
struct Landmarks {
  std::string_view latent;
  std::string_view durations;
  const OnnxNode* frame_noise = nullptr;
  const OnnxNode* rhythm_noise = nullptr;  // may be absent
};

bool IsStandardNormal(const OnnxNode& node) {
  const auto mean = node.floats.find("mean");
  const auto scale = node.floats.find("scale");
  return (mean == node.floats.end() || mean->second == 0) &&
         (scale == node.floats.end() || scale->second == 1) && node.inputs.size() == 1 &&
         node.outputs.size() == 1;
}

Result<Landmarks> FindLandmarks(const OnnxGraph& graph) {
  Landmarks found;
  const OnnxNode* ceil = nullptr;
  for (const OnnxNode& node : graph.nodes) {
    if (node.has_subgraph) return Fail(CannotCut("it has control flow"));
    if (node.op == "Conv" && node.inputs.size() > 1 && node.inputs[1] == "dec.conv_pre.weight") {
      if (!found.latent.empty()) return Fail(CannotCut("it has two decoders"));
      found.latent = node.inputs[0];
    }
    if (node.op == "Ceil") {
      if (ceil != nullptr) return Fail(CannotCut("it has more than one Ceil"));
      ceil = &node;
    }
  }
  if (found.latent.empty()) return Fail(CannotCut("no Conv reads dec.conv_pre.weight"));
  if (ceil == nullptr || ceil->outputs.size() != 1) {
    return Fail(CannotCut("no Ceil makes its durations"));
  }
  found.durations = ceil->outputs[0];
  const std::vector<bool> timed = Dependents(graph, {found.durations});
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const OnnxNode& node = graph.nodes[i];
    if (node.op != "RandomNormalLike") continue;
    const OnnxNode*& place = timed[i] ? found.frame_noise : found.rhythm_noise;
    if (place != nullptr || !IsStandardNormal(node)) {
      return Fail(CannotCut("its noise is of an unknown kind"));
    }
    place = &node;
  }
  if (found.frame_noise == nullptr) return Fail(CannotCut("it has no noise for its frames"));
  return found;
}

std::vector<Part> Assign(const OnnxGraph& graph, const Landmarks& marks) {
  const std::vector<bool> decoder = Dependents(graph, {marks.latent});
  const std::vector<bool> flow = Dependents(graph, {marks.frame_noise->outputs[0]});
  std::vector<Part> parts;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const OnnxNode* node = &graph.nodes[i];
    const bool noise = node == marks.frame_noise || node == marks.rhythm_noise;
    parts.push_back(noise ? kDropped : decoder[i] ? kDecoder : flow[i] ? kFlow : kEncoder);
  }
  return parts;
}

// What a part takes in (but weights) and which weights it uses, in the order of first use.
struct Boundary {
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> initializers;
  Names made;
};

Boundary BoundaryOf(const OnnxGraph& graph, const std::vector<Part>& parts, Part part) {
  Boundary boundary;
  Names seen;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (parts[i] != part) continue;
    for (const std::string_view input : graph.nodes[i].inputs) {
      if (input.empty() || boundary.made.contains(input) || !seen.insert(input).second) continue;
      const bool weight = graph.initializers.contains(input);
      (weight ? boundary.initializers : boundary.inputs).push_back(input);
    }
    boundary.made.insert(graph.nodes[i].outputs.begin(), graph.nodes[i].outputs.end());
  }
  return boundary;
}

// A ValueInfoProto without a shape: pieces come in many lengths.
void AppendValueInfo(int field, const OnnxGraph& graph, std::string_view name, std::string& out) {
  const auto type = graph.element_types.find(name);
  std::string tensor;
  AppendNumber(1, type == graph.element_types.end() ? 1 : type->second, tensor);
  std::string of_type;
  AppendBytes(1, tensor, of_type);
  std::string info;
  AppendBytes(1, name, info);
  AppendBytes(2, of_type, info);
  AppendBytes(field, info, out);
}

std::string WritePart(const OnnxGraph& graph, const std::vector<Part>& parts, Part part,
                      const Boundary& boundary, const std::vector<std::string_view>& outputs) {
  std::string body;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (parts[i] == part) AppendBytes(1, graph.nodes[i].bytes, body);
  }
  AppendBytes(2, "part", body);
  for (const std::string_view name : boundary.initializers) {
    AppendBytes(5, graph.initializers.at(name).bytes, body);
  }
  for (const std::string_view name : boundary.inputs) AppendValueInfo(11, graph, name, body);
  for (const std::string_view name : outputs) AppendValueInfo(12, graph, name, body);
  std::string model;
  for (const std::string_view field : graph.model_fields) model += field;
  AppendBytes(7, body, model);
  return model;
}

std::vector<std::string_view> MadeBy(const Boundary& maker, const Boundary& user) {
  std::vector<std::string_view> crossing;
  for (const std::string_view name : user.inputs) {
    if (maker.made.contains(name)) crossing.push_back(name);
  }
  return crossing;
}

// The three parts, their borders, and whether those hold.
class Cut {
 public:
  Cut(const OnnxGraph& graph, const Landmarks& marks)
      : graph_(graph),
        marks_(marks),
        parts_(Assign(graph, marks)),
        encoder_(BoundaryOf(graph, parts_, kEncoder)),
        flow_(BoundaryOf(graph, parts_, kFlow)),
        decoder_(BoundaryOf(graph, parts_, kDecoder)),
        to_flow_(MadeBy(encoder_, flow_)),
        to_decoder_(MadeBy(encoder_, decoder_)),
        encoder_outputs_({marks.durations, marks.frame_noise->inputs[0]}) {
    for (const auto* names : {&to_flow_, &to_decoder_}) {
      encoder_outputs_.insert(encoder_outputs_.end(), names->begin(), names->end());
    }
    std::sort(encoder_outputs_.begin(), encoder_outputs_.end());
    encoder_outputs_.erase(std::unique(encoder_outputs_.begin(), encoder_outputs_.end()),
                           encoder_outputs_.end());
  }

  // Every part makes what the others need and takes in only what the engine feeds it.
  Status Check() const {
    if (graph_.outputs.empty() || !decoder_.made.contains(graph_.outputs[0])) {
      return Fail(CannotCut("its first output is not the decoder's"));
    }
    if (!flow_.made.contains(marks_.latent)) return Fail(CannotCut("its latent has no noise"));
    for (const std::string_view output : encoder_outputs_) {
      if (!encoder_.made.contains(output)) {
        return Fail(CannotCut("'" + std::string(output.substr(0, 80)) + "' is not its encoder's"));
      }
    }
    Names encoder_feeds(graph_.inputs.begin(), graph_.inputs.end());
    if (marks_.rhythm_noise != nullptr) encoder_feeds.insert(marks_.rhythm_noise->outputs[0]);
    Names flow_feeds(to_flow_.begin(), to_flow_.end());
    flow_feeds.insert(marks_.frame_noise->outputs[0]);
    Names decoder_feeds(to_decoder_.begin(), to_decoder_.end());
    decoder_feeds.insert(marks_.latent);
    PARLEY_TRY_STATUS(CheckInputs(encoder_, encoder_feeds));
    PARLEY_TRY_STATUS(CheckInputs(flow_, flow_feeds));
    return CheckInputs(decoder_, decoder_feeds);
  }

  Status Measure(VoiceParts& out) const {
    PARLEY_TRY(const PartReach decoder,
               MeasureReach(graph_, NodesOf(kDecoder), marks_.latent, graph_.outputs[0]));
    PARLEY_TRY(const PartReach flow,
               MeasureReach(graph_, NodesOf(kFlow), marks_.frame_noise->outputs[0], marks_.latent));
    if (flow.samples_per_frame != 1) return Fail(CannotCut("its flow changes the frame rate"));
    out.samples_per_frame = decoder.samples_per_frame;
    out.decoder_reach = decoder.reach;
    out.flow_reach = flow.reach;
    return {};
  }

  void Name(VoiceParts& out) const {
    out.durations = marks_.durations;
    if (marks_.rhythm_noise != nullptr) out.rhythm_noise = marks_.rhythm_noise->outputs[0];
    out.frame_shape = marks_.frame_noise->inputs[0];
    out.frame_noise = marks_.frame_noise->outputs[0];
    out.latent = marks_.latent;
    out.audio = graph_.outputs[0];
    out.flow_inputs = {to_flow_.begin(), to_flow_.end()};
    out.decoder_inputs = {to_decoder_.begin(), to_decoder_.end()};
  }

  void Write(VoiceParts& out) const {
    out.encoder = WritePart(graph_, parts_, kEncoder, encoder_, encoder_outputs_);
    out.flow = WritePart(graph_, parts_, kFlow, flow_, {marks_.latent});
    out.decoder = WritePart(graph_, parts_, kDecoder, decoder_, {graph_.outputs[0]});
  }

 private:
  static Status CheckInputs(const Boundary& part, const Names& fed) {
    for (const std::string_view input : part.inputs) {
      if (!fed.contains(input)) {
        return Fail(CannotCut("a part needs '" + std::string(input.substr(0, 80)) + "'"));
      }
    }
    return {};
  }

  std::vector<const OnnxNode*> NodesOf(Part part) const {
    std::vector<const OnnxNode*> nodes;
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i] == part) nodes.push_back(&graph_.nodes[i]);
    }
    return nodes;
  }

  const OnnxGraph& graph_;
  const Landmarks& marks_;
  const std::vector<Part> parts_;
  const Boundary encoder_;
  const Boundary flow_;
  const Boundary decoder_;
  const std::vector<std::string_view> to_flow_;
  const std::vector<std::string_view> to_decoder_;
  std::vector<std::string_view> encoder_outputs_;
};

}  // namespace

Result<VoiceParts> SplitVoice(std::string_view model) {
  PARLEY_TRY(const OnnxGraph graph, ParseOnnx(model));
  PARLEY_TRY(const Landmarks marks, FindLandmarks(graph));
  Cut cut(graph, marks);
  PARLEY_TRY_STATUS(cut.Check());
  VoiceParts parts;
  PARLEY_TRY_STATUS(cut.Measure(parts));
  cut.Name(parts);
  cut.Write(parts);
  return parts;
}

}  // namespace parley::piper
