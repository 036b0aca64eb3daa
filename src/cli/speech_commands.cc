#include "cli/speech_commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "cli/client.h"
#include "cli/interrupt.h"

namespace parley::cli {
namespace {

constexpr size_t kAudioBytesMax = 256 << 20;
constexpr int64_t kSpeechTimeoutMs = 600'000;

struct SayOptions {
  std::string text;
  std::string out;
  std::string voice = "alloy";
  std::string model = "tts-1";
  double speed = 1.0;
};

// Speech goes into a part file until it is whole, or straight to a pipe.
Result<int> Say(const ConfigOptions& config, SayOptions options) {
  PARLEY_TRY(const std::string format,
             options.out == "-" ? Result<std::string>("wav") : AudioFormatOf(options.out));
  PARLEY_TRY(const Settings settings, ReadSettings(config));
  if (options.text == "-") {
    options.text.assign(std::istreambuf_iterator<char>(std::cin), {});
  }
  const nlohmann::json body{{"model", options.model},
                            {"voice", options.voice},
                            {"input", options.text},
                            {"response_format", format},
                            {"speed", options.speed}};
  net::HttpCall call{.method = "POST", .timeout_ms = kSpeechTimeoutMs};
  call.headers.Set("Content-Type", "application/json");
  call.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  call.body_bytes_max = kAudioBytesMax;
  const std::string part = options.out == "-" ? "/dev/stdout" : options.out + ".part";
  std::ofstream out(part, std::ios::binary);
  if (!out) return Fail(Code::kPermissionDenied, fmt::format("cannot write to '{}'", part));
  const Client client = Client::Find(settings);
  const auto answer = client.CallInPieces(call, "/v1/audio/speech", [&](std::string_view piece) {
    out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    return out.good() && !InterruptFlag();
  });
  out.close();
  std::error_code error;
  if (options.out == "-") {
    if (!answer) return Fail(answer.error());
    return kDone;
  }
  if (!answer || !out) {
    std::filesystem::remove(part, error);
    if (answer) return Fail(Code::kResourceExhausted, fmt::format("cannot write '{}'", part));
    return Fail(answer.error());
  }
  std::filesystem::rename(part, options.out, error);
  if (error) return Fail(Code::kInternal, fmt::format("cannot make '{}'", options.out));
  return kDone;
}

struct TranscribeOptions {
  std::string file;
  std::string model = "whisper-1";
  std::string language;
  std::string format = "text";
};

std::string RandomBoundary() {
  SplitMix64 random(static_cast<uint64_t>(SteadyClock().NowUs()) ^
                    (static_cast<uint64_t>(::getpid()) << 32));
  return fmt::format("parley-{:016x}{:016x}", random.Next(), random.Next());
}

Result<int> Transcribe(const ConfigOptions& config, const TranscribeOptions& options) {
  PARLEY_TRY(const Settings settings, ReadSettings(config));
  PARLEY_TRY(const std::string audio, ReadFile(options.file, kAudioBytesMax));
  const std::string boundary = RandomBoundary();
  net::HttpCall call{.method = "POST", .timeout_ms = kSpeechTimeoutMs};
  call.headers.Set("Content-Type", "multipart/form-data; boundary=" + boundary);
  call.body = TranscriptionForm(boundary, std::filesystem::path(options.file).filename().string(),
                                audio, options.model, options.language,
                                options.format == "text" ? "json" : options.format);
  PARLEY_TRY(const net::HttpResponse answer,
             Client::Find(settings).Call(call, "/v1/audio/transcriptions"));
  if (options.format != "text") {
    fmt::print("{}\n", answer.body);
    return kDone;
  }
  const auto json = nlohmann::json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("text") || !json["text"].is_string()) {
    return Fail(Code::kDataLoss,
                fmt::format("the server's answer has no text: {}", answer.body.substr(0, 200)));
  }
  fmt::print("{}\n", json["text"].get<std::string>());
  return kDone;
}

}  // namespace

Result<std::string> AudioFormatOf(const std::string& path) {
  for (const std::string_view format : {"wav", "mp3", "pcm"}) {
    if (path.ends_with("." + std::string(format))) return std::string(format);
  }
  return Fail(
      Code::kInvalidArgument,
      fmt::format("--out '{}' must end in .wav, .mp3 or .pcm, or be - for a wav on stdout", path));
}

std::string TranscriptionForm(std::string_view boundary, std::string_view file_name,
                              std::string_view audio, std::string_view model,
                              std::string_view language, std::string_view format) {
  std::string form;
  const auto field = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    form += fmt::format("--{}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n",
                        boundary, name, value);
  };
  field("model", model);
  field("language", language);
  field("response_format", format);
  // A quote or line break would end the name (RFC 7578 §2, as browsers escape it).
  std::string name;
  for (const char c : file_name) {
    if (c == '"') name += "%22";
    if (c == '\r' || c == '\n') name += '_';
    if (c != '"' && c != '\r' && c != '\n') name += c;
  }
  form += fmt::format(
      "--{}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\n",
      boundary, name);
  form += audio;
  form += fmt::format("\r\n--{}--\r\n", boundary);
  return form;
}

void AddSayCommand(CLI::App& app, Context& context) {
  CLI::App& say = *app.add_subcommand("say", "Speak a text into a file");
  auto options = std::make_shared<SayOptions>();
  say.add_option("TEXT", options->text, "What to say; - reads standard input")->required();
  say.add_option("--out", options->out, "A file ending in .wav, .mp3 or .pcm; - is wav on stdout")
      ->required();
  say.add_option("--voice", options->voice, "A voice of the server")->capture_default_str();
  say.add_option("--model", options->model, "A voice model of the server")->capture_default_str();
  say.add_option("--speed", options->speed, "Tempo")
      ->check(CLI::Range(0.25, 4.0))
      ->capture_default_str();
  AddClientOptions(say, context);
  SetExamples(say,
              "  parley say 'Good morning.' --out morning.wav\n"
              "  fortune | parley say - --out - | aplay\n");
  SetWork(say, context, [&context, options] { return Say(context.config, *options); });
}

void AddTranscribeCommand(CLI::App& app, Context& context) {
  CLI::App& transcribe = *app.add_subcommand("transcribe", "Write down what is said in a file");
  auto options = std::make_shared<TranscribeOptions>();
  transcribe.add_option("FILE", options->file, "Audio in any format the server reads")->required();
  transcribe.add_option("--model", options->model, "A recognizer of the server")
      ->capture_default_str();
  transcribe.add_option("--language", options->language, "Language spoken, like en");
  transcribe.add_option("--format", options->format, "What to print")
      ->check(CLI::IsMember({"text", "json", "verbose_json", "srt", "vtt"}))
      ->capture_default_str();
  AddClientOptions(transcribe, context);
  SetExamples(transcribe,
              "  parley transcribe question.wav\n"
              "  parley transcribe talk.mp3 --format srt > talk.srt\n");
  SetWork(transcribe, context,
          [&context, options] { return Transcribe(context.config, *options); });
}

}  // namespace parley::cli
