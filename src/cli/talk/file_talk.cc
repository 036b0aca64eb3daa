#include "cli/talk/file_talk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "audio/audio_file.h"
#include "audio/pcm.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/talk/talk_line.h"

namespace parley::cli {
namespace {

// Reports of what was played, as x_parley.h asks for them.
constexpr int kReportEveryTicks = 100 / kTickMs;
constexpr int kOpenTimeoutMs = 10'000;
constexpr int kAccountTimeoutMs = 4000;

class FileTalk {
 public:
  FileTalk(FileTalkConfig config, std::unique_ptr<TalkLine> line)
      : line_(std::move(line)),
        conversation_(config.talk, loudspeaker_),
        script_(config.script, std::move(config.inputs), conversation_, loudspeaker_) {}

  Result<FileTalkReport> Run() {
    PARLEY_TRY_STATUS(Open());
    next_us_ = clock_.NowUs();
    for (int64_t tick = 0; !script_.done(); ++tick) {
      PARLEY_TRY_STATUS(Step(tick));
      next_us_ += kTickMs * 1000;
      PARLEY_TRY_STATUS(ReceiveUntilNext());
    }
    line_->Close();
    // Accounts of the last turn may still be on their way.
    while (auto message = line_->Receive(0)) PARLEY_TRY_STATUS(Take(message->bytes));
    report_.outcomes = script_.outcomes();
    return std::move(report_);
  }

 private:
  Status Open() {
    line_->Send(conversation_.Open());
    const int64_t deadline_us = clock_.NowUs() + kOpenTimeoutMs * 1000;
    while (!conversation_.open()) {
      PARLEY_TRY(const auto message, line_->Receive((deadline_us - clock_.NowUs()) / 1000));
      PARLEY_TRY_STATUS(conversation_.OnMessage(message.bytes));
    }
    return {};
  }

  Status Step(int64_t tick) {
    std::array<int16_t, kTickSamples> played{};
    std::array<int16_t, kTickSamples> microphone{};
    loudspeaker_.Pull(played);
    script_.Tick(microphone, played);
    report_.heard.insert(report_.heard.end(), played.begin(), played.end());
    line_->Send(Conversation::Microphone(microphone));
    if (tick % kReportEveryTicks == 0) {
      if (auto played_report = conversation_.Report()) line_->Send(*std::move(played_report));
    }
    return {};
  }

  Status ReceiveUntilNext() {
    for (;;) {
      const int64_t left_us = next_us_ - clock_.NowUs();
      if (left_us <= 0) return {};
      auto message = line_->Receive((left_us + 999) / 1000);
      if (message) {
        PARLEY_TRY_STATUS(Take(message->bytes));
      } else if (message.error().code != Code::kDeadlineExceeded) {
        PARLEY_TRY_STATUS(Restore());
      }
    }
  }

  Status Take(std::string_view message) {
    if (auto taken = conversation_.OnMessage(message); !taken) {
      if (taken.error().code == Code::kNotFound) return Fail(taken.error());
      report_.errors.push_back(taken.error().message);
    }
    return {};
  }

  // Nothing was said or heard meanwhile.
  Status Restore() {
    conversation_.OnLineLost();
    PARLEY_TRY_STATUS(line_->Restore(conversation_.resume_token(), conversation_.hold_ms()));
    next_us_ = clock_.NowUs();
    return {};
  }

  const SteadyClock clock_;
  const std::unique_ptr<TalkLine> line_;
  int64_t next_us_ = 0;
  Loudspeaker loudspeaker_{kTalkRateHz};
  Conversation conversation_;
  TalkScript script_;
  FileTalkReport report_;
};

}  // namespace

Result<SpokenInput> ReadSpokenInput(const std::filesystem::path& path) {
  PARLEY_TRY(const std::string bytes, ReadFile(path, audio::AudioFileLimits().bytes_max));
  auto clip = audio::DecodeAudioFileAt(bytes, kTalkRateHz);
  if (!clip) {
    return Fail(clip.error().code, fmt::format("'{}': {}", path.string(), clip.error().message));
  }
  SpokenInput input{.label = path.filename().string(),
                    .pcm = std::vector<int16_t>(clip->samples.size())};
  audio::Pcm16FromFloat(clip->samples, input.pcm);
  const bool silent = std::all_of(input.pcm.begin(), input.pcm.end(),
                                  [](int16_t sample) { return std::abs(sample) < 164; });
  if (silent) {
    return Fail(
        Code::kInvalidArgument,
        fmt::format("'{}' has no sound above −46 dBFS; nobody would answer it", path.string()));
  }
  return input;
}

Result<FileTalkReport> TalkFromFiles(FileTalkConfig config) {
  PARLEY_TRY(auto line, TalkLine::Open(config.url, config.key));
  config.script.account_ms = kAccountTimeoutMs;
  return FileTalk(std::move(config), std::move(line)).Run();
}

std::string FileTalkJson(const FileTalkReport& report) {
  nlohmann::ordered_json turns = nlohmann::ordered_json::array();
  for (const SpokenOutcome& outcome : report.outcomes) {
    const TalkTurn& turn = outcome.turn;
    auto record = nlohmann::ordered_json::parse(turn.record, nullptr, false);
    turns.push_back({{"input", outcome.label},
                     {"transcript", turn.transcript},
                     {"reply", turn.reply},
                     {"heard", turn.heard},
                     {"status", turn.status},
                     {"reason", turn.reason},
                     {"gap_ms", outcome.gap_ms ? nlohmann::ordered_json(*outcome.gap_ms)
                                               : nlohmann::ordered_json()},
                     {"turn", record.is_discarded() ? nlohmann::ordered_json() : record}});
  }
  return nlohmann::ordered_json{{"turns", std::move(turns)}, {"errors", report.errors}}.dump(
             2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

}  // namespace parley::cli
