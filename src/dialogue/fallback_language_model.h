// Several language models in an order of preference: the next is asked when one fails, or is
// silent for too long, before its first word. What has begun to be said is never said anew: a
// failure in mid-reply stays one. A model that failed is asked last for a while, so that a dead one
// costs one reply its wait, not every reply. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ports/language_model.h"

namespace parley::dialogue {

class FallbackLanguageModel final : public ports::LanguageModel {
 public:
  struct Choice {
    std::string name;  // for the log
    std::unique_ptr<ports::LanguageModel> model;
  };
  // Until the next one is asked, if there is one.
  static constexpr int64_t kRestUs = 30'000'000;

  // At least one choice. `clock` outlives it. `first_ms`: what each but the last tried may wait
  // before its first word.
  FallbackLanguageModel(std::vector<Choice> choices, int first_ms, const Clock& clock);
  ~FallbackLanguageModel() override;

  std::unique_ptr<Stream> Start(Request request, Sink sink) override;

 private:
  class Life;
  class FallbackStream;

  std::vector<size_t> Order() const;
  void MarkFailed(size_t choice, const Error& why, bool another);

  const std::vector<Choice> choices_;
  const int first_ms_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<int64_t> rests_until_us_;  // of each choice; guarded by mutex_
};

}  // namespace parley::dialogue
