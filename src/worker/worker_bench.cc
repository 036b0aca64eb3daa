// What a worker costs between an engine and its caller, with real processes, a Unix socket and the
// tone voice: the design's numbers in its own words.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "base/testing/temp_dir.h"
#include "rpc/speech_client.h"
#include "worker/server.h"

namespace parley::worker {
namespace {

using ports::Voice;

double At(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(share * values.size()))];
}

// What this process has used of the processors.
double CpuMs() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1000 + static_cast<double>(time.tv_usec) / 1000;
  };
  return ms(used.ru_utime) + ms(used.ru_stime);
}

// One worker with one tone voice of so many slots, as a gateway reaches it.
class Rig {
 public:
  explicit Rig(const std::string& options) {
    const auto pack = dir_.path() / "models" / "tone";
    std::filesystem::create_directories(pack);
    std::ofstream(pack / "model.toml")
        << "[model]\nid = \"tone\"\nengine = \"tone\"\nkind = \"tts\"\n[files]\n[options]\n"
        << options;
    WorkerConfig config;
    config.listen = "unix:" + (dir_.path() / "w.sock").string();
    config.default_voice = "tone";
    config.default_recognizer = config.default_llm = "";
    config.engines.programs_dir = PARLEY_BIN_DIR;
    worker_ = std::move(*Worker::Create(config, {.registry = registry_,
                                                 .clock = clock,
                                                 .launcher = launcher_,
                                                 .models = {.dir = dir_.path() / "models"},
                                                 .version = "bench"}));
    while (!worker_->NotReadyWhy().empty()) std::this_thread::yield();
    client_ = std::move(*rpc::SpeechClient::Create({.address = worker_->address()}));
  }
  Voice& voice() { return client_->voice(); }

  const SteadyClock clock;

 private:
  parley::testing::TempDir dir_;
  metrics::Registry registry_;
  ProcessLauncher launcher_;
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<rpc::SpeechClient> client_;
};

// A stream whose frames are played as they come: each grants its successor.
struct Listener {
  Listener(Rig& of, int64_t lead_ms) : rig(of), lead_samples(48 * lead_ms) {}

  void Start(const std::string& text) {
    stream = rig.voice().Start({.sample_rate_hz = 48'000, .credit_samples = lead_samples},
                               [this](Voice::Event event) { Take(event); });
    asked_us = rig.clock.NowUs();
    stream->Speak(UtteranceId{1}, text, "");
    stream->EndOfText();
  }
  void Take(const Voice::Event& event) {
    const std::lock_guard lock(mutex);
    const int64_t now_us = rig.clock.NowUs();
    if (const auto* audio = std::get_if<Voice::Audio>(&event)) {
      if (first_us == 0) first_us = now_us;
      // Played from its first frame and 100 ms on.
      const int64_t due_us = first_us + 100'000 + audio->pts_samples * 1'000'000 / 48'000;
      ++frames;
      late += now_us > due_us;
      samples += static_cast<int64_t>(audio->pcm.size());
    } else if (const auto* done = std::get_if<Voice::Done>(&event)) {
      stats = done->stats;
    }
    if (IsLast(event)) ended_us = now_us;
    changed.notify_all();
  }
  void WaitForEnd() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return ended_us != 0; });
  }
  void WaitForSound() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return first_us != 0; });
  }
  // What a player has used by now.
  void Grant() {
    std::unique_lock lock(mutex);
    if (first_us == 0 || ended_us != 0) return;
    const int64_t played = (rig.clock.NowUs() - first_us) * 48 / 1000;
    const int64_t more = played - granted;
    if (more < 960) return;
    granted += more;
    lock.unlock();
    stream->Grant(more);
  }

  Rig& rig;
  const int64_t lead_samples;
  std::unique_ptr<Voice::Stream> stream;
  std::mutex mutex;
  std::condition_variable changed;
  int64_t asked_us = 0, first_us = 0, ended_us = 0, granted = 0, samples = 0;
  int frames = 0, late = 0;
  Voice::Stats stats;
};

// Targets: the worker adds ≤ 5 ms p95, gRPC ≤ 2 ms.
void FirstAudio(benchmark::State& state) {
  Rig rig("rtf = \"0.01\"\n");
  std::vector<double> added_ms, grpc_ms, all_ms;
  for (auto _ : state) {
    Listener one(rig, 10'000);
    one.Start("Hello there.");
    one.WaitForEnd();
    const double all = static_cast<double>(one.first_us - one.asked_us) / 1000;
    all_ms.push_back(all);
    added_ms.push_back(static_cast<double>(one.stats.first_us - one.stats.engine_first_us) / 1000);
    grpc_ms.push_back(all - static_cast<double>(one.stats.first_us) / 1000);
  }
  state.counters["first_audio_p95_ms"] = At(all_ms, 0.95);
  state.counters["worker_adds_p50_ms"] = At(added_ms, 0.5);
  state.counters["worker_adds_p95_ms"] = At(added_ms, 0.95);
  state.counters["grpc_p50_ms"] = At(grpc_ms, 0.5);
  state.counters["grpc_p95_ms"] = At(grpc_ms, 0.95);
}
BENCHMARK(FirstAudio)->Iterations(200)->Unit(benchmark::kMillisecond);

// Target: 64 streams at 48 kHz without a late frame.
void StreamsInRealTime(benchmark::State& state) {
  Rig rig("rtf = \"0.02\"\nslots = \"64\"\n");
  int frames = 0, late = 0;
  double heard_s = 0;
  const double cpu_before_ms = CpuMs();
  const std::string text(60, 'x');
  for (auto _ : state) {
    std::vector<std::unique_ptr<Listener>> all;
    for (int i = 0; i < state.range(0); ++i) {
      all.push_back(std::make_unique<Listener>(rig, 1'500));
      all.back()->Start(text);
    }
    bool speaking = true;
    while (speaking) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      speaking = false;
      for (auto& one : all) {
        one->Grant();
        const std::lock_guard lock(one->mutex);
        speaking |= one->ended_us == 0;
      }
    }
    for (auto& one : all) {
      frames += one->frames;
      late += one->late;
      heard_s += static_cast<double>(one->samples) / 48'000;
    }
  }
  state.counters["frames"] = frames;
  state.counters["late"] = late;
  // Of worker and listener together; the engine is a process of its own.
  state.counters["cpu_ms_per_stream_s"] = (CpuMs() - cpu_before_ms) / heard_s;
}
BENCHMARK(StreamsInRealTime)->Arg(8)->Arg(64)->Iterations(1)->Unit(benchmark::kMillisecond);

// Target: cancel → the engine's slot is free in ≤ 20 ms p99; seen by who waits for that slot.
void CancelToNextVoice(benchmark::State& state) {
  Rig rig("rtf = \"1\"\nslots = \"1\"\n");
  std::vector<double> waited_ms;
  for (auto _ : state) {
    Listener first(rig, 60'000), second(rig, 60'000);
    first.Start(std::string(200, 'x'));
    first.WaitForSound();
    second.Start("x");
    const int64_t from_us = rig.clock.NowUs();
    first.stream->Cancel();
    second.WaitForSound();
    waited_ms.push_back(static_cast<double>(second.first_us - from_us) / 1000);
    second.stream->Cancel();
    second.WaitForEnd();
    first.WaitForEnd();
  }
  state.counters["p50_ms"] = At(waited_ms, 0.5);
  state.counters["p99_ms"] = At(waited_ms, 0.99);
}
BENCHMARK(CancelToNextVoice)->Iterations(100)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace parley::worker
