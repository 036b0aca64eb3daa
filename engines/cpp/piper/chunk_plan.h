// In which pieces a sentence is made to sound: small ones first, so that the first audio comes
// early, then larger ones, since every piece pays for its context again. The plan depends on the
// sentence's length alone, never on load: the same seed gives the same bytes. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "piper/onnx_split.h"

namespace parley::piper {

struct ChunkPlanConfig {
  // Frames of the first, second… chunk; the last counts for all further ones. With 32, 32, 48, 64,
  // 96 playback kept at least 90 ms ahead of real time even at a real-time factor of 0.54; jumping
  // from 24 to 96 ran dry.
  std::vector<int64_t> ramp = {32, 32, 48, 64, 96};
  // What would remain for a last chunk of fewer frames is joined to the one before.
  int64_t last_min = 16;
  // From this chunk on the flow works ahead by so many frames, to pay for its context less often.
  int64_t flow_ahead_from = 2;
  int64_t flow_ahead = 64;
};

// Frames [begin, end) of a sentence, made from frames [context_begin, context_end).
struct Piece {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t context_begin = 0;
  int64_t context_end = 0;
};

struct Chunk {
  Piece flow;  // latent frames to make before; empty where they are there already
  Piece decoder;
};

// At the sentence's ends no context is used: there the model's own zero padding is the right one.
std::vector<Chunk> PlanChunks(int64_t frames, const Reach& flow, const Reach& decoder,
                              const ChunkPlanConfig& config);

}  // namespace parley::piper
