// Everything a C++ engine program needs. It implements one of three interfaces, in straight-line
// code, and hands it to RunEngine, which keeps the protocol (docs/engine-protocol.md): handshake,
// threads, queues, credit, cancellation, ping while a model loads, and the end with the worker.
//
//   class Beeper final : public engine::TtsModel {
//     Result<engine::Loaded> Load(const engine::Load& load, engine::LoadProgress& progress)
//     override {
//       progress.Report(0.5, "tuning the beeper");
//       return engine::Loaded{.sample_rate_hz = 24'000, .slots = 2, .capabilities = {"marks"}};
//     }
//     Status Speak(const engine::TtsStart& start, engine::TtsStream& stream) override {
//       while (auto text = stream.NextText()) {          // one utterance after the other
//         int64_t sample = 0;
//         for (const Word& word : SplitWords(*text)) {
//           std::vector<float> beep = Beep(word, start.speed);
//           sample += beep.size();
//           stream.Mark(word.text_end, sample);
//           if (!stream.Audio(beep)) return {};          // cancelled: just leave
//         }
//       }                                                // `done` is sent by the stream itself
//       return {};
//     }
//   };
//   int main(int argc, char** argv) {
//     Beeper model;
//     return engine::RunEngine(argc, argv, {.name = "beeper", .version = "1.0.0"}, model);
//   }
//
// Threads. Load runs on one thread, then each of `slots` threads serves one stream at a time by a
// call of Speak, Transcribe or Generate; so with slots > 1 these run concurrently and the model
// must allow that. All state of a stream lives on that call's stack. A stream's methods are called
// from its own call's thread, except `cancelled` and `urgent`, which any thread may ask (a ggml
// abort callback, a library's pool).
//
// Failure. A Status with an error fails that stream, and the engine goes on; with Code::kDataLoss
// it says that the device or model is lost (a sticky CUDA error): the reason is sent and the
// process ends. Exceptions that escape count as kInternal. When `cancelled` is seen, return at once
// with success: everything has been said already.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/cancel.h"
#include "engine/messages.h"

namespace parley::engine {

// Where Load says how far it is; the worker shows it. Also how it learns that nobody wants the
// model any more: then return any error. Thread-safe.
class LoadProgress {
 public:
  virtual ~LoadProgress() = default;
  virtual void Report(double progress, std::string_view what) = 0;  // 0 to 1, "reading weights"
  virtual bool cancelled() const = 0;
};

// What all streams share.
class Stream {
 public:
  explicit Stream(CancelFlag& cancel) : cancel_(cancel) {}
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // True once nobody wants the result any more. Look at it at every step that takes milliseconds.
  bool cancelled() const noexcept { return cancel_.IsSet(); }

  // For libraries that are stopped from another thread:
  //   auto hook = stream.OnCancel([&] { run_options.SetTerminate(); });
  [[nodiscard]] CancelFlag::Hook OnCancel(std::function<void()> run) {
    return cancel_.Add(std::move(run));
  }

