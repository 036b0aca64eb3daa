#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/internal/conformance_bench.h"

namespace parley::engine::internal {
namespace {

constexpr double kPongMsMax = 1'000;

Status CheckLoaded(const ConformanceBench& bench) {
  const Loaded& loaded = *bench.loaded();
  if (bench.config().spec.kind == ModelKind::kTts && loaded.sample_rate_hz < 8'000) {
    return Broken(fmt::format("loaded.sample_rate is {}", loaded.sample_rate_hz));
  }
  if (bench.config().spec.kind == ModelKind::kAsr && loaded.credit_samples <= 0) {
    return Broken("loaded.credit is 0: nothing could ever be sent");
  }
  return {};
}

Status Loads(ConformanceBench& bench) {
  PARLEY_TRY_STATUS(bench.Ready());
  return CheckLoaded(bench);
}

Status AnswersPingsWhileLoading(ConformanceBench& bench) {
  PARLEY_TRY_STATUS(bench.Ready());
  if (bench.ping_ms_max() <= kPongMsMax) return {};
  return Broken(fmt::format("a pong took {:.0f} ms while the model loaded: at most {:.0f} may",
                            bench.ping_ms_max(), kPongMsMax));
}

Status ServesAllSlotsAtOnce(ConformanceBench& bench) {
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  const int slots = std::min(bench.loaded()->slots, 8);
  if (slots < 2) return NotHere("it has one slot");
  std::vector<uint32_t> streams;
  for (int i = 0; i < slots; ++i) {
    PARLEY_TRY(streams.emplace_back(), Open(bench));
    bench.GrantBack(streams.back());
  }
  for (const uint32_t stream : streams) Feed(bench, *engine, stream);
  for (const uint32_t stream : streams) {
    PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
    PARLEY_TRY_STATUS(CheckDone(bench.LogOf(stream)));
  }
  return {};
}

Status RefusesAStreamTooMany(ConformanceBench& bench) {
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  if (bench.config().spec.kind == ModelKind::kLlm) return NotHere("its streams end by themselves");
  std::vector<uint32_t> streams;
  for (int i = 0; i < bench.loaded()->slots; ++i) {
    PARLEY_TRY(streams.emplace_back(), Open(bench));
  }
  PARLEY_TRY(const uint32_t refused, Open(bench));
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(refused));
  const auto errors = bench.LogOf(refused).All<ErrorMessage>();
  for (const uint32_t stream : streams) {
    engine->Send(stream, Cancel{});
    PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  }
  if (errors.empty()) return Broken("a stream beyond all slots was not refused");
  if (errors[0].code == Code::kResourceExhausted) return {};
  return Broken(
      fmt::format("the refusal's code is {}, not resource_exhausted", CodeName(errors[0].code)));
}

Status RefusesAnotherKind(ConformanceBench& bench) {
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  const uint32_t stream = bench.NextStream();
  Start start;
  if (bench.config().spec.kind == ModelKind::kTts) start.request = AsrStart{};
  engine->Send(stream, start);
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  if (bench.LogOf(stream).All<ErrorMessage>().empty()) return Broken("it was not refused");
  return CheckClosed(bench.LogOf(stream));
}

Status RefusesAnOldId(ConformanceBench& bench) {
  PARLEY_TRY_STATUS(ServesAWholeStream(bench));
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  const size_t before = bench.LogOf(0).All<ErrorMessage>().size();
  engine->Send(1, bench.PlainStart(0));
  PARLEY_TRY_STATUS(bench.Pump([&] { return bench.LogOf(0).All<ErrorMessage>().size() > before; },
                               "error on the connection for a stream id used again",
                               bench.config().answer_ms));
  return ServesAWholeStream(bench);
}

Status IgnoresWhatIsOver(ConformanceBench& bench) {
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  const uint32_t gone = bench.NextStream();
  engine->Send(gone, Cancel{});
  engine->Send(gone, Credit{100});
  engine->Send(gone, End{});
  engine->SendAudio(gone, std::vector<float>(160));
  PARLEY_TRY_STATUS(ServesAWholeStream(bench));
  if (bench.LogOf(gone).all.empty()) return {};
  return Broken(
      fmt::format("\"{}\" was sent on a stream that never was", bench.LogOf(gone).all[0].Name()));
}

Status AcknowledgesACancelAtOnce(ConformanceBench& bench) {
  PARLEY_TRY(const uint32_t stream, Open(bench));
  return CancelAndCheck(bench, stream);
}

}  // namespace

