#include "cli/talk/live_talk.h"

#include <fmt/format.h>
#include <portaudio.h>

#include <array>
#include <memory>

#include "audio/echo_canceller.h"
#include "cli/talk/talk_line.h"
#include "cli/talk/talk_script.h"

namespace parley::cli {
namespace {

constexpr int kOpenTimeoutMs = 10'000;
constexpr int kReportEveryTicks = 100 / kTickMs;
// A room's echo and the sound card's own delay.
constexpr int kEchoTailMs = 250;

struct PortAudioSession {
  PortAudioSession() : error(Pa_Initialize()) {}
  ~PortAudioSession() {
    if (error == paNoError) Pa_Terminate();
  }
  const PaError error;
};

struct CloseStream {
  void operator()(PaStream* stream) const {
    Pa_AbortStream(stream);
    Pa_CloseStream(stream);
  }
};
using StreamPtr = std::unique_ptr<PaStream, CloseStream>;

Result<StreamPtr> OpenSoundCard() {
  PaStream* stream = nullptr;
  PaError error =
      Pa_OpenDefaultStream(&stream, 1, 1, paInt16, kTalkRateHz, kTickSamples, nullptr, nullptr);
  if (error != paNoError) {
    return Fail(Code::kUnavailable, fmt::format("cannot open the sound card at {} Hz: {}",
                                                kTalkRateHz, Pa_GetErrorText(error)));
  }
  StreamPtr opened(stream);
  error = Pa_StartStream(stream);
  if (error != paNoError) {
    return Fail(Code::kUnavailable,
                fmt::format("cannot start the sound card: {}", Pa_GetErrorText(error)));
  }
  return opened;
}

class LiveTalk {
 public:
  LiveTalk(const LiveTalkConfig& config, std::unique_ptr<TalkLine> line, StreamPtr sound,
           std::unique_ptr<audio::EchoCanceller> canceller)
      : line_(std::move(line)),
        sound_(std::move(sound)),
        canceller_(std::move(canceller)),
        conversation_(config.talk, loudspeaker_) {}

  Status Run(const std::atomic<bool>& stop, const std::function<void(const LiveWords&)>& show) {
    line_->Send(conversation_.Open());
    while (!conversation_.open()) {
      PARLEY_TRY(const auto message, line_->Receive(kOpenTimeoutMs));
      PARLEY_TRY_STATUS(conversation_.OnMessage(message.bytes));
    }
    for (int64_t tick = 0; !stop; ++tick) {
      PARLEY_TRY_STATUS(Tick(tick));
      while (auto message = line_->Receive(0)) {
        // What a server refuses of ours ends no conversation.
        const Status taken = conversation_.OnMessage(message->bytes);
        if (!taken && taken.error().code == Code::kNotFound) return taken;
      }
      if (!line_->is_open()) {
        conversation_.OnLineLost();
        PARLEY_TRY_STATUS(line_->Restore(conversation_.resume_token(), conversation_.hold_ms()));
      }
      show({.state = conversation_.state(), .conversation = conversation_});
    }
    line_->Close();
    return {};
  }

 private:
  Status Tick(int64_t tick) {
    std::array<int16_t, kTickSamples> heard{};
    std::array<int16_t, kTickSamples> played{};
    // Lost blocks (overflow, underflow) are the sound card's; the next ones go on.
    const PaError error = Pa_ReadStream(sound_.get(), heard.data(), kTickSamples);
    if (error != paNoError && error != paInputOverflowed) {
      return Fail(Code::kUnavailable,
                  fmt::format("the microphone failed: {}", Pa_GetErrorText(error)));
    }
    loudspeaker_.Pull(played);
    Pa_WriteStream(sound_.get(), played.data(), kTickSamples);
    if (canceller_) canceller_->Process(heard, played, heard);
    line_->Send(Conversation::Microphone(heard));
    if (tick % kReportEveryTicks == 0) {
      if (auto report = conversation_.Report()) line_->Send(*std::move(report));
    }
    return {};
  }

  const std::unique_ptr<TalkLine> line_;
  const StreamPtr sound_;
  const std::unique_ptr<audio::EchoCanceller> canceller_;
  Loudspeaker loudspeaker_{kTalkRateHz};
  Conversation conversation_;
};

}  // namespace

Status TalkLive(const LiveTalkConfig& config, const std::atomic<bool>& stop,
                const std::function<void(const LiveWords&)>& show) {
  const PortAudioSession port_audio;
  if (port_audio.error != paNoError) {
    return Fail(Code::kNotFound,
                fmt::format("no sound on this machine: {}", Pa_GetErrorText(port_audio.error)));
  }
  PARLEY_TRY(StreamPtr sound, OpenSoundCard());
  std::unique_ptr<audio::EchoCanceller> canceller;
  if (config.cancel_echo) {
    PARLEY_TRY(canceller,
               audio::EchoCanceller::Create(
                   {.sample_rate_hz = kTalkRateHz, .block_ms = kTickMs, .tail_ms = kEchoTailMs}));
  }
  PARLEY_TRY(auto line, TalkLine::Open(config.url, config.key));
  return LiveTalk(config, std::move(line), std::move(sound), std::move(canceller)).Run(stop, show);
}

}  // namespace parley::cli
