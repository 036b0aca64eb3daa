#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/internal/conformance_bench.h"

namespace parley::engine::internal {
namespace {

// Audio beyond full scale by more than this is not in [-1, 1] by any rounding.
constexpr float kFullScale = 1.5F;

// --- Text to speech

Result<uint32_t> Speak(ConformanceBench& bench, const std::vector<std::string>& texts,
                       int64_t credit = kPlenty) {
  PARLEY_TRY(const uint32_t stream, Open(bench, credit));
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  uint64_t utterance = 0;
  for (const std::string& text : texts) {
    engine->Send(stream, Text{.utterance = ++utterance, .text = text});
  }
  return stream;
}

Status CheckUtterance(const Log& log, uint64_t utterance) {
  int64_t samples = 0;
  float peak = 0;
  std::optional<uint64_t> ended;
  for (const Received& received : log.all) {
    if (const auto* audio = received.Audio(); audio && ended.value_or(0) + 1 == utterance) {
      samples += static_cast<int64_t>(audio->size());
      for (const float sample : *audio) {
        if (!std::isfinite(sample)) return Broken("a sample is not a finite number");
        peak = std::max(peak, std::abs(sample));
      }
    }
    const Done* done = received.Get<Done>();
    if (!done || !done->utterance) continue;
    ended = done->utterance;
    if (*done->utterance != utterance) continue;
    if (done->samples == samples && samples > 0 && peak > 0 && peak < kFullScale) return {};
    return Broken(fmt::format("utterance {}: {} samples came, done says {}; the loudest is {}",
                              utterance, samples, done->samples, peak));
  }
  return Broken(fmt::format("no done for utterance {}", utterance));
}

Status SpeaksInOrder(ConformanceBench& bench) {
  const std::string& text = bench.config().text;
  PARLEY_TRY(const uint32_t stream, Speak(bench, {text, text, text}));
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  engine->Send(stream, End{});
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  const Log& log = bench.LogOf(stream);
  PARLEY_TRY_STATUS(CheckDone(log));
  for (const uint64_t utterance : {1, 2, 3}) PARLEY_TRY_STATUS(CheckUtterance(log, utterance));
  return {};
}

Status MarksRise(ConformanceBench& bench) {
  PARLEY_TRY_STATUS(bench.Ready());
  if (!bench.Can("marks")) return NotHere("it gives no marks");
  const std::string text = "Caf\u00e9 au lait, two words more.";
  PARLEY_TRY(const uint32_t stream, Speak(bench, {text}));
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  engine->Send(stream, End{});
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  const auto marks = bench.LogOf(stream).All<Mark>();
  if (marks.size() < 3) return Broken(fmt::format("{} marks for six words", marks.size()));
  const Mark* before = nullptr;
  for (const Mark& mark : marks) {
    const auto end = static_cast<size_t>(mark.text_end);
    if (mark.utterance != 1) return Broken("a mark names another utterance");
    if (end > text.size()) return Broken("a mark lies behind the text");
    if (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
      return Broken(fmt::format("mark {} cuts a UTF-8 character", end));
    }
    if (mark.sample > bench.LogOf(stream).samples) return Broken("a mark lies behind the audio");
    if (before && (mark.text_end < before->text_end || mark.sample < before->sample)) {
      return Broken("the marks fall");
    }
    before = &mark;
  }
  return {};
}

Status KeepsToItsCredit(ConformanceBench& bench) {
  constexpr int64_t kFirst = 1'000;
  constexpr int64_t kSecond = 777;
  PARLEY_TRY(const uint32_t stream, Speak(bench, {bench.config().text}, kFirst));
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  const Log& log = bench.LogOf(stream);
  for (const int64_t allowed : {kFirst, kFirst + kSecond}) {
    PARLEY_TRY_STATUS(bench.Pump([&] { return log.samples >= allowed; },
                                 fmt::format("{} samples", allowed), bench.config().answer_ms));
    (void)bench.Pump([&] { return log.samples > allowed; }, "more than its credit", kQuietMs);
    if (log.samples > allowed) {
      return Broken(fmt::format("{} samples came with credit for {}", log.samples, allowed));
    }
    engine->Send(stream, Credit{kSecond});
  }
  // Now without credit for more: a cancel must find it all the same.
  PARLEY_TRY_STATUS(bench.Pump([&] { return log.samples >= kFirst + 2 * kSecond; }, "the rest",
                               bench.config().answer_ms));
  return CancelAndCheck(bench, stream);
}

Status StopsSpeakingWhenCancelled(ConformanceBench& bench) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += bench.config().text + " ";
  PARLEY_TRY(const uint32_t stream, Speak(bench, {text, text}));
  const Log& log = bench.LogOf(stream);
  PARLEY_TRY_STATUS(
      bench.Pump([&] { return log.samples > 0; }, "first audio", bench.config().answer_ms));
  PARLEY_TRY_STATUS(CancelAndCheck(bench, stream));
  return ServesAWholeStream(bench);
}

Status SurvivesOddTexts(ConformanceBench& bench) {
  const std::vector<std::string> texts = {
      "",
      "   \t\n ",
      "...!?",
      "\u0001\u0002\u001b[31m bell\u0007",
      "\U0001F600\U0001F680\U0001F468\u200D\U0001F469\u200D\U0001F467",
      "English \u4e2d\u6587 \u0440\u0443\u0441\u0441\u043a\u0438\u0439 "
      "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 mixed",
      "<|endofprompt|> [laughter] <speak>&amp;</speak>",
      "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft",
      "e\u0301\u0301\u0301\u0301\u0301 \u202eright to left\u202c \ufeff",
      "1234567890 $12.50 3/4 12:30 a@b.c https://x.y/z?q=1",
  };
  PARLEY_TRY(const uint32_t stream, Speak(bench, texts));
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  engine->Send(stream, End{});
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  const Log& log = bench.LogOf(stream);
  PARLEY_TRY_STATUS(CheckDone(log));
  size_t ended = 0;
  for (const Done& done : log.All<Done>()) ended += done.utterance ? 1 : 0;
  ended += log.All<ErrorMessage>().size();
  if (ended == texts.size()) return {};
  return Broken(fmt::format("{} of {} utterances ended", ended, texts.size()));
}

Status SurvivesALongText(ConformanceBench& bench) {
  PARLEY_TRY(const uint32_t stream, Speak(bench, {std::string(kTextBytesMax, 'a')}, 1));
  (void)bench.Pump([] { return false; }, "a while", kQuietMs);
  PARLEY_TRY_STATUS(CancelAndCheck(bench, stream));
  PARLEY_TRY(const uint32_t refused, Speak(bench, {std::string(kTextBytesMax + 1, 'a')}));
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(refused));
  if (bench.LogOf(refused).All<ErrorMessage>().empty()) {
    return Broken("a text longer than 16 KiB was accepted");
  }
  return {};
}