Result<uint32_t> Open(ConformanceBench& bench, int64_t credit) {
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  const uint32_t stream = bench.NextStream();
  engine->Send(stream, bench.PlainStart(credit));
  return stream;
}

void Feed(ConformanceBench& bench, RawEngine& engine, uint32_t stream) {
  const ModelKind kind = bench.config().spec.kind;
  if (kind == ModelKind::kTts) {
    engine.Send(stream, Text{.utterance = 1, .text = bench.config().text});
  } else if (kind == ModelKind::kAsr) {
    const auto room = static_cast<size_t>(bench.loaded()->credit_samples);
    const std::vector<float>& speech = bench.speech();
    engine.SendAudio(stream, std::span(speech).first(std::min(speech.size(), room)));
  }
  engine.Send(stream, End{});
}

Status CheckClosed(const Log& log) {
  if (log.All<Idle>().size() != 1) return Broken("idle came more than once");
  if (!log.all.back().Get<Idle>()) {
    return Broken(fmt::format("\"{}\" came after idle", log.all.back().Name()));
  }
  return {};
}

Status CheckDone(const Log& log) {
  PARLEY_TRY_STATUS(CheckClosed(log));
  for (const ErrorMessage& error : log.All<ErrorMessage>()) {
    if (!error.utterance) return Broken("the stream failed: " + error.message);
  }
  const Received* last = log.all.size() < 2 ? nullptr : &log.all[log.all.size() - 2];
  const Done* done = last ? last->Get<Done>() : nullptr;
  if (done && !done->utterance) return {};
  return Broken("no done without utterance before idle");
}

Status ServesAWholeStream(ConformanceBench& bench) {
  PARLEY_TRY(const uint32_t stream, Open(bench));
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  bench.GrantBack(stream);
  Feed(bench, *engine, stream);
  PARLEY_TRY_STATUS(bench.PumpUntilIdle(stream));
  return CheckDone(bench.LogOf(stream));
}

Status CancelAndCheck(ConformanceBench& bench, uint32_t stream) {
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  const SteadyClock clock;
  const int64_t before_us = clock.NowUs();
  engine->Send(stream, Cancel{});
  const Log& log = bench.LogOf(stream);
  PARLEY_TRY_STATUS(
      bench.Pump([&] { return log.idle; }, "idle after a cancel", bench.config().idle_ms));
  const auto cancelled = std::find_if(log.all.begin(), log.all.end(), [](const Received& received) {
    return received.Get<Cancelled>() != nullptr;
  });
  if (cancelled == log.all.end()) {
    return log.All<Done>().empty() ? Status(Broken("cancelled did not come")) : Status();
  }
  if (log.all.end() - cancelled != 2) {
    return Broken(fmt::format("\"{}\" came between cancelled and idle", (cancelled + 1)->Name()));
  }
  // Nothing late, and the slot can be used.
  (void)bench.Pump([] { return false; }, "silence", kQuietMs);
  PARLEY_TRY_STATUS(CheckClosed(log));
  if (clock.NowUs() - before_us > (bench.config().idle_ms + kQuietMs) * 1000) {
    return Broken("the slot was not free in time");
  }
  return {};
}

std::vector<NamedCheck> StreamChecks(ModelKind kind) {
  std::vector<NamedCheck> checks = {
      {"loads", Loads},
      {"answers_pings_while_loading", AnswersPingsWhileLoading},
      {"serves_a_whole_stream", ServesAWholeStream},
      {"serves_all_slots_at_once", ServesAllSlotsAtOnce},
      {"refuses_a_stream_too_many", RefusesAStreamTooMany},
      {"refuses_another_kind", RefusesAnotherKind},
      {"refuses_an_old_id", RefusesAnOldId},
      {"ignores_what_is_over", IgnoresWhatIsOver},
      {"acknowledges_a_cancel_at_once", AcknowledgesACancelAtOnce},
  };
  const std::vector<NamedCheck> own = KindChecks(kind);
  checks.insert(checks.end(), own.begin(), own.end());
  return checks;
}

}  // namespace parley::engine::internal
