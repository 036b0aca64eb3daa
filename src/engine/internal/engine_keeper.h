// The machinery behind EngineProcess: its state, its clockwork and its threads. See
// engine/process.h for what it promises.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "engine/internal/child.h"
#include "engine/internal/link.h"
#include "engine/internal/output_log.h"
#include "engine/internal/stream_table.h"
#include "engine/process.h"

namespace parley::engine::internal {

class EngineKeeper {
 public:
  using State = EngineProcess::State;

  EngineKeeper(EngineSpec spec, EngineProcess::Events events);
  ~EngineKeeper();

  // Before anything else, once.
  Status Begin();

  void Load(engine::Load load);
  Result<uint32_t> Start(engine::Start start, StreamSink sink);
  bool Send(uint32_t stream, const Message& message);
  bool SendAudio(uint32_t stream, std::span<const float> samples);
  void Cancel(uint32_t stream);
  void Stop();
  void Kill(std::string why, bool expected);

  State state() const;
  pid_t pid() const { return child_ ? child_->pid() : -1; }
  std::optional<Hello> hello() const;
  std::optional<Loaded> loaded() const;
  int64_t ResidentBytes() const { return child_ ? child_->ResidentBytes() : 0; }
  std::vector<std::string> LastLines() const;

 private:
  // The rungs of the ladder, climbed as their deadlines pass.
  enum class Rung { kNone, kBye, kTerm, kKill };

  void Connect(UniqueFd socket);

  // On the link's reader thread.
  void OnFrame(Frame frame);
  Status DeliverMessage(uint32_t stream, Message message);
  void OnConnectionMessage(Message message);
  void OnHello(Hello hello);
  void OnLoaded(Loaded loaded);
  void OnError(ErrorMessage error);
  void OnClosed(const Error& reason);

  // On the keeper's thread.
  void KeeperLoop();
  void Poll(int timeout_ms);
  void RunPosted();
  bool HasEnded();
  int64_t CheckDeadlines();
  void Finish();

  // Under the lock:
  void SendLoadLocked();
  Status CheckStartLocked(const engine::Start& start) const;
  void CheckHealthLocked(int64_t now_us);
  void ClimbLocked(int64_t now_us);
  void EnterLadderLocked(Rung rung, Error reason);
  int64_t NextDeadlineLocked() const;
  void Wake();

  Error FinalReason(const Error& cause) const;

  const EngineSpec spec_;
  const EngineProcess::Events events_;
  const SteadyClock clock_;

  mutable std::mutex output_mutex_;
  OutputLog output_;  // guarded by output_mutex_

  std::unique_ptr<Child> child_;  // none for an engine that somebody else started
  UniqueFd listener_;             // keeper's
  UniqueFd wake_;
  StreamTable streams_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::kStarting;
  std::optional<Hello> hello_;
  std::optional<Loaded> loaded_;
  std::optional<engine::Load> load_;
  bool load_answered_ = false;
  std::optional<Error> engine_error_;  // the last that the engine sent about itself
  std::deque<std::function<void()>> posted_;
  bool link_closed_ = false;

  Rung rung_ = Rung::kNone;
  std::optional<Error> cause_;  // why the ladder was entered
  bool expected_ = false;
  int64_t rung_until_us_ = 0;
  int64_t state_until_us_ = 0;
  int64_t next_ping_us_ = 0;
  std::optional<int64_t> ping_sent_us_;
  uint64_t ping_id_ = 0;
  std::optional<ExitStatus> exit_status_;

  std::unique_ptr<Link> link_;  // set once; its threads touch all of the above
  std::thread keeper_;
};

}  // namespace parley::engine::internal
