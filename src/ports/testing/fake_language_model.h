// A language model for tests, in virtual time: each stream gives the next reply of the script (the
// last one again when it runs out) token by token while the test advances its clock. Obeys the rule
// of ports/stream.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ports/language_model.h"

namespace parley::ports::testing {

class FakeLanguageModel final : public LanguageModel {
 public:
  struct Reply {
    std::vector<std::string> deltas;
    std::vector<ToolCall> tool_calls;  // after the deltas
    int64_t first_us = 50'000;
    int64_t per_delta_us = 10'000;
    // Instead of Done, after all deltas.
    std::optional<Failed> failed;
    bool stalls = false;  // neither Done nor Failed ever comes
  };

  explicit FakeLanguageModel(std::vector<Reply> script);
  ~FakeLanguageModel() override;
  std::unique_ptr<Stream> Start(Request request, Sink sink) override;

  // Lets time pass for all streams and delivers what falls due, on the calling thread.
  void AdvanceUs(int64_t by_us);

  std::vector<Request> requests() const;
  int live() const;

 private:
  class FakeStream;
  struct Life;
  struct Shared;

  const std::shared_ptr<Shared> shared_;
};

}  // namespace parley::ports::testing
