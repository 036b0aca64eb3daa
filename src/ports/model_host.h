// Who holds models: a worker, or a client's view of one. Every answer comes through a callback, on
// any thread, exactly once per call, never on the caller's stack; also when the host goes away
// (then with kUnavailable). Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace parley::ports {

enum class ModelKind { kTts, kAsr, kLlm };

// The life of a loaded model; worker/model_instance.h draws the edges.
enum class ModelState { kAbsent, kLoading, kWarming, kReady, kDraining, kFailed };

struct ModelInfo {
  std::string id;  // e.g. "piper/en_US-joe-medium"
  ModelKind kind = ModelKind::kTts;
  std::string engine;  // e.g. "piper"
  ModelState state = ModelState::kAbsent;
  std::string reason;  // why it failed or cannot be loaded; else empty
  bool is_default = false;
  bool pinned = false;
  std::string licence;
  std::vector<std::string> voices;        // known once it was loaded
  std::vector<std::string> languages;     // BCP 47
  std::vector<std::string> capabilities;  // as the engine names them: "marks", "streaming", "seed"…
  int sample_rate_hz = 0;                 // native; 0 while unknown
  int slots = 0;                          // streams at once; 0 while unknown
  int in_use = 0;                         // streams now
  int64_t memory_bytes = 0;
  int64_t device_memory_bytes = 0;
  int64_t load_ms = 0;  // how long the last load took
  bool operator==(const ModelInfo&) const = default;
};

// One per kind of work that a worker serves, so that a router can choose.
struct WorkerCapabilities {
  std::string worker_id;
  std::string version;
  std::string device;  // "cpu", "cuda:0"
  bool draining = false;
  bool ready = false;         // every default model is ready
  std::string not_ready_why;  // else empty
  std::vector<ModelInfo> models;
  bool operator==(const WorkerCapabilities&) const = default;
};

class ModelHost {
 public:
  template <class T>
  using Callback = std::function<void(Result<T>)>;

  struct LoadProgress {
    double share = 0;  // 0 to 1
    std::string what;  // "reading weights"
  };
  using LoadEvent = std::variant<LoadProgress, Result<ModelInfo>>;
  // Called with progress any number of times, then once with the outcome.
  using LoadSink = std::function<void(LoadEvent)>;

  struct ReloadReport {
    std::vector<std::string> added;
    std::vector<std::string> removed;
    std::vector<std::string> changed;
    std::vector<std::string> refused;  // "<folder>: <why>"
    bool operator==(const ReloadReport&) const = default;
  };

  virtual ~ModelHost() = default;
  virtual void List(Callback<std::vector<ModelInfo>> done) = 0;
  // Loads and warms; shared with any load of the same model under way. Ends with kDeadlineExceeded
  // after `timeout_ms`, though the load goes on if others wait for it.
  virtual void Load(std::string model, int64_t timeout_ms, LoadSink sink) = 0;
  // Ends once the model's process is gone. A pinned model needs `force`; streams under way are
  // waited for, unless `force`.
  virtual void Unload(std::string model, bool force, Callback<void> done) = 0;
  // Reads the models folder again; what changed is loaded anew where it was resident.
  virtual void Reload(Callback<ReloadReport> done) = 0;
  virtual void Capabilities(Callback<WorkerCapabilities> done) = 0;
  // Takes no new streams, lets the running ones end until `deadline_ms` from now, then answers.
  virtual void Drain(int64_t deadline_ms, Callback<void> done) = 0;
};

std::string_view ModelKindName(ModelKind kind);     // "tts", "asr", "llm"
std::string_view ModelStateName(ModelState state);  // "absent", "loading", …

}  // namespace parley::ports
