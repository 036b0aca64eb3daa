// A Whisper model of whisper.cpp: one context with the weights, and for each stream a state of its
// own (caches, buffers), lent and returned. The context is read-only once loaded, so states may run
// side by side; the gate says how many do.
#pragma once

#include <whisper.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "whisper/pass_gate.h"
#include "whisper/transcriber.h"

namespace parley::whisper {

class WhisperModel {
 public:
  struct Config {
    std::filesystem::path file;  // ggml, f16 or quantized
    int streams = 2;  // states; each holds some 30 MB with tiny, and grows with the model
    int threads = 2;  // of a final; more than the cores that are free makes it slower
    int partial_threads = 1;
    int lanes = 1;  // passes at once
  };

  // kNotFound, kDataLoss or kResourceExhausted with whisper.cpp's own reason. Takes 0.1–0.3 s with
  // tiny. Runs one pass over silence, so that the first real one is as fast as the others.
  static Result<std::unique_ptr<WhisperModel>> Create(const Config& config);
  ~WhisperModel();

  // A stream's own; at most Config::streams are out at once, and none outlives the model.
  // Each is one sequence; different ones may run on different threads.
  std::unique_ptr<Transcriber> Lend();

  bool multilingual() const;
  // Whisper's codes, "en" alone for an English model.
  std::vector<std::string> Languages() const;
  // Whisper's code for a BCP 47 tag ("en-US" → "en"), "" for "" or "auto" on a multilingual model.
  // kInvalidArgument if the model does not know it.
  Result<std::string> LanguageCode(const std::string& tag) const;

 private:
  struct ContextDeleter {
    void operator()(whisper_context* context) const { whisper_free(context); }
  };
  struct StateDeleter {
    void operator()(whisper_state* state) const { whisper_free_state(state); }
  };
  using ContextPtr = std::unique_ptr<whisper_context, ContextDeleter>;
  using StatePtr = std::unique_ptr<whisper_state, StateDeleter>;
  class Stream;

  WhisperModel(const Config& config, ContextPtr context);
  Status Warm();

  const Config config_;
  const ContextPtr context_;
  PassGate gate_;
  // folded_[token]: the first token that is the same but for upper and lower case. Constant.
  const std::vector<int32_t> folded_;
  std::mutex mutex_;
  std::vector<StatePtr> free_;  // guarded by mutex_
};

}  // namespace parley::whisper
