// gRPC's share of a sentence's way: how long a message takes from one side's port to the other's,
// there and back over a Unix socket, with nothing behind the server.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "rpc/speech_client.h"
#include "rpc/speech_server.h"

namespace parley::rpc {
namespace {

// Answers each Speak at once with one 20 ms frame.
class InstantVoice final : public ports::Voice {
 public:
  std::unique_ptr<Stream> Start(Request, Sink sink) override {
    return std::make_unique<InstantStream>(std::move(sink));
  }

 private:
  class InstantStream final : public Stream {
   public:
    explicit InstantStream(Sink sink) : sink_(std::move(sink)) {}
    void Speak(UtteranceId utterance, std::string, std::string) override {
      sink_(Audio{utterance, 0, 0, std::vector<int16_t>(960)});
    }
    void EndOfText() override {}
    void Pause() override {}
    void Resume() override {}
    void Cancel() override {}
    void Grant(int64_t) override {}

   private:
    const Sink sink_;
  };
};

struct Pair {
  Pair() {
    const std::string address = "unix:/tmp/parley-bench-" + std::to_string(::getpid()) + ".sock";
    server = std::move(*SpeechServer::Create({.address = address}, {.voice = &voice}));
    client = std::move(*SpeechClient::Create({.address = address}));
  }
  InstantVoice voice;
  std::unique_ptr<SpeechServer> server;
  std::unique_ptr<SpeechClient> client;
};

// Text to first audio on a stream that stands.
void TextToAudio(benchmark::State& state) {
  Pair pair;
  std::mutex mutex;
  std::condition_variable changed;
  uint64_t heard = 0;
  const auto stream = pair.client->voice().Start({}, [&](ports::Voice::Event) {
    const std::lock_guard lock(mutex);
    ++heard;
    changed.notify_one();
  });
  uint64_t asked = 0;
  for (auto _ : state) {
    stream->Speak(UtteranceId{++asked}, "One short clause,", "");
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return heard == asked; });
  }
}
BENCHMARK(TextToAudio)->UseRealTime()->Unit(benchmark::kMicrosecond);

// A turn: the stream is started, then text to first audio.
void StartToAudio(benchmark::State& state) {
  Pair pair;
  std::mutex mutex;
  std::condition_variable changed;
  for (auto _ : state) {
    bool heard = false;
    const auto stream = pair.client->voice().Start({}, [&](ports::Voice::Event) {
      const std::lock_guard lock(mutex);
      heard = true;
      changed.notify_one();
    });
    stream->Speak(UtteranceId{1}, "One short clause,", "");
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return heard; });
  }
}
BENCHMARK(StartToAudio)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace parley::rpc