 private:
  CancelFlag& cancel_;
};

// One stream of text to audio.
class TtsStream : public Stream {
 public:
  using Stream::Stream;
  // Ends the utterance before (its `done` is sent) and waits for the next one's text. nullopt when
  // the stream has ended or was cancelled.
  virtual std::optional<Text> NextText() = 0;
  // The next samples of the utterance: mono, in [-1, 1], native rate. Waits until the worker has
  // room for all of them. False: cancelled.
  virtual bool Audio(std::span<const float> samples) = 0;
  // The text before byte `text_end` (an offset in the utterance's text as given) is spoken when
  // sample `sample` of the utterance is. Both must not fall within an utterance; best given just
  // before the audio that reaches that sample.
  virtual void Mark(size_t text_end, int64_t sample) = 0;
  // This utterance cannot be spoken; the stream goes on with the next.
  virtual void FailUtterance(Error error) = 0;
};

struct AsrInput {
  std::vector<float> audio;  // all that has come since the last call, in order; may be empty
  // Everything up to the end of `audio` has been heard: answer with exactly one Final for it.
  bool wants_final = false;
};

// One stream of audio to text. Partials and finals always cover the stream from its start; a flush
// does not cut.
class AsrStream : public Stream {
 public:
  using Stream::Stream;
  // Waits for audio or for a wish for a final. nullopt when the stream has ended or was cancelled.
  // Taking the audio gives the worker credit for as much more.
  virtual std::optional<AsrInput> Next() = 0;
  // Whether partials are wanted now.
  virtual bool partials() const noexcept = 0;
  // A final is wanted, or the stream was cancelled: give up a partial that is being computed.
  virtual bool urgent() const noexcept = 0;
  // Only the newest unsent one is kept. Nothing is sent while partials are off.
  virtual void Partial(engine::Partial partial) = 0;
  // The answer to wants_final. `flush_id` is filled in by the stream.
  virtual void Final(engine::Final result) = 0;
};

struct GenerationEnd {
  DoneReason reason = DoneReason::kStop;
  int64_t prompt_tokens = 0;
  int64_t cached_tokens = 0;  // of the prompt, not computed again
  int64_t tokens = 0;
};

// One answer of a language model.
class LlmStream : public Stream {
 public:
  using Stream::Stream;
  // Text as it comes: whole UTF-8 characters. False: cancelled.
  virtual bool Delta(std::string_view text) = 0;
  virtual bool Tool(engine::Tool call) = 0;
};

class TtsModel {
 public:
  virtual ~TtsModel() = default;
  // Loads and warms; `memory_bytes` and `load_ms` are filled in by the SDK where left 0.
  virtual Result<Loaded> Load(const engine::Load& load, LoadProgress& progress) = 0;
  // Serves one stream to its end. `start.prompt->audio` is complete.
  virtual Status Speak(const TtsStart& start, TtsStream& stream) = 0;
};

class AsrModel {
 public:
  virtual ~AsrModel() = default;
  virtual Result<Loaded> Load(const engine::Load& load, LoadProgress& progress) = 0;
  virtual Status Transcribe(const AsrStart& start, AsrStream& stream) = 0;
};

class LlmModel {
 public:
  virtual ~LlmModel() = default;
  virtual Result<Loaded> Load(const engine::Load& load, LoadProgress& progress) = 0;
  virtual Result<GenerationEnd> Generate(const LlmStart& start, LlmStream& stream) = 0;
};

// The options of a load, read by type. Each name that the engine knows is asked for once; then
// CheckAllUsed refuses what is left, so that a misspelt option is an error and not a silence.
class OptionReader {
 public:
  explicit OptionReader(const engine::Load& load) : options_(load.options) {}
  Result<bool> Bool(const std::string& name, bool fallback);
  Result<int64_t> Int(const std::string& name, int64_t fallback, int64_t min, int64_t max);
  Result<double> Number(const std::string& name, double fallback, double min, double max);
  Result<std::string> String(const std::string& name, std::string fallback);
  Status CheckAllUsed() const;

 private:
  std::optional<OptionValue> Take(const std::string& name);

  std::map<std::string, OptionValue> options_;  // those not asked for yet
  std::vector<std::string> known_;
};

struct EngineInfo {
  std::string name;                            // "piper"
  std::string version;                         // of the engine program
  std::map<std::string, std::string> runtime;  // {"onnxruntime", "1.32.0"}
  std::string help;  // a paragraph for --help: what it is, which options and subcommands it knows
};

// Serves the worker on PARLEY_ENGINE_FD or PARLEY_ENGINE_SOCKET until it goes; returns the exit
// code of main: 0 after bye or the worker's end, 1 after a failure (said on stderr), 2 for wrong
// use. Understands --version and --help. Subcommands of an engine's own are main's business, before
// this.
int RunEngine(int argc, char** argv, const EngineInfo& info, TtsModel& model);
int RunEngine(int argc, char** argv, const EngineInfo& info, AsrModel& model);
int RunEngine(int argc, char** argv, const EngineInfo& info, LlmModel& model);

}  // namespace parley::engine
