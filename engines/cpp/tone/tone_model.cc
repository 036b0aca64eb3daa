#include "tone/tone_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "engine/testing/tone_code.h"

namespace parley::tone {
namespace {

using std::chrono::milliseconds;

constexpr std::array kFaults = {"",        "stall",        "stuck",           "crash",      "exit",
                                "garbage", "stream_error", "utterance_error", "device_lost"};
constexpr int kLoadSteps = 10;

// Waits, unless the stream is cancelled before.
void Pause(engine::Stream& stream, std::chrono::duration<double> time) {
  if (time.count() <= 0) return;
  std::mutex mutex;
  std::condition_variable changed;
  const auto hook = stream.OnCancel([&] {
    const std::lock_guard lock(mutex);
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  changed.wait_for(lock, time, [&] { return stream.cancelled(); });
}

void PrintGarbage() {
  for (int i = 0; i < 100'000; ++i) std::puts("\xff\xfe{\"type\":\"loaded\"} garbage");
  std::puts(std::string(1 << 20, 'x').c_str());
  std::fflush(stdout);
}

bool EndsWord(const std::string& text, size_t index) {
  return text[index] != ' ' && (index + 1 == text.size() || text[index + 1] == ' ');
}

}  // namespace

Result<ToneModel::Config> ToneModel::Config::Read(const engine::Load& load) {
  Config config;
  engine::OptionReader options(load);
  PARLEY_TRY(const int64_t sample_rate_hz, options.Int("sample_rate", 24'000, 8'000, 96'000));
  PARLEY_TRY(const int64_t slots, options.Int("slots", config.slots, 1, 1024));
  PARLEY_TRY(config.rtf, options.Number("rtf", config.rtf, 0, 1000));
  PARLEY_TRY(config.delay_ms, options.Int("delay_ms", 0, 0, 600'000));
  PARLEY_TRY(config.chunk_ms, options.Int("chunk_ms", config.chunk_ms, 1, 10'000));
  PARLEY_TRY(config.load_ms, options.Int("load_ms", 0, 0, 600'000));
  PARLEY_TRY(config.fail_load, options.String("fail_load", ""));
  PARLEY_TRY(config.fault, options.String("fault", ""));
  PARLEY_TRY(config.fault_after_samples, options.Int("fault_after_samples", -1, -1, 1LL << 40));
  PARLEY_TRY(config.fault_on_text, options.String("fault_on_text", ""));
  PARLEY_TRY_STATUS(options.CheckAllUsed());
  if (std::find(kFaults.begin(), kFaults.end(), config.fault) == kFaults.end()) {
    return Fail(Code::kInvalidArgument, fmt::format("unknown fault \"{}\"", config.fault));
  }
  config.sample_rate_hz = static_cast<int>(sample_rate_hz);
  config.slots = static_cast<int>(slots);
  return config;
}

Result<engine::Loaded> ToneModel::Load(const engine::Load& load, engine::LoadProgress& progress) {
  PARLEY_TRY(config_, Config::Read(load));
  for (int step = 0; step < kLoadSteps && config_.load_ms > 0; ++step) {
    progress.Report(static_cast<double>(step) / kLoadSteps, "tuning");
    std::this_thread::sleep_for(milliseconds(config_.load_ms / kLoadSteps));
    if (progress.cancelled()) return Fail(Code::kCancelled, "nobody wants the tone any more");
  }
  if (!config_.fail_load.empty()) return Fail(Code::kFailedPrecondition, config_.fail_load);
  return engine::Loaded{.sample_rate_hz = config_.sample_rate_hz,
                        .slots = config_.slots,
                        .voices = {"tone"},
                        .capabilities = {"marks", "streaming", "seed", "speed", "prompt"}};
}

// Speaks one utterance.
class ToneModel::Speaker {
 public:
  Speaker(ToneModel& model, const engine::TtsStart& start, engine::TtsStream& stream)
      : model_(model),
        config_(model.config_),
        rate_{.sample_rate_hz = config_.sample_rate_hz, .speed = start.speed},
        stream_(stream) {}

  Status Speak(const engine::Text& text) {
    Pause(stream_, milliseconds(config_.delay_ms));
    const auto chunk_samples =
        static_cast<size_t>(config_.sample_rate_hz * config_.chunk_ms / 1000);
    std::vector<float> audio;
    int64_t end = 0;
    for (size_t i = 0; i < text.text.size() && !stream_.cancelled(); ++i) {
      const auto symbol = engine::EncodeToneByte(static_cast<uint8_t>(text.text[i]), rate_);
      audio.insert(audio.end(), symbol.begin(), symbol.end());
      end += static_cast<int64_t>(symbol.size());
      if (EndsWord(text.text, i)) stream_.Mark(i + 1, end);
      const bool last = i + 1 == text.text.size();
      while (audio.size() >= chunk_samples || (last && !audio.empty())) {
        const size_t count = std::min(chunk_samples, audio.size());
        PARLEY_TRY(const bool go_on, Send(text.text, std::span(audio).first(count)));
        if (!go_on) return {};
        audio.erase(audio.begin(), audio.begin() + static_cast<std::ptrdiff_t>(count));
      }
    }
    return {};
  }

 private:
  Result<bool> Send(const std::string& text, std::span<const float> samples) {
    const auto count = static_cast<int64_t>(samples.size());
    if (model_.FaultIsDue(text, model_.samples_ += count)) return CommitFault(samples);
    Pause(stream_, std::chrono::duration<double>(config_.rtf * static_cast<double>(count) /
                                                 config_.sample_rate_hz));
    return stream_.Audio(samples);
  }

  // True: the utterance goes on all the same.
  Result<bool> CommitFault(std::span<const float> samples) {
    const std::string& fault = config_.fault;
    fmt::print(stderr, "tone: committing the fault \"{}\" as asked\n", fault);
    if (fault == "stall") Pause(stream_, std::chrono::hours(24));
    if (fault == "stuck") stream_.Audio(samples);
    while (fault == "stuck") std::this_thread::sleep_for(std::chrono::hours(24));
    if (fault == "crash") std::abort();
    if (fault == "exit") std::quick_exit(0);
    if (fault == "garbage") PrintGarbage();
    if (fault == "stream_error") return Fail(Code::kInternal, "the stream fails as asked");
    if (fault == "device_lost") return Fail(Code::kDataLoss, "the device is lost as asked");
    if (fault == "utterance_error") {
      stream_.FailUtterance({Code::kInvalidArgument, "the utterance fails as asked"});
      return false;
    }
    return !stream_.cancelled();
  }

  ToneModel& model_;
  const Config& config_;
  const engine::ToneRate rate_;
  engine::TtsStream& stream_;
};

Status ToneModel::Speak(const engine::TtsStart& start, engine::TtsStream& stream) {
  if (!start.voice.empty() && start.voice != "tone") {
    return Fail(Code::kNotFound,
                fmt::format("no voice \"{}\": there is only \"tone\"", start.voice));
  }
  Speaker speaker(*this, start, stream);
  while (const auto text = stream.NextText()) PARLEY_TRY_STATUS(speaker.Speak(*text));
  return {};
}

bool ToneModel::FaultIsDue(const std::string& text, int64_t samples_now) {
  if (config_.fault.empty()) return false;
  const bool by_samples =
      config_.fault_after_samples >= 0 && samples_now > config_.fault_after_samples;
  const bool by_text =
      !config_.fault_on_text.empty() && text.find(config_.fault_on_text) != std::string::npos;
  return (by_samples || by_text) && !fault_done_.exchange(true);
}

}  // namespace parley::tone
