// One Transcribe stream: the caller's audio to an engine, its answers back, in the caller's count
// of samples.
//
// Audio, flushes and the end go to the engine in the order they came, audio as far as the engine's
// credit reaches; what it has no room for waits here, at most kBacklogMaxMs of it. Another rate
// than the model's is converted here.
//
// One sequence: the executor. Lives until its caller and its engine's stream have both let go.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "audio/resampler.h"
#include "base/clock.h"
#include "metrics/worker_metrics.h"
#include "net/executor.h"
#include "ports/recognizer.h"
#include "worker/model_manager.h"

namespace parley::worker {

class RecognizerStream : public std::enable_shared_from_this<RecognizerStream> {
 public:
  struct Deps {
    const Clock& clock;
    metrics::WorkerMetrics& metrics;
    net::Executor& executor;
    ModelManager& models;
  };

  RecognizerStream(const Deps& deps, ports::Recognizer::Request request,
                   ports::Recognizer::Sink sink);

  // Thread-safe: the caller is gone.
  void CloseSink() { gate_.Close(); }

  void Begin();
  void Audio(int64_t first_sample, std::vector<int16_t> pcm);
  void SetPartials(bool on);
  void Flush(FlushId flush);
  void End();
  void Cancel();

  // Of the engine's stream.
  void OnEngine(engine::StreamEvent event);

 private:
  using Event = ports::Recognizer::Event;
  struct EndMark {};
  using Item = std::variant<std::vector<float>, engine::Flush, EndMark>;

  void AbandonRequest();
  void OnLease(Result<ModelLease> lease);
  Status OpenEngineStream();
  void OnFinal(engine::Final final);
  void OnIdle();
  void Append(std::span<const int16_t> pcm);
  void Send();
  bool SendFront();
  std::vector<float> Convert(const std::vector<float>& samples);
  int64_t ToCaller(int64_t engine_sample) const;
  void FailStream(Error error, bool retryable);
  void Deliver(Event event);

  const Deps deps_;
  const ports::Recognizer::Request request_;
  ports::SinkGate<Event> gate_;
  metrics::GaugeLease counted_;

  ModelLease lease_;
  uint64_t waiting_ = 0;
  uint32_t stream_ = 0;
  std::unique_ptr<audio::Resampler> resampler_;  // null when the rates are equal
  int engine_hz_ = 0;

  std::deque<Item> items_;
  int64_t backlog_samples_ = 0;  // the caller's, in `items_`
  int64_t engine_credit_ = 0;
  int64_t first_sample_ = -1;  // the caller's number of the engine's sample 0
  int64_t next_sample_ = 0;
  std::map<uint64_t, int64_t> flushed_us_;  // when each open flush came
  bool partials_ = true;
  bool end_ = false;
  bool over_ = false;
};

}  // namespace parley::worker