Status RefusesFallingUtterances(ConformanceBench& bench) {
  PARLEY_TRY(const uint32_t stream, Open(bench));
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  engine->Send(stream, Text{.utterance = 2, .text = "two"});
  engine->Send(stream, Text{.utterance = 1, .text = "one"});
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  if (bench.LogOf(stream).All<ErrorMessage>().empty()) return Broken("they were accepted");
  return CheckClosed(bench.LogOf(stream));
}

Status TakesAPrompt(ConformanceBench& bench) {
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  if (!bench.Can("prompt")) return NotHere("it takes no prompt");
  const uint32_t stream = bench.NextStream();
  Start start = bench.PlainStart(kPlenty);
  start.request =
      TtsStart{.prompt = Prompt{.text = "a test",
                                .sample_rate_hz = 16'000,
                                .samples = static_cast<int64_t>(bench.speech().size())}};
  engine->Send(stream, start);
  engine->SendAudio(stream, bench.speech());
  Feed(bench, *engine, stream);
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  return CheckDone(bench.LogOf(stream));
}

// --- Speech to text

Status AnswersEachFlush(ConformanceBench& bench) {
  PARLEY_TRY(const uint32_t stream, Open(bench));
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  const auto room = static_cast<size_t>(bench.loaded()->credit_samples);
  const auto speech = std::span(bench.speech()).first(std::min(room, bench.speech().size()));
  const size_t half = speech.size() / 2;
  engine->SendAudio(stream, speech.first(half));
  engine->Send(stream, Flush{7});
  engine->SendAudio(stream, speech.subspan(half));
  engine->Send(stream, Flush{8});
  engine->Send(stream, End{});
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  const Log& log = bench.LogOf(stream);
  PARLEY_TRY_STATUS(CheckDone(log));
  const auto finals = log.All<Final>();
  if (finals.size() != 2) return Broken(fmt::format("{} finals for two flushes", finals.size()));
  if (finals[0].flush_id != 7 || finals[1].flush_id != 8) return Broken("the flush ids are wrong");
  const auto heard = static_cast<int64_t>(speech.size());
  if (finals[0].upto_sample == static_cast<int64_t>(half) && finals[1].upto_sample == heard) {
    return {};
  }
  return Broken(fmt::format("the finals reach to {} and {}, {} and {} were sent",
                            finals[0].upto_sample, finals[1].upto_sample, half, heard));
}

int64_t Granted(const Log& log) {
  int64_t granted = 0;
  for (const Credit& credit : log.All<Credit>()) granted += credit.samples;
  return granted;
}

Status GivesCreditForWhatItTakes(ConformanceBench& bench) {
  PARLEY_TRY(const uint32_t stream, Open(bench));
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  Feed(bench, *engine, stream);
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  const int64_t granted = Granted(bench.LogOf(stream));
  const int64_t sent =
      std::min(bench.loaded()->credit_samples, static_cast<int64_t>(bench.speech().size()));
  if (granted == sent) return {};
  return Broken(fmt::format("{} samples were sent, credit came for {}", sent, granted));
}

