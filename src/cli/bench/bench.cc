#include "cli/bench/bench.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>
#include <thread>

#include "audio/pcm.h"
#include "audio/wav_writer.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/bench/histogram.h"
#include "cli/bench/own_server.h"
#include "cli/bench/scripted_llm.h"
#include "cli/talk/file_talk.h"
#include "net/client.h"

namespace parley::cli::bench {
namespace {

using nlohmann::json;

constexpr size_t kManifestBytesMax = 1 << 20;
constexpr int kSettleSeconds = 3;  // what starting had left to do is over
constexpr int kIdleSeconds = 5;
constexpr std::string_view kShortClause = "Certainly, that is a good question.";
constexpr std::string_view kLongSentence =
    "When the old lighthouse keeper finally climbed the narrow stairs that evening he saw that the "
    "lamp he had cleaned every single day for thirty years was burning without anybody having lit "
    "it";

struct Question {
  std::string text;
  std::filesystem::path file;
  double speech_from_ms = 0;
  double speech_end_ms = 0;

  double speech_ms() const { return speech_end_ms - speech_from_ms; }
};

bool IsPositive(const json& entry, const char* name) {
  return entry.contains(name) && entry[name].is_number() && entry[name].get<double>() > 0;
}

Result<std::vector<Question>> ReadManifest(const std::filesystem::path& folder) {
  const auto manifest = ReadFile(folder / "manifest.jsonl", kManifestBytesMax);
  if (!manifest) {
    return Fail(manifest.error().code, fmt::format("{}; make it with: bench/make_material --out {}",
                                                   manifest.error().message, folder.string()));
  }
  std::vector<Question> read;
  std::istringstream lines(*manifest);
  for (std::string line; std::getline(lines, line);) {
    const json entry = json::parse(line, nullptr, false);
    const bool whole = entry.is_object() && entry.contains("file") && entry["file"].is_string() &&
                       entry.contains("text") && entry["text"].is_string() &&
                       IsPositive(entry, "speech_from_sample") &&
                       IsPositive(entry, "speech_end_sample") &&
                       IsPositive(entry, "sample_rate_hz");
    if (!whole) {
      return Fail(Code::kDataLoss,
                  fmt::format("'{}' line {} is not what bench/make_material writes",
                              (folder / "manifest.jsonl").string(), read.size() + 1));
    }
    const double samples_a_ms = entry["sample_rate_hz"].get<double>() / 1000;
    read.push_back({.text = entry["text"],
                    .file = folder / entry["file"].get<std::string>(),
                    .speech_from_ms = entry["speech_from_sample"].get<double>() / samples_a_ms,
                    .speech_end_ms = entry["speech_end_sample"].get<double>() / samples_a_ms});
  }
  if (read.empty()) {
    return Fail(Code::kNotFound,
                fmt::format("'{}' holds no question", (folder / "manifest.jsonl").string()));
  }
  return read;
}

Result<SpokenInput> Spoken(const Question& question) {
  PARLEY_TRY(SpokenInput input, ReadSpokenInput(question.file));
  input.label = question.text;
  input.speech_end_sample = static_cast<int64_t>(question.speech_end_ms * kTalkRateHz / 1000);
  return input;
}

// One stage of a turn's record, if both ends are known.
void AddStage(const json& turn, const char* name, const char* from, const char* upto,
              Waterfall& waterfall) {
  const json begin = from == nullptr ? json(0.0) : turn.value(from, json());
  const json end = turn.value(upto, json());
  if (!begin.is_number() || !end.is_number()) return;
  waterfall.stages.push_back({.name = name, .from_ms = begin, .upto_ms = end});
}

Waterfall ToWaterfall(const std::string& label, const json& turn) {
  Waterfall waterfall{.label = label};
  AddStage(turn, "end of turn decided", nullptr, "decided_ms", waterfall);
  AddStage(turn, "words settled", nullptr, "transcript_ms", waterfall);
  AddStage(turn, "LLM first token", "reply_started_ms", "first_token_ms", waterfall);
  AddStage(turn, "first clause", "first_token_ms", "first_clause_ms", waterfall);
  AddStage(turn, "voice's first sound", "first_clause_ms", "first_speech_ms", waterfall);
  AddStage(turn, "on its way", "first_speech_ms", "first_frame_ms", waterfall);
  return waterfall;
}

class Bench {
 public:
  Bench(const BenchConfig& config, const BenchProgress& progress, std::vector<Question> material)
      : config_(config), progress_(progress), material_(std::move(material)) {
    const auto count = std::min(material_.size(), static_cast<size_t>(config.questions));
    questions_ = std::span(material_).first(count);
  }

