// The life of an engine program between its first and its last message: handshake, load, streams.
// Threads: the caller of Run loads the model and then waits; the link's reader sorts what comes in;
// `slots` threads run the model, one stream each at a time.
//
//   hello → welcome → load → loaded → streams … → bye or the end of the socket
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/idle_heap.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/internal/link.h"
#include "engine/internal/served_stream.h"
#include "engine/messages.h"
#include "engine/sdk.h"

namespace parley::engine::internal {

// What the session needs of a model, whatever its kind.
struct ServedModel {
  ModelKind kind = ModelKind::kTts;
  std::function<Result<Loaded>(const Load&, LoadProgress&)> load;
  // A start of this model's kind; `loaded` as the worker was told.
  std::function<std::unique_ptr<ServedStream>(uint32_t id, Link& link, const Loaded& loaded,
                                              Start start)>
      open;
};

class EngineSession final : private LoadProgress {
 public:
  EngineSession(UniqueFd socket, Hello hello, ServedModel model);
  ~EngineSession() override;

  // Serves until the worker goes. An error is why the engine cannot go on; it has been sent.
  // When the worker is gone and the model does not come back within 2 s, ends the process.
  Status Run();

 private:
  // Called by the model while it loads.
  void Report(double progress, std::string_view what) override;
  bool cancelled() const override;

  // On the reader thread.
  void OnFrame(Frame frame);
  void OnConnectionMessage(Message message);
  void OnStreamMessage(uint32_t stream, Message message);
  void OnStart(uint32_t stream, Start start);
  void OnCancel(uint32_t stream);
  void OnClosed(const Error& reason);
  void Refuse(uint32_t stream, Error reason);
  // A breach of the protocol on a stream: it fails at once.
  void Breach(const std::shared_ptr<ServedStream>& stream, Error reason);
  std::shared_ptr<ServedStream> Find(uint32_t stream);

  // On the caller's thread.
  Status Handshake();
  Status LoadModel();
  void ServeUntilStopped();
  Status Shutdown(Status outcome);

  // On a slot's thread.
  void SlotLoop();
  void ServeOne(const std::shared_ptr<ServedStream>& stream);
  void Stop(Status outcome);

  const Hello hello_;
  const ServedModel model_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Welcome> welcome_;
  std::optional<Load> load_;
  std::optional<Loaded> loaded_;
  std::map<uint32_t, std::shared_ptr<ServedStream>> streams_;
  std::deque<std::shared_ptr<ServedStream>> waiting_;  // for a slot's thread
  uint32_t last_stream_ = 0;
  std::optional<Status> stopping_;  // with the outcome
  bool finished_ = false;           // no thread of the model runs any more
  std::atomic<bool> stopped_{false};

  Link link_;  // after what its threads touch

  std::vector<std::thread> slots_;
  IdleHeap heap_;  // the caller's thread alone
};

}  // namespace parley::engine::internal
