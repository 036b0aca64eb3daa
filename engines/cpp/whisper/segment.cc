#include "whisper/segment.h"

#include <algorithm>
#include <utility>

#include "whisper/hearing_policy.h"
#include "whisper/limits.h"
#include "whisper/speech_span.h"

namespace parley::whisper {
namespace {

constexpr int64_t kOpenMax = int64_t{28} * kSampleRateHz;
// How far back a cut may lie when the open audio is full or the window of partials moves.
constexpr int64_t kCutBack = int64_t{12} * kSampleRateHz;
// Quiet that may follow a pass without a new one being needed, and how loud quiet may be.
constexpr int64_t kReuseTailMax = kSampleRateHz * 3 / 2;
constexpr float kReuseBelowPeakDb = 25;

constexpr int64_t Samples(int ms) { return int64_t{ms} * kSampleRateHz / 1000; }

float MeanConfidence(std::span<const HeardWord> words) {
  if (words.empty()) return 0;
  float sum = 0;
  for (const HeardWord& word : words) sum += word.confidence;
  return sum / static_cast<float>(words.size());
}

void Move(std::vector<HeardWord>& words, int64_t by) {
  for (HeardWord& word : words) {
    word.from_sample += by;
    word.upto_sample += by;
  }
}

// The index of the word to cut before: the one after the longest pause that lies between the two
// samples. The first word is never one; without such a place, the number of words.
size_t CutBefore(const std::vector<HeardWord>& words, int64_t from, int64_t upto) {
  size_t best = words.size();
  int64_t pause_max = -1;
  for (size_t i = 1; i < words.size(); ++i) {
    const int64_t pause = words[i].from_sample - words[i - 1].upto_sample;
    const bool inside = words[i - 1].upto_sample >= from && words[i].from_sample <= upto;
    if (inside && pause > pause_max) {
      pause_max = pause;
      best = i;
    }
  }
  return best;
}

void Append(std::vector<HeardWord>& words, std::vector<HeardWord>::const_iterator from,
            std::vector<HeardWord>::const_iterator upto) {
  words.insert(words.end(), from, upto);
}

}  // namespace

Segment::Segment(Config config, Transcriber& transcriber)
    : config_(std::move(config)), transcriber_(transcriber) {}

void Segment::Append(std::span<const float> pcm) {
  audio_.insert(audio_.end(), pcm.begin(), pcm.end());
}

std::span<const float> Segment::Audio(Range range) const {
  return std::span<const float>(audio_).subspan(
      static_cast<size_t>(range.from_sample - start_),
      static_cast<size_t>(range.upto_sample - range.from_sample));
}

Result<std::optional<Segment::Heard>> Segment::Hear(Range range, int context_floor, bool urgent,
                                                    const std::function<bool()>& aborted) {
  Heard heard{.from_sample = range.from_sample, .upto_sample = range.upto_sample, .pass = {}};
  const SpeechSpan span = FindSpeech(Audio(range));
  if (span.upto_sample == 0) {
    heard.pass.audio_context = kAudioContextMax;  // nothing could be heard better
    heard.pass.no_speech = 1;
    return std::optional(std::move(heard));
  }
  const int64_t offset = range.from_sample + span.from_sample;
  PassRequest request;
  request.pcm = Audio({offset, range.from_sample + span.upto_sample});
  request.language = config_.language;
  request.translate = config_.translate;
  request.context_floor = context_floor;
  request.urgent = urgent;
  request.aborted = aborted;
  PARLEY_TRY(heard.pass, transcriber_.Run(request));
  if (heard.pass.aborted) return std::optional<Heard>();
  if (WasNotSaid(heard.pass, span)) heard.pass.words.clear();
  Move(heard.pass.words, offset);
  language_ = heard.pass.language;
  return std::optional(std::move(heard));
}

bool Segment::PartialDue() const {
  const int64_t since = end() - std::max(partial_upto_, start_);
  if (partial_upto_ == 0) return end() >= Samples(config_.partial_first_ms);
  return since >= Samples(config_.partial_interval_ms);
}

Result<std::optional<Hearing>> Segment::Partial(const std::function<bool()>& aborted) {
  const Range range{std::max(partial_from_, start_), end()};
  PARLEY_TRY(std::optional<Heard> heard, Hear(range, config_.partial_context, false, aborted));
  if (!heard) return std::optional<Hearing>();
  partial_upto_ = range.upto_sample;
  std::vector<HeardWord> words = settled_;
  whisper::Append(words, partial_head_.begin(), partial_head_.end());
  whisper::Append(words, heard->pass.words.begin(), heard->pass.words.end());
  Hearing hearing;
  hearing.upto_sample = range.upto_sample;
  hearing.words = agreement_.Update(std::move(words));
  hearing.stable_words = agreement_.stable();
  hearing.language = language_;
  hearing.confidence = MeanConfidence(hearing.words);
  if (range.upto_sample - range.from_sample > Samples(config_.partial_window_ms)) {
    MovePartialWindow(heard->pass.words);
  }
  if (range.from_sample == start_) last_ = std::move(heard);
  return std::optional(std::move(hearing));
}

// Later partials no longer hear the older half of the window; its words are kept as they are.
void Segment::MovePartialWindow(const std::vector<HeardWord>& words) {
  const int64_t window = Samples(config_.partial_window_ms);
  const int64_t from = end() - window;
  const size_t cut = CutBefore(words, from, from + window / 2);
  if (cut == words.size()) {
    partial_from_ = end() - window / 2;
    return;
  }
  whisper::Append(partial_head_, words.begin(), words.begin() + static_cast<std::ptrdiff_t>(cut));
  partial_from_ = (words[cut - 1].upto_sample + words[cut].from_sample) / 2;
}

Result<bool> Segment::Settle(const std::function<bool()>& aborted) {
  while (static_cast<int64_t>(audio_.size()) > kOpenMax) {
    const Range range{start_, start_ + kOpenMax};
    PARLEY_TRY(const std::optional<Heard> heard,
               Hear(range, config_.final_context, false, aborted));
    if (!heard) return false;
    const std::vector<HeardWord>& words = heard->pass.words;
    const int64_t guard = kSampleRateHz;  // words at the very end may be cut in two
    const size_t cut = CutBefore(words, range.upto_sample - kCutBack, range.upto_sample - guard);
    int64_t next = range.upto_sample - guard;
    if (cut < words.size()) next = (words[cut - 1].upto_sample + words[cut].from_sample) / 2;
    for (const HeardWord& word : words) {
      if (word.from_sample < next) settled_.push_back(word);
    }
    audio_.erase(audio_.begin(), audio_.begin() + static_cast<std::ptrdiff_t>(next - start_));
    start_ = next;
    last_.reset();
    std::erase_if(partial_head_, [next](const HeardWord& w) { return w.from_sample < next; });
  }
  return true;
}

// Nothing but quiet since a pass that heard everything with as much context as a final has.
bool Segment::CanReuse() const {
  if (!last_ || last_->pass.repeated || end() - last_->upto_sample > kReuseTailMax) return false;
  const SpeechSpan all = FindSpeech(audio_);
  const auto spoken = static_cast<int>(all.upto_sample - all.from_sample);
  if (last_->pass.audio_context < AudioContext(spoken, config_.final_context)) return false;
  const SpeechSpan tail = FindSpeech(Audio({last_->upto_sample, end()}));
  return tail.upto_sample == 0 || tail.peak_dbfs < all.peak_dbfs - kReuseBelowPeakDb;
}

Result<std::optional<Hearing>> Segment::Final(const std::function<bool()>& aborted) {
  PARLEY_TRY(const bool settled, Settle(aborted));
  if (!settled) return std::optional<Hearing>();
  if (!CanReuse()) {
    PARLEY_TRY(std::optional<Heard> heard,
               Hear({start_, end()}, config_.final_context, true, aborted));
    if (!heard) return std::optional<Hearing>();
    last_ = std::move(heard);
  }
  Hearing hearing;
  hearing.upto_sample = end();
  hearing.words = settled_;
  whisper::Append(hearing.words, last_->pass.words.begin(), last_->pass.words.end());
  hearing.language = language_;
  hearing.confidence = MeanConfidence(hearing.words);
  return std::optional(std::move(hearing));
}

}  // namespace parley::whisper