  Result<Report> Run() {
    PARLEY_TRY(const auto llm, ScriptedLlm::Start({}));
    {
      PARLEY_TRY(const auto server, OwnServer::Start(config_.program, {"--llm-url", llm->url(),
                                                                       "--llm-model", "scripted"}));
      MeasureIdle(*server);
      PARLEY_TRY_STATUS(MeasureQuestions(server->url(), "scripted LLM (50 ms to its first token)",
                                         {{.percentile = 50, .value_max = 900}}, true));
      PARLEY_TRY_STATUS(MeasureInterruptions(server->url()));
      PARLEY_TRY_STATUS(MeasureVoice(server->url()));
      PARLEY_TRY_STATUS(MeasureRecognizer(server->url()));
      MeasureMemory(*server, "after the benchmark");
    }
    if (config_.embedded_llm) {
      PARLEY_TRY(const auto server, OwnServer::Start(config_.program, {}));
      PARLEY_TRY_STATUS(MeasureQuestions(server->url(), "embedded LLM, as it comes", {}, false));
    }
    return std::move(report_);
  }

 private:
  Status MeasureQuestions(const std::string& url, const std::string& which,
                          std::vector<Target> targets, bool waterfalls) {
    Series gap{.name = "end of speech to first audible reply sample, " + which,
               .unit = "ms",
               .targets = std::move(targets),
               .note = "semantic_vad; the client's timeline, a session for each question"};
    std::map<std::string, Series> stages;
    int unanswered = 0;
    for (size_t i = 0; i < questions_.size(); ++i) {
      progress_("questions, " + which, static_cast<int>(i), static_cast<int>(questions_.size()));
      PARLEY_TRY(SpokenInput input, Spoken(questions_[i]));
      FileTalkConfig talk{.url = url, .talk = {.echo_free = true}};
      talk.inputs.push_back(std::move(input));
      PARLEY_TRY(const FileTalkReport report, TalkFromFiles(std::move(talk)));
      const SpokenOutcome& outcome = report.outcomes[0];
      if (!outcome.gap_ms) {
        ++unanswered;
        continue;
      }
      gap.values.push_back(*outcome.gap_ms);
      const json turn = json::parse(outcome.turn.record, nullptr, false);
      if (!turn.is_object()) continue;
      Waterfall waterfall = ToWaterfall(questions_[i].text, turn);
      for (const Stage& stage : waterfall.stages) {
        stages[stage.name].values.push_back(stage.upto_ms - stage.from_ms);
      }
      if (waterfalls) report_.waterfalls.push_back(std::move(waterfall));
    }
    if (unanswered > 0) {
      report_.notes.push_back(fmt::format("{}: {} of {} questions got no audible answer.", which,
                                          unanswered, questions_.size()));
    }
    report_.series.push_back(std::move(gap));
    for (auto& [name, series] : stages) {
      series.name = fmt::format("{} ({})", name, which);
      series.unit = "ms";
      report_.series.push_back(std::move(series));
    }
    return {};
  }

  // The agent speaks; the user starts. When was the last sound?
  Status MeasureInterruptions(const std::string& url) {
    Series silence{
        .name = "interruption: user's first sample to last audible sample",
        .unit = "ms",
        .targets = {{.percentile = 95, .value_max = 450}},
        .note =
            "semantic_vad: a pause after 280 ms of voice, a stop when words decide; at the client"};
    for (int i = 0; i + 1 < static_cast<int>(questions_.size()) && i < config_.interruptions; ++i) {
      progress_("interruptions", i, config_.interruptions);
      PARLEY_TRY(SpokenInput first, Spoken(questions_[i]));
      PARLEY_TRY(SpokenInput second, Spoken(questions_[i + 1]));
      FileTalkConfig talk{
          .url = url, .talk = {.echo_free = true}, .script = {.interrupt_after_ms = 600}};
      talk.inputs = {std::move(first), std::move(second)};
      PARLEY_TRY(const FileTalkReport report, TalkFromFiles(std::move(talk)));
      if (report.outcomes[0].silenced_ms) silence.values.push_back(*report.outcomes[0].silenced_ms);
    }
    report_.series.push_back(std::move(silence));
    return MeasureServerSide(url);
  }

