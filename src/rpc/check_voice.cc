// What a worker's voice must keep: order, sums, pause, cancel, credit.
#include <algorithm>

#include "rpc/internal/check_bench.h"

namespace parley::rpc {
namespace {

using ports::ModelInfo;
using ports::ModelKind;
using ports::Voice;

constexpr const char* kSentence = "This is a sentence that is long enough to be cut.";

std::string Words(int64_t number) { return std::to_string(number); }

Status SpeaksInOrder(CheckBench& bench) {
  PARLEY_TRY(const Voice::Request request, bench.PlainVoice());
  HeardVoice heard;
  PARLEY_TRY_STATUS(bench.Speak(request, {"One.", "Two, three.", "Four."}, heard));
  uint64_t under_way = 1;
  for (const Voice::Event& event : heard.events()) {
    const auto* audio = std::get_if<Voice::Audio>(&event);
    const auto* mark = std::get_if<Voice::Mark>(&event);
    const auto* done = std::get_if<Voice::Done>(&event);
    const uint64_t of = audio  ? audio->utterance.value
                        : mark ? mark->utterance.value
                        : done ? done->utterance.value
                               : under_way;
    if (of != under_way) {
      return Broken("an answer of utterance " + Words(static_cast<int64_t>(of)) + " comes while " +
                    Words(static_cast<int64_t>(under_way)) + " is under way");
    }
    if (done) ++under_way;
  }
  if (under_way != 4) return Broken("not every utterance has its done");
  const auto events = heard.events();
  if (!std::holds_alternative<Voice::Finished>(events.back())) return Broken("no finished");
  return {};
}

Status SampleSumsAreExact(CheckBench& bench) {
  PARLEY_TRY(const Voice::Request request, bench.PlainVoice());
  HeardVoice heard;
  PARLEY_TRY_STATUS(bench.Speak(request, {kSentence, "Good bye."}, heard));
  for (const Voice::Done& done : heard.Of<Voice::Done>()) {
    PARLEY_TRY(const auto sound, SoundOf(heard, done.utterance.value));
    if (sound.empty()) return Broken("an utterance without sound");
    if (done.stats.samples != static_cast<int64_t>(sound.size())) {
      return Broken("done says " + Words(done.stats.samples) + " samples, there were " +
                    Words(static_cast<int64_t>(sound.size())));
    }
  }
  return {};
}

Status IsWhole(const Voice::Audio& frame, size_t size, bool last) {
  if (frame.pcm.size() != size) {
    return Broken("a frame has " + Words(static_cast<int64_t>(frame.pcm.size())) +
                  " samples, should " + Words(static_cast<int64_t>(size)));
  }
  if (frame.last != last) {
    return Broken(last ? "the last frame is not marked" : "a frame in the midst is marked as last");
  }
  const auto padding = static_cast<std::ptrdiff_t>(frame.padding_samples);
  if (padding > 0 && !last) return Broken("a frame in the midst is filled up");
  if (padding >= static_cast<std::ptrdiff_t>(size) ||
      std::any_of(frame.pcm.end() - padding, frame.pcm.end(), [](int16_t s) { return s != 0; })) {
    return Broken("what fills up the last frame is no silence");
  }
  return {};
}

Status FramesAreAsAskedFor(CheckBench& bench) {
  for (const int frame_ms : {10, 20, 40, 60}) {
    PARLEY_TRY(Voice::Request request, bench.PlainVoice());
    request.frame_ms = frame_ms;
    HeardVoice heard;
    PARLEY_TRY_STATUS(bench.Speak(request, {"One, two, three."}, heard));
    const auto frames = heard.Of<Voice::Audio>();
    const auto size = static_cast<size_t>(request.sample_rate_hz * frame_ms / 1000);
    for (size_t i = 0; i < frames.size(); ++i) {
      PARLEY_TRY_STATUS(IsWhole(frames[i], size, i + 1 == frames.size()));
    }
  }
  return {};
}

Status RatesChangeNoLength(CheckBench& bench) {
  double length_ms = 0;
  for (const int rate_hz : {8'000, 16'000, 22'050, 24'000, 44'100, 48'000}) {
    PARLEY_TRY(Voice::Request request, bench.PlainVoice());
    request.sample_rate_hz = rate_hz;
    HeardVoice heard;
    PARLEY_TRY_STATUS(bench.Speak(request, {kSentence}, heard));
    PARLEY_TRY(const auto sound, SoundOf(heard, 1));
    const double now_ms = 1000.0 * static_cast<double>(sound.size()) / rate_hz;
    if (length_ms == 0) length_ms = now_ms;
    // Voices that draw their noise anew differ a little.
    if (std::abs(now_ms - length_ms) > 0.1 * length_ms + 40) {
      return Broken("at " + Words(rate_hz) + " Hz it takes " + Words(static_cast<int64_t>(now_ms)) +
                    " ms, at 8000 Hz " + Words(static_cast<int64_t>(length_ms)));
    }
  }
  return {};
}

Status MarksRiseAndReachTheEnd(CheckBench& bench) {
  PARLEY_TRY(const Voice::Request request, bench.PlainVoice());
  const std::string text = "We have 21 apples, and \xC3\xBC more.";
  HeardVoice heard;
  PARLEY_TRY_STATUS(bench.Speak(request, {text}, heard));
  PARLEY_TRY(const auto sound, SoundOf(heard, 1));
  uint32_t end = 0;
  int64_t pts = -1;
  for (const Voice::Mark& mark : heard.Of<Voice::Mark>()) {
    if (mark.text_end <= end || mark.pts_samples < pts) return Broken("a mark goes back");
    if (mark.pts_samples > static_cast<int64_t>(sound.size()))
      return Broken("a mark after the end");
    const bool within = mark.text_end < text.size() && (text[mark.text_end] & 0xC0) == 0x80;
    if (mark.text_end > text.size() || within) return Broken("a mark is not at a character's end");
    end = mark.text_end;
    pts = mark.pts_samples;
  }
  if (end == 0) return Fail(Code::kUnimplemented, "the voice gives no marks");
  if (end + 1 < text.size()) {
    return Broken("the last mark is at byte " + Words(end) + " of " +
                  Words(static_cast<int64_t>(text.size())));
  }
  return {};
}

Status PauseLosesNothing(CheckBench& bench) {
  PARLEY_TRY(Voice::Request request, bench.PlainVoice());
  HeardVoice whole, again, paused;
  PARLEY_TRY_STATUS(bench.Speak(request, {kSentence}, whole));
  PARLEY_TRY_STATUS(bench.Speak(request, {kSentence}, again));
  PARLEY_TRY(const auto expected, SoundOf(whole, 1));
  PARLEY_TRY(const auto repeated, SoundOf(again, 1));
  request.credit_samples = request.sample_rate_hz / 10;
  const auto stream = bench.client().voice().Start(request, paused.Sink());
  stream->Speak(UtteranceId{1}, kSentence, "");
  stream->EndOfText();
  const auto some = [](const auto& events) { return events.size() >= 3; };
  if (!paused.WaitFor(bench.patience_ms(), some)) return Broken("no sound for its credit");
  stream->Pause();
  stream->Grant(int64_t{1} << 40);
  const auto is_paused = [](const auto& events) {
    return std::any_of(events.begin(), events.end(), [](const Voice::Event& event) {
      return std::holds_alternative<Voice::Paused>(event);
    });
  };
  if (!paused.WaitFor(bench.patience_ms(), is_paused)) return Broken("pause is not answered");
  PARLEY_TRY(const auto before, SoundOf(paused, 1));
  const Voice::Paused at = paused.Of<Voice::Paused>().at(0);
  if (at.pts_samples != static_cast<int64_t>(before.size())) {
    return Broken("paused at " + Words(at.pts_samples) + ", heard were " +
                  Words(static_cast<int64_t>(before.size())));
  }
  const auto more = [&](const auto& events) {
    return std::holds_alternative<Voice::Audio>(events.back());
  };
  if (paused.WaitFor(200, more)) return Broken("sound comes while it is paused");
  stream->Resume();
  if (!paused.WaitForEnd(bench.patience_ms())) return Broken("it does not go on after resume");
  PARLEY_TRY(const auto sound, SoundOf(paused, 1));
  // Only a voice that repeats itself exactly can be held to every sample.
  if (expected == repeated && sound != expected) {
    return Broken("what is heard with a pause (" + Words(static_cast<int64_t>(sound.size())) +
                  " samples) is not what is heard without (" +
                  Words(static_cast<int64_t>(expected.size())) + ")");
  }
  return {};
}

Status CreditIsRespected(CheckBench& bench) {
  PARLEY_TRY(Voice::Request request, bench.PlainVoice());
  const int64_t step = request.sample_rate_hz / 10;
  request.credit_samples = step;
  HeardVoice heard;
  const auto stream = bench.client().voice().Start(request, heard.Sink());
  stream->Speak(UtteranceId{1}, kSentence, "");
  stream->EndOfText();
  const auto sum = [](const std::vector<Voice::Event>& events) {
    int64_t samples = 0;
    for (const Voice::Event& event : events) {
      if (const auto* audio = std::get_if<Voice::Audio>(&event)) {
        samples += static_cast<int64_t>(audio->pcm.size());
      }
    }
    return samples;
  };
  int64_t granted = step;
  const int64_t frame = request.sample_rate_hz * request.frame_ms / 1000;
  while (true) {
    const auto used = [&](const auto& events) {
      return sum(events) > granted - frame || (!events.empty() && IsLast(events.back()));
    };
    if (!heard.WaitFor(bench.patience_ms(), used))
      return Broken("credit is left, but no sound comes");
    const auto beyond = [&](const auto& events) { return sum(events) > granted; };
    if (heard.WaitFor(20, beyond)) {
      return Broken(Words(sum(heard.events())) + " samples for a credit of " + Words(granted));
    }
    if (heard.WaitForEnd(0)) return {};
    granted += step;
    stream->Grant(step);
  }
}

Status StreamsDoNotMix(CheckBench& bench) {
  PARLEY_TRY(const ModelInfo model, bench.ModelFor(ModelKind::kTts));
  PARLEY_TRY(const Voice::Request request, bench.PlainVoice());
  // One more than there are slots: it waits its turn.
  const size_t count = static_cast<size_t>(std::clamp(model.slots, 1, 7)) + 1;
  std::vector<HeardVoice> heard(count);
  std::vector<std::unique_ptr<Voice::Stream>> streams;
  for (size_t i = 0; i < count; ++i) {
    streams.push_back(bench.client().voice().Start(request, heard[i].Sink()));
    streams.back()->Speak(UtteranceId{10 + i}, std::string(kSentence), "");
    streams.back()->EndOfText();
  }
  for (size_t i = 0; i < count; ++i) {
    if (!heard[i].WaitForEnd(bench.patience_ms())) return Broken("one of several does not end");
    for (const Voice::Audio& audio : heard[i].Of<Voice::Audio>()) {
      if (audio.utterance.value != 10 + i) return Broken("a stream hears another's utterance");
    }
    const auto done = heard[i].Of<Voice::Done>();
    PARLEY_TRY(const auto sound, SoundOf(heard[i], 10 + i));
    if (done.size() != 1 || done[0].stats.samples != static_cast<int64_t>(sound.size())) {
      return Broken("a stream beside others is not whole");
    }
  }
  return {};
}

Status OddTextsEndLikeOthers(CheckBench& bench) {
  PARLEY_TRY(const Voice::Request request, bench.PlainVoice());
  const std::vector<std::string> texts = {"",
                                          " \n\t ",
                                          "...!?",
                                          "\xF0\x9F\x98\x80\xF0\x9F\x91\x8D",
                                          "a\xCC\x81\xCC\x81\xCC\x81",
                                          "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D",
                                          "<|endofprompt|>[laughter]",
                                          "& < > \" ' \\ / %s {0}",
                                          std::string(400, 'x'),
                                          "1234567890123456789012345",
                                          "That was all."};
  HeardVoice heard;
  const auto stream = bench.client().voice().Start(request, heard.Sink());
  uint64_t id = 0;
  for (const std::string& text : texts) stream->Speak(UtteranceId{++id}, text, "");
  stream->EndOfText();
  if (!heard.WaitForEnd(2 * bench.patience_ms())) return Broken("the stream does not end");
  std::vector<uint64_t> ended;
  for (const Voice::Event& event : heard.events()) {
    if (const auto* done = std::get_if<Voice::Done>(&event)) ended.push_back(done->utterance.value);
    const auto* failed = std::get_if<Voice::Failed>(&event);
    if (failed && !failed->utterance)
      return Broken("the whole stream failed: " + failed->error.message);
    if (failed) ended.push_back(failed->utterance->value);
  }
  for (uint64_t i = 0; i < texts.size(); ++i) {
    if (i < ended.size() && ended[i] == i + 1) continue;
    return Broken("utterance " + Words(static_cast<int64_t>(i + 1)) + " ('" +
                  texts[i].substr(0, 20) + "') has not one end in its turn");
  }
  if (ended.size() != texts.size()) return Broken("an utterance ends twice");
  return {};
}

Status AnUnknownModelIsNamed(CheckBench& bench) {
  PARLEY_TRY(Voice::Request request, bench.PlainVoice());
  request.model = "no/such-model";
  HeardVoice heard;
  const auto stream = bench.client().voice().Start(request, heard.Sink());
  if (!heard.WaitForEnd(bench.patience_ms())) return Broken("no answer");
  const auto failed = heard.Of<Voice::Failed>();
  if (failed.empty() || failed[0].error.code != Code::kNotFound || failed[0].retryable) {
    return Broken("it is not refused as not found");
  }
  if (failed[0].error.message.find("no/such-model") == std::string::npos) {
    return Broken("the refusal does not name it: " + failed[0].error.message);
  }
  return {};
}

}  // namespace

std::vector<NamedCheck> VoiceChecks() {
  return {{"speaks_in_order", &SpeaksInOrder},
          {"sample_sums_are_exact", &SampleSumsAreExact},
          {"frames_are_as_asked_for", &FramesAreAsAskedFor},
          {"rates_change_no_length", &RatesChangeNoLength},
          {"marks_rise_and_reach_the_end", &MarksRiseAndReachTheEnd},
          {"pause_loses_nothing", &PauseLosesNothing},
          {"credit_is_respected", &CreditIsRespected},
          {"streams_do_not_mix", &StreamsDoNotMix},
          {"odd_texts_end_like_others", &OddTextsEndLikeOthers},
          {"unknown_model_is_named", &AnUnknownModelIsNamed}};
}

}  // namespace parley::rpc
