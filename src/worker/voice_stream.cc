#include "worker/internal/voice_stream.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "text/words.h"
#include "worker/internal/posting_sink.h"

namespace parley::worker {

using ports::Voice;

namespace {

constexpr size_t kUtterancesMax = 256;  // that wait on one stream
constexpr double kUsPerMs = 1000.0;

bool IsRetryable(Code code) {
  return code == Code::kUnavailable || code == Code::kResourceExhausted ||
         code == Code::kDeadlineExceeded || code == Code::kAborted || code == Code::kInternal ||
         code == Code::kDataLoss;
}

}  // namespace

VoiceStream::VoiceStream(const VoiceConfig& config, const Deps& deps, Voice::Request request,
                         Voice::Sink sink)
    : config_(config),
      deps_(deps),
      request_(std::move(request)),
      gate_(std::move(sink)),
      counted_(deps.metrics.synthesize_streams),
      credit_(request_.credit_samples) {}

void VoiceStream::Deliver(Event event) {
  const bool last = IsLast(event);
  over_ |= last;
  gate_.Deliver(std::move(event), last);
}

// ---- the caller ---------------------------------------------------------------------------------

void VoiceStream::Begin() {
  stall_timer_ = deps_.executor.MakeTimer();
  ModelManager::Request wanted{
      .model = request_.model,
      .kind = ModelKind::kTts,
      .lane = request_.work.lane,
      .priority = request_.priority,
      .deadline_us = deps_.clock.NowUs() + request_.ready_timeout_ms * 1000};
  waiting_ = deps_.models.Acquire(
      std::move(wanted),
      [self = shared_from_this()](Result<ModelLease> lease) { self->OnLease(std::move(lease)); });
}

void VoiceStream::Speak(UtteranceId utterance, std::string text, std::string context_before) {
  if (over_ || end_of_text_) return;
  if (open_.size() >= kUtterancesMax || (!open_.empty() && utterance <= open_.back())) {
    FailStream({Code::kInvalidArgument,
                "utterance " + std::to_string(utterance.value) + ": ids must rise, and at most " +
                    std::to_string(kUtterancesMax) + " utterances may wait"},
               false);
    return;
  }
  deps_.metrics.utterances.Add();
  utterances_.emplace_back();
  Utterance& added = utterances_.back();
  added.id = utterance;
  added.original = std::move(text);
  added.context_before = std::move(context_before);
  added.asked_us = deps_.clock.NowUs();
  open_.push_back(utterance);
  SpellNext();
}

void VoiceStream::EndOfText() {
  if (over_ || std::exchange(end_of_text_, true)) return;
  SpellNext();
  if (stream_ == 0 && open_.empty()) FinishIfOver();
}

void VoiceStream::Pause() {
  if (over_ || std::exchange(paused_, true)) return;
  Deliver(open_.empty() ? Voice::Paused{} : Voice::Paused{open_.front(), emitted_pts_});
}

void VoiceStream::Resume() {
  if (over_ || !std::exchange(paused_, false)) return;
  last_progress_us_ = deps_.clock.NowUs();
  Emit();
}

void VoiceStream::Grant(int64_t samples) {
  if (over_ || samples <= 0) return;
  // A caller may grant more than it will ever take; the sum stays far from overflow.
  credit_ =
      std::min(credit_ + std::min(samples, engine::kCreditSamplesMax), engine::kCreditSamplesMax);
  Emit();
}

void VoiceStream::AbandonRequest() {
  const uint64_t request = std::exchange(waiting_, 0);
  if (request != 0) deps_.models.Abandon(request);
}

void VoiceStream::Cancel() {
  AbandonRequest();
  if (stream_ != 0 && lease_.engine() != nullptr) lease_.engine()->Cancel(stream_);
  stall_timer_->Cancel();
  if (over_) return;
  queue_.clear();
  utterances_.clear();
  for (const UtteranceId id : std::exchange(open_, {})) {
    deps_.metrics.utterances_cancelled.Add();
    const int64_t sent = std::exchange(emitted_pts_, 0);
    Deliver(Voice::Done{id, Voice::DoneReason::kCancelled, {.samples = sent}});
  }
  Deliver(Voice::Finished{});
}

// ---- the engine ---------------------------------------------------------------------------------

void VoiceStream::OnLease(Result<ModelLease> lease) {
  waiting_ = 0;
  if (over_) return;  // the lease goes back
  if (!lease) {
    FailStream(std::move(lease.error()), IsRetryable(lease.error().code));
    return;
  }
  lease_ = std::move(*lease);
  if (auto opened = OpenEngineStream(); !opened) {
    lease_ = ModelLease();
    FailStream(std::move(opened.error()), IsRetryable(opened.error().code));
    return;
  }
  SpellNext();
}

Status VoiceStream::OpenEngineStream() {
  ModelInstance& instance = lease_.instance();
  if (instance.engine == nullptr) return Fail(Code::kUnavailable, "the engine is gone");
  const engine::Loaded& loaded = instance.loaded;
  has_marks_ = std::find(loaded.capabilities.begin(), loaded.capabilities.end(), "marks") !=
               loaded.capabilities.end();
  if (!request_.voice.empty() && !loaded.voices.empty() &&
      std::find(loaded.voices.begin(), loaded.voices.end(), request_.voice) ==
          loaded.voices.end()) {
    std::string known;
    for (const std::string& voice : loaded.voices) known += (known.empty() ? "" : ", ") + voice;
    return Fail(Code::kNotFound, "model '" + instance.pack.id + "' has no voice '" +
                                     request_.voice + "'; it has " + known);
  }
  gain_key_ = request_.voice;
  audio::SpeechPostProcessor::Config post;
  post.in_hz = loaded.sample_rate_hz;
  post.out_hz = request_.sample_rate_hz == 0 ? config_.sample_rate_hz : request_.sample_rate_hz;
  post.frame_ms = request_.frame_ms == 0 ? config_.frame_ms : request_.frame_ms;
  post.trim = config_.trim_silence;
  post.normalize = config_.target_lufs < 0;
  if (post.normalize) post.loudness.target_lufs = config_.target_lufs;
  const auto& gains = instance.gain_db;
  const auto gain = gains.contains(gain_key_) ? gains.find(gain_key_) : gains.find("");
  if (gain != gains.end()) post.loudness.gain_db = gain->second;
  PARLEY_TRY(post_, audio::SpeechPostProcessor::Create(post));

  engine::TtsStart start;
  start.voice = request_.voice;
  start.language = request_.language;
  start.style = request_.style;
  start.instruct = request_.instruct;
  start.speed = request_.speed;
  start.seed = request_.seed;
  start.normalized = instance.pack.normalizer != catalog::TextNormalizer::kEngine;
  if (request_.prompt) {
    engine::Prompt prompt{.text = request_.prompt->text,
                          .sample_rate_hz = request_.prompt->sample_rate_hz,
                          .samples = static_cast<int64_t>(request_.prompt->pcm.size()),
                          .audio = std::vector<float>(request_.prompt->pcm.size())};
    audio::FloatFromPcm16(request_.prompt->pcm, prompt.audio);
    start.prompt = std::move(prompt);
  }
  native_granted_ = audio::SamplesOfMs(config_.lead_ms, loaded.sample_rate_hz);
  auto sink = PostingSink(deps_.executor, shared_from_this());
  PARLEY_TRY(stream_, instance.engine->Start({native_granted_, std::move(start)}, std::move(sink)));
  return {};
}

void VoiceStream::OnEngine(engine::StreamEvent event) {
  last_progress_us_ = deps_.clock.NowUs();
  if (std::holds_alternative<engine::Idle>(event)) {
    OnIdle();
    return;
  }
  if (over_) return;
  if (const auto* audio = std::get_if<engine::StreamAudio>(&event)) {
    OnAudio(audio->samples);
  } else if (const auto* mark = std::get_if<engine::Mark>(&event)) {
    if (!utterances_.empty() && utterances_.front().id.value == mark->utterance) {
      utterances_.front().marks.push_back(*mark);
      PlaceMarks(utterances_.front());
    }
  } else if (const auto* done = std::get_if<engine::Done>(&event)) {
    OnDone(*done);
  } else if (const auto* error = std::get_if<engine::ErrorMessage>(&event)) {
    OnError(*error);
  }
  Emit();
}

void VoiceStream::OnAudio(const std::vector<float>& samples) {
  native_received_ += static_cast<int64_t>(samples.size());
  if (utterances_.empty()) return;
  Utterance& utterance = utterances_.front();
  if (utterance.engine_first_us < 0) utterance.engine_first_us = last_progress_us_;
  utterance.native_samples += static_cast<int64_t>(samples.size());
  post_->Process(samples, [&](const audio::PcmFrame& frame) { Queue(utterance, frame); });
  PlaceMarks(utterance);
}

void VoiceStream::Queue(Utterance& utterance, const audio::PcmFrame& frame) {
  if (utterance.first_us < 0) {
    utterance.first_us = deps_.clock.NowUs();
    deps_.metrics.first_audio_ms.Observe(
        static_cast<double>(utterance.first_us - utterance.asked_us) / kUsPerMs);
    deps_.metrics.added_ms.Observe(
        static_cast<double>(utterance.first_us - utterance.engine_first_us) / kUsPerMs);
  }
  Voice::Audio audio{.utterance = utterance.id,
                     .seq = utterance.seq++,
                     .pts_samples = frame.pts_samples,
                     .pcm = {frame.samples.begin(), frame.samples.end()},
                     .last = frame.last,
                     .padding_samples = static_cast<uint32_t>(frame.padding_samples)};
  utterance.queued_samples += static_cast<int64_t>(audio.pcm.size());
  utterance.padding_samples = static_cast<int64_t>(frame.padding_samples);
  queued_out_ += static_cast<int64_t>(audio.pcm.size());
  queue_.push_back(std::move(audio));
}

// Marks whose sample has been processed take their place behind the frames queued so far.
void VoiceStream::PlaceMarks(Utterance& utterance) {
  while (!utterance.marks.empty()) {
    const engine::Mark& mark = utterance.marks.front();
    const auto pts = post_->OutputPts(mark.sample);
    if (!pts) return;
    const size_t spoken = static_cast<size_t>(std::max<int64_t>(mark.text_end, 0));
    const auto text_end = static_cast<uint32_t>(
        utterance.spans.SourceOffset(std::min(spoken, utterance.text.size())));
    if (text_end > utterance.marked_upto) {
      utterance.marked_upto = text_end;
      queue_.push_back(Voice::Mark{utterance.id, text_end, *pts, /*estimated=*/false});
    }
    utterance.marks.pop_front();
  }
}

// For engines that give no times: each word's share of the characters.
void VoiceStream::EstimateMarks(Utterance& utterance) {
  const auto bytes = static_cast<int64_t>(utterance.original.size());
  const int64_t sound = utterance.queued_samples - utterance.padding_samples;
  for (const text::Range& word : text::Words(utterance.original)) {
    const auto end = static_cast<int64_t>(word.upto);
    queue_.push_back(Voice::Mark{utterance.id, static_cast<uint32_t>(end), sound * end / bytes,
                                 /*estimated=*/true});
  }
}

void VoiceStream::OnDone(const engine::Done& done) {
  if (!done.utterance) {
    engine_over_ = true;
    return;
  }
  if (utterances_.empty() || utterances_.front().id.value != *done.utterance) return;
  Utterance& utterance = utterances_.front();
  post_->Finish([&](const audio::PcmFrame& frame) { Queue(utterance, frame); });
  PlaceMarks(utterance);
  if (!has_marks_) EstimateMarks(utterance);
  if (config_.target_lufs < 0) lease_.instance().gain_db[gain_key_] = post_->gain_db();
  EndUtterance(Voice::DoneReason::kCompleted, static_cast<int64_t>(done.compute_ms * kUsPerMs));
  SkipSilent();
}

void VoiceStream::EndUtterance(Voice::DoneReason reason, int64_t compute_us) {
  const Utterance& utterance = utterances_.front();
  const auto since = [](int64_t at_us, int64_t from_us) {
    return at_us < 0 ? 0 : std::max<int64_t>(at_us - from_us, 0);
  };
  queue_.push_back(
      Voice::Done{utterance.id,
                  reason,
                  {.samples = utterance.queued_samples,
                   .engine_first_us = since(utterance.engine_first_us, utterance.engine_asked_us),
                   .first_us = since(utterance.first_us, utterance.asked_us),
                   .compute_us = compute_us}});
  utterances_.pop_front();
  if (post_) post_->Begin();
  if (EngineHasText()) utterances_.front().engine_asked_us = deps_.clock.NowUs();
  WatchStall();
}

// Utterances in which there is nothing to say end at their turn, without the engine.
void VoiceStream::SkipSilent() {
  while (!over_ && EngineHasText() && utterances_.front().text.empty()) {
    EndUtterance(Voice::DoneReason::kCompleted, 0);
  }
  Emit();
}

void VoiceStream::OnError(const engine::ErrorMessage& error) {
  Error why{error.code, error.message};
  if (!error.utterance) {
    FailStream(std::move(why), IsRetryable(error.code));
    return;
  }
  if (utterances_.empty() || utterances_.front().id.value != *error.utterance) return;
  deps_.metrics.utterances_failed.Add();
  queue_.push_back(Voice::Failed{std::move(why), IsRetryable(error.code), utterances_.front().id});
  utterances_.pop_front();
  post_->Begin();
  if (EngineHasText()) utterances_.front().engine_asked_us = deps_.clock.NowUs();
  SkipSilent();
}

void VoiceStream::OnIdle() {
  stream_ = 0;
  lease_ = ModelLease();
  stall_timer_->Cancel();
  if (over_) return;
  engine_over_ = true;
  // Idle without an end is an engine that lost the stream.
  if (!utterances_.empty()) {
    FailStream({Code::kInternal, "the engine ended the stream before all was spoken"}, true);
  } else {
    Emit();
  }
}

// ---- out ----------------------------------------------------------------------------------------

void VoiceStream::Emit() {
  while (!over_ && !paused_ && !queue_.empty()) {
    Event& front = queue_.front();
    if (const auto* audio = std::get_if<Voice::Audio>(&front)) {
      const auto size = static_cast<int64_t>(audio->pcm.size());
      if (credit_ < size) break;
      credit_ -= size;
      queued_out_ -= size;
      emitted_pts_ = audio->pts_samples + size;
      deps_.metrics.samples_out.Add(static_cast<uint64_t>(size));
    } else if (!std::holds_alternative<Voice::Mark>(front)) {
      open_.pop_front();
      emitted_pts_ = 0;
    }
    Event event = std::move(front);
    queue_.pop_front();
    Deliver(std::move(event));
  }
  GrantEngine();
  FinishIfOver();
}

void VoiceStream::GrantEngine() {
  if (stream_ == 0 || lease_.engine() == nullptr || over_) return;
  const int64_t in_hz = post_->config().in_hz;
  const int64_t out_hz = post_->config().out_hz;
  const int64_t waiting = queued_out_ * in_hz / out_hz;
  const int64_t lead = audio::SamplesOfMs(config_.lead_ms, static_cast<int>(in_hz));
  const int64_t more = native_received_ - waiting + lead - native_granted_;
  // Small change would be a message a frame.
  if (more < lead / 8) return;
  native_granted_ += more;
  lease_.engine()->Send(stream_, engine::Credit{more});
}

void VoiceStream::FinishIfOver() {
  const bool engine_done = engine_over_ || (stream_ == 0 && !lease_);
  if (over_ || paused_ || !end_of_text_ || !open_.empty() || !queue_.empty() || !engine_done)
    return;
  AbandonRequest();
  stall_timer_->Cancel();
  Deliver(Voice::Finished{});
}

void VoiceStream::FailStream(Error error, bool retryable) {
  if (over_) return;
  deps_.metrics.utterances_failed.Add(open_.size());
  AbandonRequest();
  if (stream_ != 0 && lease_.engine() != nullptr) lease_.engine()->Cancel(stream_);
  stall_timer_->Cancel();
  queue_.clear();
  utterances_.clear();
  open_.clear();
  Deliver(Voice::Failed{std::move(error), retryable, std::nullopt});
}

// ---- hanging ------------------------------------------------------------------------------------

bool VoiceStream::EngineHasText() const {
  return !utterances_.empty() && utterances_.front().spelled;
}

// Watches while the engine has text to speak.
void VoiceStream::WatchStall() {
  if (over_ || stream_ == 0 || !EngineHasText()) {
    stall_timer_->Cancel();
    return;
  }
  last_progress_us_ = deps_.clock.NowUs();
  stall_timer_->Start(last_progress_us_ + int64_t{config_.stall_ms} * 1000,
                      [weak = weak_from_this()] {
                        if (const auto self = weak.lock()) self->CheckStall();
                      });
}

void VoiceStream::CheckStall() {
  if (over_ || stream_ == 0 || !EngineHasText()) return;
  const int64_t now_us = deps_.clock.NowUs();
  const int64_t limit_us = int64_t{config_.stall_ms} * 1000;
  // Without credit the engine waits for us, not we for it.
  if (native_received_ >= native_granted_) last_progress_us_ = now_us;
  const int64_t due_us = last_progress_us_ + limit_us;
  if (now_us < due_us) {
    stall_timer_->Start(due_us, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->CheckStall();
    });
    return;
  }
  log::Error("voice_stalled model={} stall_ms={}", lease_.instance().pack.id, config_.stall_ms);
  FailStream({Code::kDeadlineExceeded, "model '" + lease_.instance().pack.id +
                                           "' had text to speak and gave nothing for " +
                                           std::to_string(config_.stall_ms) + " ms"},
             true);
}

}  // namespace parley::worker
