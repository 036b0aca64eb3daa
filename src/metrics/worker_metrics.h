// Every metric of parley-worker, by name. One is made at start and handed down by reference; the
// members are used from any thread.
#pragma once

#include <string>
#include <string_view>

#include "metrics/buckets.h"
#include "metrics/registry.h"

namespace parley::metrics {

struct WorkerMetrics {
  explicit WorkerMetrics(Registry& registry) : registry(registry) {}

  Registry& registry;

  // Streams.
  Gauge& synthesize_streams =
      registry.AddGauge("parley_streams_active", "Streams open now.", {{"kind", "tts"}});
  Gauge& transcribe_streams =
      registry.AddGauge("parley_streams_active", "Streams open now.", {{"kind", "asr"}});
  Gauge& generate_streams =
      registry.AddGauge("parley_streams_active", "Streams open now.", {{"kind", "llm"}});
  Counter& utterances = registry.AddCounter("parley_utterances_total", "Utterances asked for.");
  Counter& utterances_cancelled =
      registry.AddCounter("parley_utterances_cancelled_total", "Utterances cut by the caller.");
  Counter& utterances_failed =
      registry.AddCounter("parley_utterances_failed_total", "Utterances an engine failed at.");
  Counter& samples_out =
      registry.AddCounter("parley_samples_out_total", "Samples delivered, at the delivered rate.");
  Counter& samples_in =
      registry.AddCounter("parley_samples_in_total", "Samples taken for recognition.");

  Gauge& announced = registry.AddGauge("parley_registry_announced",
                                       "1 while the worker stands in the registry, else 0.");

  // Texts on their way to a voice.
  Histogram& text_ms = registry.AddHistogram("parley_text_normalization_ms",
                                             "A text's wait and normalization.", kHopBucketsMs);
  Counter& texts_given_up = registry.AddCounter("parley_text_grammar_gave_up_total",
                                                "Texts too costly for a grammar, said by rules.");

  // Latency.
  Histogram& first_audio_ms = registry.AddHistogram(
      "parley_first_audio_ms", "Text received to first audio sent.", kStageBucketsMs);
  Histogram& added_ms = registry.AddHistogram(
      "parley_added_ms", "First audio sent minus the engine's own first audio.", kHopBucketsMs);
  Histogram& final_ms = registry.AddHistogram(
      "parley_final_ms", "Flush received to final transcript sent.", kStageBucketsMs);
  Histogram& llm_first_ms = registry.AddHistogram(
      "parley_llm_first_token_ms", "Request received to first token sent.", kStageBucketsMs);
  Histogram& slot_wait_ms = registry.AddHistogram(
      "parley_slot_wait_ms", "A request's wait for a free slot of its engine.", kStageBucketsMs);
  Histogram& cancel_ms = registry.AddHistogram(
      "parley_cancel_idle_ms", "Cancel sent to the engine to its slot free.", kHopBucketsMs);

  // Engines. State is one of the model manager's, model a name of the catalogue.
  Histogram& load_ms =
      registry.AddHistogram("parley_load_ms", "Model loaded and warmed.", kLongBucketsMs);
  Counter& engine_crashes = registry.AddCounter("parley_engine_crashes_total",
                                                "Engine processes that ended by themselves.");
  Gauge& ModelsIn(std::string_view state) {
    return registry.AddGauge("parley_models", "Model instances in each state.",
                             {{"state", std::string(state)}});
  }
  Gauge& EngineMemoryBytes(std::string_view model) {
    return registry.AddGauge("parley_engine_memory_bytes", "Resident memory of a model's process.",
                             {{"model", std::string(model)}});
  }
};

}  // namespace parley::metrics
