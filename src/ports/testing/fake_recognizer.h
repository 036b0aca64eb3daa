// A recognizer for tests, in virtual time: it "hears" the words of its script as soon as the audio
// given covers their ends, and answers while the test advances its clock. Obeys the rule of
// ports/stream.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ports/recognizer.h"

namespace parley::ports::testing {

class FakeRecognizer final : public Recognizer {
 public:
  struct Config {
    std::vector<Word> script;          // times relative to the stream's first sample
    int64_t final_after_us = 100'000;  // from a flush to its final
    int64_t credit_samples = 480'000;
  };

  explicit FakeRecognizer(Config config);
  ~FakeRecognizer() override;
  std::unique_ptr<Stream> Start(Request request, Sink sink) override;

  // Lets time pass for all streams and delivers what falls due, on the calling thread.
  void AdvanceUs(int64_t by_us);
  // Every living stream fails, on the calling thread.
  void FailStreams(Error error, bool retryable);

  std::vector<Request> requests() const;
  // All audio of the newest stream, gaps filled with zeros.
  std::vector<int16_t> heard() const;
  int live() const;

 private:
  class FakeStream;
  struct Life;
  struct Shared;

  const std::shared_ptr<Shared> shared_;
};

}  // namespace parley::ports::testing
