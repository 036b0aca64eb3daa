// What the conformance checks work with: engines in the states they need, and streams whose answers
// are collected. One sequence.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/conformance.h"
#include "engine/internal/raw_engine.h"

namespace parley::engine::internal {

// A check's verdict: kUnimplemented means that it does not apply here (skipped), any other error
// that the engine has failed it.
using Check = Status (*)(class ConformanceBench&);
using NamedCheck = std::pair<const char*, Check>;

// In order: the connection before any load, then what its kind of model does, then the end.
std::vector<NamedCheck> ConnectionChecks();
std::vector<NamedCheck> StreamChecks(ModelKind kind);  // with those of its kind
std::vector<NamedCheck> KindChecks(ModelKind kind);
std::vector<NamedCheck> EndingChecks();

class ConformanceBench {
 public:
  explicit ConformanceBench(const ConformanceConfig& config);

  const ConformanceConfig& config() const { return config_; }
  const std::optional<Hello>& hello() const { return hello_; }
  const std::optional<Loaded>& loaded() const { return loaded_; }
  bool Can(const std::string& capability) const;

  // A new process that has said hello; with its welcome if `welcome`.
  Result<std::unique_ptr<RawEngine>> Greeted(bool welcome = true);
  // The loaded one that the checks share, started again if a check has ended it. Pings it while it
  // loads and keeps the longest answer time in ping_ms_max.
  Result<RawEngine*> Ready();
  void EndShared() { shared_.reset(); }
  double ping_ms_max() const { return ping_ms_max_; }

  uint32_t NextStream() { return ++last_stream_; }
  // A start as plain as this kind allows.
  Start PlainStart(int64_t credit) const;
  const std::vector<float>& speech() const { return speech_; }

  struct Log {
    std::vector<Received> all;
    int64_t samples = 0;
    bool idle = false;

    template <class T>
    std::vector<T> All() const {
      std::vector<T> found;
      for (const Received& received : all) {
        if (const T* held = received.Get<T>()) found.push_back(*held);
      }
      return found;
    }
  };
  const Log& LogOf(uint32_t stream) { return logs_[stream]; }
  // Takes what comes until `holds`, granting credit for the audio of streams in `grant`.
  Status Pump(const std::function<bool()>& holds, const std::string& awaited, int64_t wait_ms);
  Status PumpUntilIdle(uint32_t stream);
  void GrantBack(uint32_t stream) { granted_[stream] = true; }

 private:
  Status Load(RawEngine& engine);
  void Note(const Received& received);

  const ConformanceConfig config_;
  std::vector<float> speech_;
  std::optional<Hello> hello_;
  std::optional<Loaded> loaded_;
  std::unique_ptr<RawEngine> shared_;
  uint32_t last_stream_ = 0;
  double ping_ms_max_ = 0;
  std::map<uint32_t, Log> logs_;
  std::map<uint32_t, bool> granted_;
};

using Log = ConformanceBench::Log;

// --- Steps that many checks take

constexpr int64_t kPlenty = int64_t{1} << 30;
// Time in which something forbidden would have come, had it been sent.
constexpr int64_t kQuietMs = 300;

Result<uint32_t> Open(ConformanceBench& bench, int64_t credit = kPlenty);
// Gives the stream what there is for its kind (a text, speech), then its end.
void Feed(ConformanceBench& bench, RawEngine& engine, uint32_t stream);
// Idle came once and last.
Status CheckClosed(const Log& log);
// The stream did not fail, and its done came just before idle.
Status CheckDone(const Log& log);
// Cancels the stream, and holds what follows to the rules.
Status CancelAndCheck(ConformanceBench& bench, uint32_t stream);
Status ServesAWholeStream(ConformanceBench& bench);

// `return Broken("…")`: the engine has failed the check.
inline tl::unexpected<Error> Broken(std::string why) {
  return Fail(Code::kFailedPrecondition, std::move(why));
}
inline tl::unexpected<Error> NotHere(std::string why) {
  return Fail(Code::kUnimplemented, std::move(why));
}

}  // namespace parley::engine::internal