  // What only the server sees.
  Status MeasureServerSide(const std::string& url) {
    PARLEY_TRY(const auto page, net::Fetch({.url = url + "/metrics"}));
    constexpr char kNote[] = "the server's own histogram; upper bounds of its buckets";
    report_.series.push_back({.name = "interruption: decision to last audio out of the server",
                              .unit = "ms",
                              .values = HistogramValues(page.body, "parley_stop_ms"),
                              .targets = {{.percentile = 99, .value_max = 10}},
                              .note = kNote});
    report_.series.push_back({.name = "pacing: a frame's lateness",
                              .unit = "ms",
                              .values = HistogramValues(page.body, "parley_frame_late_ms"),
                              .targets = {{.percentile = 99, .value_max = 5}},
                              .note = kNote});
    report_.series.push_back({.name = "recognizer: flush to final, in the conversations above",
                              .unit = "ms",
                              .values = HistogramValues(page.body, "parley_transcript_ms"),
                              .note = kNote});
    return {};
  }

  Result<double> FirstAudioMs(const std::string& url, std::string_view text) {
    const int64_t begin_us = clock_.NowUs();
    int64_t first_us = 0;
    const json body = {
        {"model", "tts-1"}, {"voice", "alloy"}, {"input", text}, {"response_format", "pcm"}};
    PARLEY_TRY(const auto response,
               net::FetchInPieces({.method = "POST",
                                   .url = url + "/v1/audio/speech",
                                   .headers = {{"Content-Type", "application/json"}},
                                   .body = body.dump()},
                                  [&](std::string_view) {
                                    if (first_us == 0) first_us = clock_.NowUs();
                                    return true;
                                  }));
    if (response.status != 200) {
      return Fail(Code::kInternal,
                  fmt::format("/v1/audio/speech answered {}: {}", response.status, response.body));
    }
    return static_cast<double>(first_us - begin_us) / 1000;
  }

  Status MeasureVoice(const std::string& url) {
    Series brief{.name = "voice: first audio, a clause of under 2 s",
                 .unit = "ms",
                 .targets = {{.percentile = 95, .value_max = 200}},
                 .note = "request to first byte of /v1/audio/speech, pcm"};
    Series lengthy{.name = "voice: first audio, a sentence of 10 s that cannot be cut",
                   .unit = "ms",
                   .targets = {{.percentile = 95, .value_max = 500}}};
    for (int i = 0; i < config_.utterances; ++i) {
      progress_("voice", i, config_.utterances);
      PARLEY_TRY(const double brief_ms, FirstAudioMs(url, kShortClause));
      brief.values.push_back(brief_ms);
      PARLEY_TRY(const double lengthy_ms, FirstAudioMs(url, kLongSentence));
      lengthy.values.push_back(lengthy_ms);
    }
    report_.series.push_back(std::move(brief));
    report_.series.push_back(std::move(lengthy));
    return {};
  }

  // About 3 s of speech as a whole file: what a flush costs when nothing was done ahead. Whole
  // questions, in turn: what a recognizer makes of one that is cut in a word says nothing of calls.
  Status MeasureRecognizer(const std::string& url) {
    Series final_pass{.name = "recognizer: final for about 3 s of speech",
                      .unit = "ms",
                      .targets = {{.percentile = 50, .value_max = 350}},
                      .note = "request to answer of /v1/audio/transcriptions on idle cores"};
    const std::vector<Question> asked = NearestTo3s();
    for (int i = 0; i < config_.utterances; ++i) {
      progress_("recognizer", i, config_.utterances);
      PARLEY_TRY(const std::string wav, SpeechOf(asked[static_cast<size_t>(i) % asked.size()]));
      PARLEY_TRY(const double ms, TranscriptionMs(url, wav));
      final_pass.values.push_back(ms);
    }
    report_.series.push_back(std::move(final_pass));
    return {};
  }

