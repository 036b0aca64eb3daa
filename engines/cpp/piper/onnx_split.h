// Cuts a Piper voice (VITS: Kim, Kong, Son, 2021) into three models, so that sound can be made
// piece by piece and from the caller's own noise:
//
//   encoder   text ids → for each frame mean, deviation, mask; runs once over the sentence
//   flow      those and noise → latent z                    any stretch of frames with context
//   decoder   z → samples                                   any stretch of frames with context
//
// The places are found by operators and reach through the graph, not by node names, which differ
// from export to export: z is what the Conv with the weight `dec.conv_pre.weight` reads; the one
// Ceil makes the durations; the RandomNormalLike that depends on Ceil is the noise of the frames,
// the other one that of the rhythm. Both are replaced by inputs. Node and weight bytes are copied
// as they stand. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::piper {

// How far an output looks around itself, in frames.
struct Reach {
  int64_t before = 0;
  int64_t after = 0;
};

struct VoiceParts {
  // Models in ONNX format. Tensors keep the names that they had in the whole model.
  std::string encoder;
  std::string flow;
  std::string decoder;

  std::string durations;     // encoder output [1, 1, ids]: frames of each id
  std::string rhythm_noise;  // encoder input [1, 2, ids]; empty for a voice without it
  std::string frame_shape;   // encoder output [1, channels, frames], of the frame noise's shape
  std::string frame_noise;   // flow input
  std::string latent;        // z: flow output, decoder input
  std::string audio;         // decoder output, samples_per_frame for each frame
  std::vector<std::string> flow_inputs;     // what the encoder hands to the flow
  std::vector<std::string> decoder_inputs;  // what the encoder hands to the decoder

  int64_t samples_per_frame = 0;
  Reach flow_reach;
  Reach decoder_reach;
};

// kDataLoss: not a model. kUnimplemented: a model that cannot be cut, with the reason; use it
// whole.
Result<VoiceParts> SplitVoice(std::string_view model);

}  // namespace parley::piper
