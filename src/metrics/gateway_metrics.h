// Every metric of parley-gateway, by name. One is made at start and handed down by reference; the
// members are used from any thread.
#pragma once

#include "metrics/buckets.h"
#include "metrics/registry.h"

namespace parley::metrics {

struct GatewayMetrics {
  explicit GatewayMetrics(Registry& registry) : registry(registry) {}

  Registry& registry;

  // Sessions and turns.
  Gauge& sessions = registry.AddGauge("parley_sessions", "Sessions open now.");
  Counter& sessions_refused =
      registry.AddCounter("parley_sessions_refused_total", "Connections turned away by a limit.");
  Gauge& sessions_held = registry.AddGauge("parley_sessions_held",
                                           "Sessions that wait for their client to come back.");
  Counter& sessions_resumed =
      registry.AddCounter("parley_sessions_resumed_total", "Sessions whose client came back.");
  Counter& user_turns = registry.AddCounter("parley_user_turns_total", "User turns committed.");
  Counter& replies = registry.AddCounter("parley_replies_total", "Agent turns that were heard.");
  Counter& replies_cut =
      registry.AddCounter("parley_replies_cut_total", "Agent turns stopped by the user.");
  Counter& replies_failed =
      registry.AddCounter("parley_replies_failed_total", "Agent turns that ended as failed.");
  Counter& drafts_used = registry.AddCounter("parley_drafts_used_total", "Drafts promoted.");
  Counter& drafts_dropped = registry.AddCounter("parley_drafts_dropped_total", "Drafts in vain.");
  Counter& stale_dropped = registry.AddCounter(
      "parley_stale_dropped_total", "Results of a turn that was over, dropped at a door.");
  Counter& invariants_broken = registry.AddCounter(
      "parley_invariants_broken_total", "Steps of the core after which an invariant did not hold.");

  // Latency.
  Histogram& response_ms = registry.AddHistogram(
      "parley_response_ms", "End of user speech to first reply sample sent.", kResponseBucketsMs);
  Histogram& endpointing_ms = registry.AddHistogram(
      "parley_endpointing_ms", "End of user speech to the decision that it ended.",
      kResponseBucketsMs);
  Histogram& transcript_ms = registry.AddHistogram(
      "parley_transcript_ms", "Flush of the recognizer to its final.", kStageBucketsMs);
  Histogram& llm_first_ms = registry.AddHistogram("parley_llm_first_token_ms",
                                                  "Request to first token.", kStageBucketsMs);
  Histogram& voice_first_ms =
      registry.AddHistogram("parley_voice_first_audio_ms",
                            "Text handed to the voice to its first audio.", kStageBucketsMs);
  Histogram& stop_ms = registry.AddHistogram(
      "parley_stop_ms", "Decision to stop a reply until none of its frames can leave.",
      kHopBucketsMs);
  Histogram& frame_late_ms = registry.AddHistogram(
      "parley_frame_late_ms", "A frame's send time after its due time.", kHopBucketsMs);

  // Audio and models in the gateway.
  Counter& frames_out = registry.AddCounter("parley_frames_out_total", "Frames of 20 ms sent.");
  Counter& underruns =
      registry.AddCounter("parley_underruns_total", "Times a reply had no audio when it was due.");
  Histogram& end_of_turn_ms = registry.AddHistogram(
      "parley_end_of_turn_ms", "One end-of-turn model call, waiting included.", kStageBucketsMs);
  Counter& end_of_turn_skipped = registry.AddCounter(
      "parley_end_of_turn_skipped_total", "End-of-turn requests replaced by a newer one.");

  // HTTP. Status is one of 2xx, 4xx, 5xx; routes are ours, so both are few.
  Counter& HttpRequests(const char* route, const char* status) {
    return registry.AddCounter("parley_http_requests_total", "Requests answered.",
                               {{"route", route}, {"status", status}});
  }
};

}  // namespace parley::metrics