  std::vector<Question> NearestTo3s() const {
    constexpr size_t kClips = 5;
    const auto distance = [](const Question& question) {
      return std::abs(question.speech_ms() - 3000);
    };
    std::vector<Question> nearest = material_;
    std::ranges::sort(nearest, {}, distance);
    nearest.resize(std::min(nearest.size(), kClips));
    return nearest;
  }

  // Its speech alone, with 200 ms around it, as a wav file.
  static Result<std::string> SpeechOf(const Question& question) {
    constexpr double kMarginMs = 200;
    PARLEY_TRY(const SpokenInput input, Spoken(question));
    const auto at = [&](double ms) {
      const auto sample = static_cast<int64_t>(ms * kTalkRateHz / 1000);
      return static_cast<size_t>(std::clamp<int64_t>(sample, 0, std::ssize(input.pcm)));
    };
    const size_t from = at(question.speech_from_ms - kMarginMs);
    const auto pcm =
        std::span(input.pcm).subspan(from, at(question.speech_end_ms + kMarginMs) - from);
    std::vector<std::byte> bytes(pcm.size_bytes());
    audio::BytesFromPcm16(pcm, bytes);
    const auto header = audio::WavHeader(kTalkRateHz, std::ssize(pcm));
    std::string wav(reinterpret_cast<const char*>(header.data()), header.size());
    wav.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return wav;
  }

  Result<double> TranscriptionMs(const std::string& url, const std::string& wav) {
    std::string body =
        "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n"
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
        "Content-Type: audio/wav\r\n\r\n" +
        wav + "\r\n--b--\r\n";
    const int64_t begin_us = clock_.NowUs();
    PARLEY_TRY(const auto response,
               net::Fetch({.method = "POST",
                           .url = url + "/v1/audio/transcriptions",
                           .headers = {{"Content-Type", "multipart/form-data; boundary=b"}},
                           .body = std::move(body)}));
    if (response.status != 200) {
      return Fail(Code::kInternal, fmt::format("/v1/audio/transcriptions answered {}: {}",
                                               response.status, response.body));
    }
    return static_cast<double>(clock_.NowUs() - begin_us) / 1000;
  }

  void MeasureIdle(const OwnServer& server) {
    progress_("idle", 0, 1);
    const auto total = [&] {
      double cpu_s = 0;
      for (const ProcessUse& use : UseOfTree(server.pid())) cpu_s += use.cpu_s;
      return cpu_s;
    };
    std::this_thread::sleep_for(std::chrono::seconds(kSettleSeconds));
    const double before_s = total();
    std::this_thread::sleep_for(std::chrono::seconds(kIdleSeconds));
    report_.series.push_back({.name = "processor time of all processes at idle",
                              .unit = "% of one core",
                              .values = {(total() - before_s) / kIdleSeconds * 100}});
    MeasureMemory(server, "warm, before the first caller");
  }

  void MeasureMemory(const OwnServer& server, const std::string& when) {
    for (const ProcessUse& use : UseOfTree(server.pid())) {
      report_.series.push_back({.name = fmt::format("resident memory of {}, {}", use.name, when),
                                .unit = "MB",
                                .values = {use.memory_mb}});
    }
  }

  const BenchConfig& config_;
  const BenchProgress& progress_;
  const std::vector<Question> material_;
  std::span<const Question> questions_;  // those asked
  const SteadyClock clock_;
  Report report_;
};

std::string Machine() {
  std::string model = "unknown processor";
  if (const auto cpuinfo = ReadFile("/proc/cpuinfo", 1 << 20)) {
    const size_t at = cpuinfo->find("model name");
    if (at != std::string::npos) {
      const size_t begin = cpuinfo->find(':', at) + 2;
      model = cpuinfo->substr(begin, cpuinfo->find('\n', begin) - begin);
    }
  }
  return fmt::format("{}, {} cores", model, std::thread::hardware_concurrency());
}

}  // namespace

Result<Report> RunBench(const BenchConfig& config, const BenchProgress& progress) {
  PARLEY_TRY(auto material, ReadManifest(config.material));
  PARLEY_TRY(Report report, Bench(config, progress, std::move(material)).Run());
  report.title = "How a conversation with Parley feels";
  report.machine = Machine();
  report.commit = config.commit.empty() ? "unknown" : config.commit;
  report.date = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  return report;
}

}  // namespace parley::cli::bench
