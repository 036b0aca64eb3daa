// The two hot paths of the protocol: 20 to 100 ms of audio in and out.
#include <benchmark/benchmark.h>

#include "base/base64.h"
#include "realtime/client_event.h"
#include "realtime/response_ladder.h"

namespace parley::realtime {
namespace {

void ParseAppendOf100Ms(benchmark::State& state) {
  const std::vector<uint8_t> audio(4800, 42);
  const std::string message =
      R"({"type":"input_audio_buffer.append","audio":")" + Base64Encode(audio) + R"("})";
  for (auto _ : state) benchmark::DoNotOptimize(ParseClientEvent(message));
}
BENCHMARK(ParseAppendOf100Ms);

// The same with a key that the fast path does not know.
void ParseAppendOf100MsByDom(benchmark::State& state) {
  const std::vector<uint8_t> audio(4800, 42);
  const std::string message =
      R"({"type":"input_audio_buffer.append","more":"","audio":")" + Base64Encode(audio) + R"("})";
  for (auto _ : state) benchmark::DoNotOptimize(ParseClientEvent(message));
}
BENCHMARK(ParseAppendOf100MsByDom);

void EncodeDeltaOf20Ms(benchmark::State& state) {
  size_t bytes = 0;
  ResponseLadder ladder({.response_id = "resp_1", .conversation_id = "conv_1"},
                        [&](const std::string& message) { bytes += message.size(); });
  ladder.Start("item_1", "");
  const std::vector<int16_t> pcm(480, 1000);
  for (auto _ : state) ladder.Audio(pcm);
  benchmark::DoNotOptimize(bytes);
}
BENCHMARK(EncodeDeltaOf20Ms);

}  // namespace
}  // namespace parley::realtime
