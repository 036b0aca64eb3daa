// One Synthesize stream: the caller's texts on one side, an engine's stream on the other, between
// them normalization, post-processing, marks, credit and pause.
//
//   Speak ─ Normalizers ─▶ engine text       engine audio ─ SpeechPostProcessor ─▶ frames ─▶ queue
//                                            engine mark ─ SpanMap, OutputPts ─▶ marks ─┘      │
//                                                               caller's credit, pause ─▶ sink ▼
//
// The engine may run ahead of what the caller has taken by `lead_ms`: it is granted credit as
// frames leave the queue, so a cancel wastes little. The queue holds frames, marks and ends in
// their order, and nothing leaves it while the stream is paused.
//
// Texts are spelled out on a sequence of their own, one of a stream at a time: so streams take
// turns there, and a stream's texts keep their order.
//
// One sequence: the executor. Created by EngineVoice; lives until its caller and its engine's
// stream have both let go.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "audio/pcm.h"
#include "audio/speech_post_processor.h"
#include "base/clock.h"
#include "metrics/worker_metrics.h"
#include "net/executor.h"
#include "ports/voice.h"
#include "text/span_map.h"
#include "worker/internal/normalizers.h"
#include "worker/model_manager.h"
#include "worker/voice_config.h"

namespace parley::worker {

class VoiceStream : public std::enable_shared_from_this<VoiceStream> {
 public:
  struct Deps {
    const Clock& clock;
    metrics::WorkerMetrics& metrics;
    net::Executor& executor;
    ModelManager& models;
    Normalizers& normalizers;
  };

  VoiceStream(const VoiceConfig& config, const Deps& deps, ports::Voice::Request request,
              ports::Voice::Sink sink);

  // Thread-safe: the caller is gone.
  void CloseSink() { gate_.Close(); }

  // Asks for a slot.
  void Begin();
  void Speak(UtteranceId utterance, std::string text, std::string context_before);
  void EndOfText();
  void Pause();
  void Resume();
  void Cancel();
  void Grant(int64_t samples);

  // Of the engine's stream.
  void OnEngine(engine::StreamEvent event);

 private:
  using Event = ports::Voice::Event;

  struct Utterance {
    UtteranceId id;
    std::string original;
    bool spelled = false;  // and given to the engine
    std::string text;      // as the engine gets it; empty: there is nothing to say
    std::string context_before;
    text::SpanMap spans;
    int64_t asked_us = 0;          // Speak was called
    int64_t engine_asked_us = 0;   // the engine was free for it
    int64_t engine_first_us = -1;  // its first audio came
    int64_t first_us = -1;         // its first frame was ready
    int64_t native_samples = 0;
    int64_t queued_samples = 0;   // at the caller's rate
    int64_t padding_samples = 0;  // of them, the silence in the last frame
    uint32_t seq = 0;
    uint32_t marked_upto = 0;
    std::deque<engine::Mark> marks;  // whose place is not known yet
  };

  void AbandonRequest();
  void OnLease(Result<ModelLease> lease);
  Status OpenEngineStream();
  void SpellNext();
  void SpellOut(const Utterance& utterance, const std::vector<std::string>& spoken);
  void OnSpelled(UtteranceId id, Result<text::Normalized> spelled);
  void SendText(Utterance& utterance, Result<text::Normalized> spelled);
  void OnAudio(const std::vector<float>& samples);
  void OnDone(const engine::Done& done);
  void OnError(const engine::ErrorMessage& error);
  void OnIdle();

  void Queue(Utterance& utterance, const audio::PcmFrame& frame);
  void PlaceMarks(Utterance& utterance);
  void EstimateMarks(Utterance& utterance);
  void EndUtterance(ports::Voice::DoneReason reason, int64_t compute_us);
  void SkipSilent();
  void Emit();
  void GrantEngine();
  void FailStream(Error error, bool retryable);
  void FinishIfOver();
  void Deliver(Event event);
  bool EngineHasText() const;  // the first utterance was given to it
  void WatchStall();
  void CheckStall();

  const VoiceConfig config_;
  const Deps deps_;
  const ports::Voice::Request request_;
  ports::SinkGate<Event> gate_;
  metrics::GaugeLease counted_;
  std::unique_ptr<net::Timer> stall_timer_;

  ModelLease lease_;
  uint64_t waiting_ = 0;  // the request for a slot
  uint32_t stream_ = 0;   // the engine's, 0: none
  std::unique_ptr<audio::SpeechPostProcessor> post_;
  std::string gain_key_;
  bool has_marks_ = false;

  std::deque<Utterance> utterances_;  // the first is the one the engine speaks
  bool spelling_ = false;             // the first of them that is not spelled is on its way
  bool end_sent_ = false;             // the engine knows that no more texts come
  std::deque<Event> queue_;
  std::deque<UtteranceId> open_;  // without Done or Failed delivered, in order
  int64_t credit_ = 0;
  int64_t emitted_pts_ = 0;  // within the utterance at the front of `open_`
  int64_t queued_out_ = 0;   // samples in `queue_`
  int64_t native_received_ = 0;
  int64_t native_granted_ = 0;
  int64_t last_progress_us_ = 0;  // of the engine
  bool paused_ = false;
  bool end_of_text_ = false;
  bool engine_over_ = false;  // its stream ended by itself
  bool over_ = false;         // the last event was delivered
};

}  // namespace parley::worker
