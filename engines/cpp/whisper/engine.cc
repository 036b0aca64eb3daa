#include "whisper/engine.h"

#include <fmt/format.h>
#include <ggml.h>
#include <whisper.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "ggml/pack.h"
#include "ggml/runtime.h"
#include "whisper/limits.h"

namespace parley::whisper {
namespace {

// What a stream may send before it is consumed: more than one pass takes to compute.
constexpr int64_t kCreditSamples = int64_t{30} * kSampleRateHz;

ports::Recognizer::Word ToWord(const HeardWord& word) {
  return {word.text, word.from_sample, word.upto_sample, word.confidence};
}

engine::Partial ToPartial(const Hearing& hearing) {
  engine::Partial partial;
  partial.text = Join(hearing.words);
  partial.stable_words = static_cast<int>(hearing.stable_words);
  partial.upto_sample = hearing.upto_sample;
  return partial;
}

engine::Final ToFinal(const Hearing& hearing, double compute_ms) {
  engine::Final result;
  result.upto_sample = hearing.upto_sample;
  result.text = Join(hearing.words);
  for (const HeardWord& word : hearing.words) result.words.push_back(ToWord(word));
  result.language = hearing.language;
  result.confidence = hearing.confidence;
  result.no_speech = hearing.words.empty();
  result.compute_ms = compute_ms;
  return result;
}

Status AnswerFinal(Segment& segment, engine::AsrStream& stream) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point started = Clock::now();
  PARLEY_TRY(const std::optional<Hearing> hearing,
             segment.Final([&stream] { return stream.cancelled(); }));
  const std::chrono::duration<double, std::milli> took = Clock::now() - started;
  if (hearing) stream.Final(ToFinal(*hearing, took.count()));
  return {};
}

Status MaybePartial(Segment& segment, engine::AsrStream& stream) {
  // Settling is work for the final; only a cancel stops it.
  PARLEY_TRY(const bool settled, segment.Settle([&stream] { return stream.cancelled(); }));
  if (!settled || !stream.partials() || !segment.PartialDue() || stream.urgent()) return {};
  PARLEY_TRY(const std::optional<Hearing> hearing,
             segment.Partial([&stream] { return stream.urgent(); }));
  if (hearing) stream.Partial(ToPartial(*hearing));
  return {};
}

Result<int> IntOption(engine::OptionReader& options, const char* name, int fallback, int min,
                      int max) {
  PARLEY_TRY(const int64_t value, options.Int(name, fallback, min, max));
  return static_cast<int>(value);
}

}  // namespace

Result<engine::Loaded> Engine::Load(const engine::Load& load, engine::LoadProgress& progress) {
  if (!load.device.empty() && load.device != "cpu") {
    return Fail(Code::kInvalidArgument,
                fmt::format("this engine runs on the CPU, and device '{}' was asked for; set it to "
                            "'cpu'",
                            load.device));
  }
  constexpr int kThreadsMax = 64;
  engine::OptionReader options(load);
  WhisperModel::Config config;
  PARLEY_TRY(config.streams, IntOption(options, "slots", config.streams, 1, 16));
  PARLEY_TRY(config.threads, IntOption(options, "threads", ggml::DefaultThreads(), 1, kThreadsMax));
  PARLEY_TRY(config.partial_threads,
             IntOption(options, "partial_threads", config.partial_threads, 1, kThreadsMax));
  PARLEY_TRY(config.lanes, IntOption(options, "lanes", config.lanes, 1, 16));
  PARLEY_TRY(segment_.partial_interval_ms,
             IntOption(options, "partial_interval_ms", segment_.partial_interval_ms, 100, 10'000));
  PARLEY_TRY(segment_.final_context,
             IntOption(options, "final_context", segment_.final_context, 64, kAudioContextMax));
  PARLEY_TRY(segment_.partial_context,
             IntOption(options, "partial_context", segment_.partial_context, 64, kAudioContextMax));
  PARLEY_TRY_STATUS(options.CheckAllUsed());
  PARLEY_TRY(config.file, ggml::FindModelFile(load.pack, ".bin"));

  progress.Report(0.1, "reading weights");
  PARLEY_TRY(model_, WhisperModel::Create(config));
  progress.Report(1, "warm");
  engine::Loaded loaded;
  loaded.sample_rate_hz = kSampleRateHz;
  loaded.slots = config.streams;
  loaded.credit_samples = kCreditSamples;
  loaded.languages = model_->Languages();
  loaded.capabilities = {"partials", "words", "confidence", "no_speech"};
  if (model_->multilingual()) loaded.capabilities.push_back("translate");
  return loaded;
}

Status Engine::Transcribe(const engine::AsrStart& start, engine::AsrStream& stream) {
  if (start.sample_rate_hz != kSampleRateHz) {
    return Fail(Code::kInvalidArgument,
                fmt::format("audio of {} Hz was offered, and this recognizer takes {} Hz; resample "
                            "it first",
                            start.sample_rate_hz, kSampleRateHz));
  }
  Segment::Config config = segment_;
  PARLEY_TRY(config.language, model_->LanguageCode(start.language));
  config.translate = start.translate && model_->multilingual();
  config.partial_interval_ms = std::max(config.partial_interval_ms, start.partials_min_interval_ms);
  const std::unique_ptr<Transcriber> transcriber = model_->Lend();
  Segment segment(std::move(config), *transcriber);
  while (const auto input = stream.Next()) {
    segment.Append(input->audio);
    PARLEY_TRY_STATUS(input->wants_final ? AnswerFinal(segment, stream)
                                         : MaybePartial(segment, stream));
  }
  return {};
}

engine::EngineInfo Info() {
  engine::EngineInfo info;
  info.name = "whisper";
  info.version = "1.0.0";
  info.runtime = {{"whisper.cpp", whisper_version()}, {"ggml", ggml_version()}};
  info.help =
      "Speech to text by whisper.cpp: partials while somebody speaks, finals with the times of the "
      "words.\n"
      "Options of a pack: slots, threads, partial_threads, lanes, partial_interval_ms, "
      "final_context, partial_context.\n\n"
      "  parley-engine-whisper --import FOLDER --out FILE [--type q8_0|f16]\n"
      "      turns a CTranslate2 folder (faster-whisper) into a ggml file";
  return info;
}

}  // namespace parley::whisper
