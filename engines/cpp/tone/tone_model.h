// A voice whose sound encodes its text (engine/testing/tone_code.h): a test instrument, asked for
// by name, never a stand-in for a real voice. Its speed and its faults are options of the load:
//
//   sample_rate          8000 to 96000 (24000)
//   slots                streams at once (4)
//   rtf                  time taken per time of audio made (0: as fast as possible)
//   delay_ms             before the first audio of each utterance (0)
//   chunk_ms             audio made in one piece (20)
//   load_ms              time the load takes, with progress (0)
//   fail_load            text: the load fails with it
//   fault                what goes wrong when a trigger below is met, once:
//       "stall"            no more audio, until cancelled
//       "stuck"            the piece that met the trigger, then no more of anything: does not
//                          even notice a cancel or the worker's end
//       "crash"            the process aborts, after a line on stderr
//       "exit"             the process ends quietly
//       "garbage"          100,000 lines and a very long one on stdout, then it goes on
//       "stream_error"     the stream fails, the engine goes on
//       "utterance_error"  the utterance fails, the stream goes on
//       "device_lost"      the stream fails and the engine ends, as after a sticky device error
//   fault_after_samples  trigger: so many samples were made since the start (-1: never)
//   fault_on_text        trigger: an utterance's text contains this (empty: never)
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "engine/sdk.h"

namespace parley::tone {

class ToneModel final : public engine::TtsModel {
 public:
  Result<engine::Loaded> Load(const engine::Load& load, engine::LoadProgress& progress) override;
  Status Speak(const engine::TtsStart& start, engine::TtsStream& stream) override;

  struct Config {
    int sample_rate_hz = 24'000;
    int slots = 4;
    double rtf = 0;
    int64_t delay_ms = 0;
    int64_t chunk_ms = 20;
    int64_t load_ms = 0;
    std::string fail_load;
    std::string fault;
    int64_t fault_after_samples = -1;
    std::string fault_on_text;

    static Result<Config> Read(const engine::Load& load);
  };

 private:
  class Speaker;

  // True exactly once, when the trigger is met.
  bool FaultIsDue(const std::string& text, int64_t samples_now);

  Config config_;
  std::atomic<int64_t> samples_{0};
  std::atomic<bool> fault_done_{false};
};

}  // namespace parley::tone
