#include "piper/chunk_plan.h"

#include <algorithm>

namespace parley::piper {
namespace {

Piece WithContext(int64_t begin, int64_t end, const Reach& reach, int64_t frames) {
  return {begin, end, std::max<int64_t>(0, begin - reach.before),
          std::min(frames, end + reach.after)};
}

}  // namespace

std::vector<Chunk> PlanChunks(int64_t frames, const Reach& flow, const Reach& decoder,
                              const ChunkPlanConfig& config) {
  std::vector<Chunk> chunks;
  const auto upto = [&](int64_t end) { return frames - end < config.last_min ? frames : end; };
  int64_t latent = 0;
  for (int64_t begin = 0; begin < frames;) {
    const auto index = static_cast<int64_t>(chunks.size());
    const int64_t size = config.ramp[std::min<size_t>(chunks.size(), config.ramp.size() - 1)];
    const int64_t end = upto(begin + size);
    Chunk chunk{.decoder = WithContext(begin, end, decoder, frames)};
    if (chunk.decoder.context_end > latent) {
      const int64_t ahead = index >= config.flow_ahead_from ? config.flow_ahead : 0;
      const int64_t target = upto(std::min(frames, chunk.decoder.context_end + ahead));
      chunk.flow = WithContext(latent, target, flow, frames);
      latent = target;
    }
    chunks.push_back(chunk);
    begin = end;
  }
  return chunks;
}

}  // namespace parley::piper
