// What the wire costs: framing alone, and whole frames through a socket pair between two links.
#include <benchmark/benchmark.h>
#include <sys/socket.h>

#include <atomic>
#include <optional>
#include <vector>

#include "engine/frame.h"
#include "engine/internal/link.h"
#include "engine/messages.h"

namespace parley::engine {
namespace {

// 20 ms at 24 kHz.
const std::vector<float> kFrameOfAudio(480, 0.25F);

void BM_EncodeAndDecodeAudio(benchmark::State& state) {
  FrameDecoder decoder;
  for (auto _ : state) {
    decoder.Feed(EncodeFrame(FrameKind::kAudio, 1, AsBytes(kFrameOfAudio)));
    auto frame = decoder.Next();
    benchmark::DoNotOptimize(AsSamples((*frame)->payload));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_EncodeAndDecodeAudio);

void BM_SerializeAndParseMark(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(ParseMessage(Serialize(Mark{1, 2, 3})));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_SerializeAndParseMark);

struct Ends {
  Ends() {
    int fds[2];
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
    near.emplace(UniqueFd(fds[0]), internal::Link::Config{});
    far.emplace(UniqueFd(fds[1]), internal::Link::Config{});
  }
  std::optional<internal::Link> near;
  std::optional<internal::Link> far;
};

void BM_AudioFramesThroughASocketPair(benchmark::State& state) {
  std::atomic<int64_t> arrived{0};
  Ends ends;
  ends.near->Start({.frame = [](const Frame&) {}, .closed = [](const Error&) {}});
  ends.far->Start({.frame =
                       [&](const Frame& frame) {
                         benchmark::DoNotOptimize(AsSamples(frame.payload));
                         arrived.fetch_add(1);
                         arrived.notify_one();
                       },
                   .closed = [](const Error&) {}});
  int64_t sent = 0;
  for (auto _ : state) {
    ends.near->SendAudio(1, kFrameOfAudio);
    ++sent;
  }
  for (int64_t seen = arrived; seen < sent; seen = arrived) arrived.wait(seen);
  state.SetItemsProcessed(sent);
}
BENCHMARK(BM_AudioFramesThroughASocketPair)->UseRealTime();

void BM_RoundTripOfAPing(benchmark::State& state) {
  std::atomic<uint64_t> answered{0};
  Ends ends;
  ends.near->Start({.frame =
                        [&](const Frame&) {
                          answered.fetch_add(1);
                          answered.notify_one();
                        },
                    .closed = [](const Error&) {}});
  ends.far->Start({.frame = [&](const Frame&) { ends.far->SendUrgent(0, Pong{}); },
                   .closed = [](const Error&) {}});
  for (auto _ : state) {
    const uint64_t before = answered;
    ends.near->SendUrgent(0, Ping{});
    answered.wait(before);
  }
}
BENCHMARK(BM_RoundTripOfAPing)->UseRealTime();

}  // namespace
}  // namespace parley::engine
