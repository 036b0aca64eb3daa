#include <fmt/format.h>

#include "engine/internal/conformance_bench.h"

namespace parley::engine::internal {
namespace {

constexpr int64_t kEndMs = 5'000;
constexpr int64_t kQuickMs = 5'000;

// Takes messages until one is a T; others in between are fine.
template <class T>
Result<T> Await(RawEngine& engine, const std::string& awaited) {
  const SteadyClock clock;
  const int64_t until_us = clock.NowUs() + kQuickMs * 1000;
  while (clock.NowUs() < until_us) {
    const Result<Received> received = engine.Next(kQuickMs);
    if (!received) return Broken(fmt::format("{}: {}", awaited, received.error().message));
    if (const T* found = received->Get<T>()) return *found;
  }
  return Broken(fmt::format("{}: it did not come within {} ms", awaited, kQuickMs));
}

Status ExpectAlive(RawEngine& engine, uint64_t ping_id) {
  engine.Send(0, Ping{ping_id});
  PARLEY_TRY(const Pong pong, Await<Pong>(engine, "a pong afterwards"));
  if (pong.id == ping_id) return {};
  return Broken(fmt::format("ping {} was answered by pong {}", ping_id, pong.id));
}

Status ExpectEnd(RawEngine& engine, const std::string& after) {
  const auto status = engine.WaitExit(kEndMs);
  if (status) return {};
  return Broken(fmt::format("{} the process still runs after {} ms", after, kEndMs));
}

Status SaysHello(ConformanceBench& bench) {
  PARLEY_TRY(const auto engine, bench.Greeted());
  const Hello& hello = *bench.hello();
  if (hello.engine.empty()) return Broken("hello.engine is empty");
  if (hello.kind != bench.config().spec.kind) {
    return Broken(fmt::format("hello.kind is {}, {} was expected", ports::ModelKindName(hello.kind),
                              ports::ModelKindName(bench.config().spec.kind)));
  }
  if (hello.protocol_min > kProtocolMax || hello.protocol_max < kProtocolMin) {
    return Broken(fmt::format("it speaks protocol {} to {}, this worker {} to {}",
                              hello.protocol_min, hello.protocol_max, kProtocolMin, kProtocolMax));
  }
  return ExpectAlive(*engine, 1);
}

Status EndsWhenRefused(ConformanceBench& bench) {
  PARLEY_TRY(const auto engine, bench.Greeted(false));
  engine->Send(0, Welcome{.protocol = 0, .reason = "refused by the conformance check"});
  return ExpectEnd(*engine, "after a refusal");
}

Status EndsWithItsWorker(ConformanceBench& bench) {
  PARLEY_TRY(const auto engine, bench.Greeted());
  engine->CloseSocket();
  return ExpectEnd(*engine, "after the end of the socket");
}

Status EndsOnBye(ConformanceBench& bench) {
  PARLEY_TRY(const auto engine, bench.Greeted());
  engine->Send(0, Bye{});
  return ExpectEnd(*engine, "after bye");
}

Status AnswersUnknownMessages(ConformanceBench& bench) {
  PARLEY_TRY(const auto engine, bench.Greeted());
  engine->SendBytes(EncodeFrame(FrameKind::kJson, 0, R"({"type":"conformance_unknown"})"));
  PARLEY_TRY(const ErrorMessage error,
             Await<ErrorMessage>(*engine, "an error for an unknown type"));
  if (error.message.empty()) return Broken("the error for an unknown type has no message");
  return ExpectAlive(*engine, 2);
}

Status IgnoresUnknownFields(ConformanceBench& bench) {
  PARLEY_TRY(const auto engine, bench.Greeted());
  engine->SendBytes(
      EncodeFrame(FrameKind::kJson, 0, R"({"type":"ping","id":3,"new":{"a":[1,null,"x"]}})"));
  PARLEY_TRY(const Pong pong, Await<Pong>(*engine, "a pong"));
  return pong.id == 3 ? Status() : Broken("the pong has another id");
}

Status SurvivesBrokenJson(ConformanceBench& bench) {
  PARLEY_TRY(const auto engine, bench.Greeted());
  const std::string deep = std::string(50'000, '[') + std::string(50'000, ']');
  for (const std::string& text :
       {std::string(), std::string("nonsense"), std::string("[]"), std::string("{\"type\":7}"),
        std::string("\xff\xfe"), std::string(R"({"type":"ping","id":"one"})"), deep}) {
    engine->SendBytes(EncodeFrame(FrameKind::kJson, 0, text));
    PARLEY_TRY(const ErrorMessage error,
               Await<ErrorMessage>(*engine, fmt::format("an error for {}", text.substr(0, 32))));
  }
  return ExpectAlive(*engine, 4);
}

Status ClosesOnBrokenFrames(ConformanceBench& bench) {
  const std::string frames[] = {
      std::string("\x02\0\0\0X\0\0\0\0{}", 11),  // no such kind
      std::string("\x01\0\x10\0J\0\0\0\0", 9),   // 1 MiB and a byte
      std::string("\x04\0\x04\0"
                  "A\x01\0\0\0",
                  9),  // 256 KiB and a sample
      std::string("\x03\0\0\0"
                  "A\x01\0\0\0abc",
                  12),  // a half sample
      std::string("\xff\xff\xff\xff"
                  "J\xff\xff\xff\xff",
                  9),  // 4 GiB
  };
  for (const std::string& frame : frames) {
    PARLEY_TRY(const auto engine, bench.Greeted());
    engine->SendBytes(frame);
    PARLEY_TRY_STATUS(ExpectEnd(*engine, "after a broken frame"));
  }
  return {};
}

Status RefusesStreamsBeforeTheLoad(ConformanceBench& bench) {
  PARLEY_TRY(const auto engine, bench.Greeted());
  engine->Send(1, bench.PlainStart(0));
  PARLEY_TRY(const ErrorMessage error, Await<ErrorMessage>(*engine, "an error"));
  PARLEY_TRY_STATUS(Await<Idle>(*engine, "idle"));
  return ExpectAlive(*engine, 5);
}

Status NamesWhyALoadFails(ConformanceBench& bench) {
  PARLEY_TRY(const auto engine, bench.Greeted());
  Load load = bench.config().load;
  load.options["conformance_no_such_option"] = int64_t{1};
  engine->Send(0, load);
  const SteadyClock clock;
  const int64_t until_us = clock.NowUs() + bench.config().spec.deadlines.load_ms * 1000;
  while (clock.NowUs() < until_us) {
    const Result<Received> received = engine->Next(bench.config().spec.deadlines.load_ms);
    if (!received) return Broken("no error before " + received.error().message);
    if (received->Get<Loaded>()) return Broken("an unknown option was accepted");
    if (const auto* error = received->Get<ErrorMessage>()) {
      if (error->message.find("conformance_no_such_option") == std::string::npos) {
        return Broken("the error does not name the unknown option: " + error->message);
      }
      return ExpectEnd(*engine, "after a failed load");
    }
  }
  return Broken("no outcome of the load in time");
}

Status EndsWhileStreaming(ConformanceBench& bench) {
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  const uint32_t stream = bench.NextStream();
  engine->Send(stream, bench.PlainStart(int64_t{1} << 30));
  if (bench.config().spec.kind == ModelKind::kTts) {
    engine->Send(stream, Text{.utterance = 1, .text = bench.config().text});
  }
  engine->CloseSocket();
  const Status ended = ExpectEnd(*engine, "after the end of the socket, with a stream under way,");
  bench.EndShared();
  return ended;
}

Status SaysByeWhenLoaded(ConformanceBench& bench) {
  PARLEY_TRY(RawEngine * engine, bench.Ready());
  engine->Send(0, Bye{});
  const auto status = engine->WaitExit(kEndMs);
  bench.EndShared();
  if (!status) return Broken(fmt::format("after bye the process runs on for {} ms", kEndMs));
  if (status->exit_code != 0) return Broken("after bye the process " + status->Describe());
  return {};
}

}  // namespace

std::vector<NamedCheck> ConnectionChecks() {
  return {{"says_hello", SaysHello},
          {"ends_when_refused", EndsWhenRefused},
          {"ends_with_its_worker", EndsWithItsWorker},
          {"ends_on_bye", EndsOnBye},
          {"answers_unknown_messages", AnswersUnknownMessages},
          {"ignores_unknown_fields", IgnoresUnknownFields},
          {"survives_broken_json", SurvivesBrokenJson},
          {"closes_on_broken_frames", ClosesOnBrokenFrames},
          {"refuses_streams_before_the_load", RefusesStreamsBeforeTheLoad},
          {"names_why_a_load_fails", NamesWhyALoadFails}};
}

std::vector<NamedCheck> EndingChecks() {
  return {{"ends_while_streaming", EndsWhileStreaming},
          {"says_bye_when_loaded", SaysByeWhenLoaded}};
}

}  // namespace parley::engine::internal