Status RefusesAudioBeyondItsCredit(ConformanceBench& bench) {
  PARLEY_TRY(const uint32_t stream, Open(bench));
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  constexpr int64_t kTestedMax = int64_t{1} << 24;
  const int64_t credit = bench.loaded()->credit_samples;
  if (credit > kTestedMax) return NotHere("its credit is vast");
  const int64_t sent = 2 * credit + 65'536;
  engine->SendAudio(stream, std::vector<float>(static_cast<size_t>(sent)));
  engine->Send(stream, End{});
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  const Log& log = bench.LogOf(stream);
  if (!log.All<ErrorMessage>().empty()) return ServesAWholeStream(bench);
  // One that takes audio as fast as it comes cannot be overrun.
  if (Granted(log) + credit >= sent) return NotHere("it takes audio faster than it was sent");
  return Broken(
      fmt::format("{} samples were accepted with credit for {}", sent, Granted(log) + credit));
}

Status EndAnswersWithAFinal(ConformanceBench& bench) {
  PARLEY_TRY(const uint32_t stream, Open(bench));
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  Feed(bench, *engine, stream);
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  const auto finals = bench.LogOf(stream).All<Final>();
  if (finals.size() != 1 || finals[0].flush_id) {
    return Broken("end after audio must be answered by one final without flush_id");
  }
  return {};
}

Status HearsNothingInNothing(ConformanceBench& bench) {
  PARLEY_TRY(const uint32_t stream, Open(bench));
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  engine->Send(stream, Flush{1});
  engine->Send(stream, End{});
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  PARLEY_TRY_STATUS(CheckDone(bench.LogOf(stream)));
  const auto finals = bench.LogOf(stream).All<Final>();
  if (finals.size() == 1 && finals[0].text.empty()) return {};
  return Broken("a flush without audio must give one final without text");
}

Status KeepsPartialsBackWhenOff(ConformanceBench& bench) {
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  const uint32_t stream = bench.NextStream();
  engine->Send(stream, Start{.request = AsrStart{.sample_rate_hz = 16'000, .partials = false}});
  Feed(bench, *engine, stream);
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  return bench.LogOf(stream).All<Partial>().empty() ? Status() : Broken("partials came");
}

// --- Language models

Status AnswersWithText(ConformanceBench& bench) {
  PARLEY_TRY(const uint32_t stream, Open(bench));
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  const Log& log = bench.LogOf(stream);
  PARLEY_TRY_STATUS(CheckDone(log));
  if (log.All<Delta>().empty()) return Broken("no text came");
  const auto dones = log.All<Done>();
  if (dones.back().tokens <= 0) return Broken("done.tokens is 0");
  return {};
}

Status KeepsToMaxTokens(ConformanceBench& bench) {
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  const uint32_t stream = bench.NextStream();
  Start start = bench.PlainStart(0);
  std::get<LlmStart>(start.request).sampling.max_tokens = 3;
  engine->Send(stream, start);
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  const auto dones = bench.LogOf(stream).All<Done>();
  if (dones.empty()) return Broken("no done");
  if (dones.back().tokens > 3) return Broken(fmt::format("{} tokens", dones.back().tokens));
  return {};
}

Status StopsWritingWhenCancelled(ConformanceBench& bench) {
  PARLEY_TRY(const uint32_t stream, Open(bench));
  const Log& log = bench.LogOf(stream);
  PARLEY_TRY_STATUS(bench.Pump([&] { return !log.All<Delta>().empty() || log.idle; }, "first text",
                               bench.config().answer_ms));
  if (!log.idle) PARLEY_TRY_STATUS(CancelAndCheck(bench, stream));
  return ServesAWholeStream(bench);
}

}  // namespace

std::vector<NamedCheck> KindChecks(ModelKind kind) {
  const std::vector<NamedCheck> tts = {
      {"speaks_in_order", SpeaksInOrder},
      {"marks_rise", MarksRise},
      {"keeps_to_its_credit", KeepsToItsCredit},
      {"stops_speaking_when_cancelled", StopsSpeakingWhenCancelled},
      {"survives_odd_texts", SurvivesOddTexts},
      {"survives_a_long_text", SurvivesALongText},
      {"refuses_falling_utterances", RefusesFallingUtterances},
      {"takes_a_prompt", TakesAPrompt},
  };
  const std::vector<NamedCheck> asr = {
      {"answers_each_flush", AnswersEachFlush},
      {"end_answers_with_a_final", EndAnswersWithAFinal},
      {"hears_nothing_in_nothing", HearsNothingInNothing},
      {"gives_credit_for_what_it_takes", GivesCreditForWhatItTakes},
      {"refuses_audio_beyond_its_credit", RefusesAudioBeyondItsCredit},
      {"keeps_partials_back_when_off", KeepsPartialsBackWhenOff},
  };
  const std::vector<NamedCheck> llm = {
      {"answers_with_text", AnswersWithText},
      {"keeps_to_max_tokens", KeepsToMaxTokens},
      {"stops_writing_when_cancelled", StopsWritingWhenCancelled},
  };
  return kind == ModelKind::kTts ? tts : kind == ModelKind::kAsr ? asr : llm;
}

}  // namespace parley::engine::internal
