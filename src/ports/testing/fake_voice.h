// A voice for tests, in virtual time: it speaks only while the test advances its clock, obeys the
// rule of ports/stream.h, credit, pause and cancel, and can be told to fail. Sample n of an
// utterance has the value FakeVoice::SampleAt(n), so loss and doubling show.
//
// AdvanceUs delivers what falls due on the calling thread; all else may come from other threads.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ports/voice.h"

namespace parley::ports::testing {

class FakeVoice final : public Voice {
 public:
  struct Config {
    int64_t first_audio_us = 50'000;  // from the text to its first frame
    double real_time_factor = 0.1;    // time spent for a unit of audio
    int64_t ms_per_byte = 50;         // how long a byte of text is spoken
    bool marks = true;                // one at each word's end
  };

  explicit FakeVoice(Config config);
  FakeVoice() : FakeVoice(Config{}) {}
  ~FakeVoice() override;
  std::unique_ptr<Stream> Start(Request request, Sink sink) override;

  // Lets time pass for all streams. 0 delivers what is owed already (acknowledgements).
  void AdvanceUs(int64_t by_us);
  // Called on the calling thread: every living stream fails as a whole; or its utterance under way.
  void FailStreams(Error error, bool retryable);
  void FailUtterances(Error error, bool retryable);

  // What was asked, in order; of streams that are gone too.
  std::vector<Request> requests() const;
  // "id:text" of each Speak, in order.
  std::vector<std::string> spoken() const;
  // Streams that have neither ended nor been destroyed.
  int live() const;

  static int16_t SampleAt(int64_t pts) { return static_cast<int16_t>(pts % 30'000); }

 private:
  class FakeStream;
  struct Life;
  struct Shared;

  const std::shared_ptr<Shared> shared_;
};

}  // namespace parley::ports::testing
