#include "cli/talk_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "audio/wav_writer.h"
#include "cli/client.h"
#include "cli/internal/audio_devices.h"
#include "cli/interrupt.h"
#include "cli/talk/file_talk.h"
#include "cli/talk/live_talk.h"

namespace parley::cli {
namespace {

struct TalkCommandOptions {
  std::vector<std::string> inputs;
  std::string out;
  std::string voice;
  std::string instructions;
  int interrupt_after_ms = -1;
  bool json = false;
  bool headset = false;
  bool server_vad = false;
};

void PrintOutcomes(const FileTalkReport& report) {
  for (const SpokenOutcome& outcome : report.outcomes) {
    std::printf("you:    %s\n", outcome.turn.transcript.c_str());
    std::printf("parley: %s\n", outcome.turn.reply.c_str());
    if (outcome.turn.status != "completed") {
      std::printf("        (%s; heard: %s)\n", outcome.turn.status.c_str(),
                  outcome.turn.heard.c_str());
    }
    if (outcome.gap_ms) std::printf("        answered after %.0f ms\n", *outcome.gap_ms);
  }
  for (const std::string& error : report.errors) {
    std::fprintf(stderr, "parley: %s\n", error.c_str());
  }
}

Result<int> TalkThroughFiles(const Client& client, const TalkCommandOptions& options,
                             TalkOptions talk) {
  // No sound of ours can reach a file.
  talk.echo_free = true;
  FileTalkConfig config{.url = client.url(), .key = client.key(), .talk = std::move(talk)};
  if (options.interrupt_after_ms >= 0)
    config.script.interrupt_after_ms = options.interrupt_after_ms;
  for (const std::string& path : options.inputs) {
    PARLEY_TRY(SpokenInput input, ReadSpokenInput(path));
    config.inputs.push_back(std::move(input));
  }
  PARLEY_TRY(const FileTalkReport report, TalkFromFiles(std::move(config)));
  if (!options.out.empty()) {
    PARLEY_TRY_STATUS(
        audio::WriteWavFile(options.out, kTalkRateHz, std::span<const int16_t>(report.heard)));
  }
  if (options.json) {
    std::fputs(FileTalkJson(report).c_str(), stdout);
  } else {
    PrintOutcomes(report);
  }
  for (const SpokenOutcome& outcome : report.outcomes) {
    if (outcome.turn.status == "no_reply") return kFailed;
  }
  return kDone;
}

// Prints each settled line once, and the state on a line of its own that is written over.
class LiveScreen {
 public:
  void Show(const LiveWords& words) {
    const auto& turns = words.conversation.turns();
    for (; printed_ < turns.size() && turns[printed_].status != "in_progress"; ++printed_) {
      const TalkTurn& turn = turns[printed_];
      Clear();
      std::printf("you:    %s\nparley: %s%s\n", turn.transcript.c_str(), turn.reply.c_str(),
                  turn.status == "cancelled" ? " —" : "");
      state_.clear();
    }
    if (!terminal_ || words.state == state_) return;
    Clear();
    std::printf("%.*s…", static_cast<int>(words.state.size()), words.state.data());
    std::fflush(stdout);
    state_ = words.state;
  }

  ~LiveScreen() { Clear(); }

 private:
  void Clear() const {
    if (terminal_) std::fputs("\r\033[K", stdout);
  }

  const bool terminal_ = ::isatty(STDOUT_FILENO) != 0;
  size_t printed_ = 0;
  std::string state_;
};

Result<int> Talk(const ConfigOptions& config, const TalkCommandOptions& options) {
  PARLEY_TRY(const Settings settings, ReadSettings(config));
  const Client client = Client::Find(settings);
  TalkOptions talk{.voice = options.voice,
                   .instructions = options.instructions,
                   .semantic_vad = !options.server_vad,
                   .echo_free = options.headset};
  if (!options.inputs.empty()) return TalkThroughFiles(client, options, std::move(talk));
  if (!options.out.empty() || options.json) {
    return Fail(Code::kInvalidArgument, "--out and --json go with --in: give a sound file to say");
  }
  const internal::AudioDevices devices = internal::FindAudioDevices();
  if (devices.input.empty() || devices.output.empty()) {
    return Fail(Code::kNotFound,
                fmt::format("no {} was found; connect one, or talk from files: parley talk --in "
                            "question.wav --out answer.wav",
                            devices.input.empty() ? "microphone" : "loudspeaker"));
  }
  LiveScreen screen;
  PARLEY_TRY_STATUS(TalkLive({.url = client.url(),
                              .key = client.key(),
                              .talk = std::move(talk),
                              .cancel_echo = !options.headset},
                             InterruptFlag(), [&](const LiveWords& words) { screen.Show(words); }));
  return kDone;
}

}  // namespace

void AddTalkCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<TalkCommandOptions>();
  CLI::App& command =
      *app.add_subcommand("talk", "Talk to a running server, aloud or with sound files");
  command.add_option("--in", options->inputs, "A sound file to say; several are several turns")
      ->type_name("FILE");
  command.add_option("--out", options->out, "Write what was heard to this wav")->type_name("FILE");
  command.add_flag("--json", options->json, "Print the turns as JSON, with their waterfalls");
  command
      .add_option("--interrupt-after-ms", options->interrupt_after_ms,
                  "Say the second file so long after the first answer became audible")
      ->check(CLI::Range(0, 60'000));
  command.add_option("--voice", options->voice, "A voice of the server");
  command.add_option("--instructions", options->instructions, "What the agent is told to be");
  command.add_flag("--headset", options->headset, "No echo cancellation: nothing can come back");
  command.add_flag("--server-vad", options->server_vad,
                   "End turns by a fixed silence instead of by meaning");
  AddClientOptions(command, context);
  SetExamples(
      command,
      "  parley talk\n"
      "  parley talk --in question.wav --out answer.wav --json\n"
      "  parley talk --in story.wav --in stop.wav --interrupt-after-ms 700 --out all.wav\n");
  SetWork(command, context, [&context, options] { return Talk(context.config, *options); });
}

}  // namespace parley::cli
