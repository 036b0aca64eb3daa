// The recognizer engine: what parley-engine-whisper does with the streams that its worker sends.
#pragma once

#include <memory>

#include "engine/sdk.h"
#include "whisper/segment.h"
#include "whisper/whisper_model.h"

namespace parley::whisper {

// Options of a pack: `slots` (2) streams at once; `threads` (2, or 1 on one core) of a final and
// `partial_threads` (1) of a partial; `lanes` (1) passes at once; `partial_interval_ms` (500) of
// new audio between partials; `final_context` (384) and `partial_context` (256), the fewest
// positions that the encoder computes. Takes audio at 16 kHz.
class Engine final : public engine::AsrModel {
 public:
  Result<engine::Loaded> Load(const engine::Load& load, engine::LoadProgress& progress) override;
  Status Transcribe(const engine::AsrStart& start, engine::AsrStream& stream) override;

 private:
  std::unique_ptr<WhisperModel> model_;
  Segment::Config segment_;  // as the options have it
};

engine::EngineInfo Info();

}  // namespace parley::whisper
