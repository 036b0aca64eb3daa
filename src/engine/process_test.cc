// Real engine processes: the tone engine, shell scripts that misbehave, and the kernel's signals.
#include "engine/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/testing/temp_dir.h"
#include "base/unique_fd.h"
#include "engine/testing/engine_probe.h"
#include "engine/testing/tone_code.h"

namespace parley::engine {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr int64_t kPlenty = int64_t{1} << 30;
constexpr int kRateHz = 24'000;

EngineSpec ToneSpec() {
  EngineSpec spec{.name = "tone", .kind = ModelKind::kTts};
  spec.command = {PARLEY_BIN_DIR "/parley-engine-tone"};
  return spec;
}

EngineSpec Script(const std::string& text) {
  EngineSpec spec{.name = "script", .kind = ModelKind::kTts};
  spec.command = {"/bin/sh", "-c", text};
  return spec;
}

std::unique_ptr<EngineProbe> Probe(EngineSpec spec) {
  auto probe = EngineProbe::Spawn(std::move(spec));
  EXPECT_TRUE(probe) << (probe ? "" : probe.error().message);
  return probe ? std::move(*probe) : nullptr;
}

std::unique_ptr<EngineProbe> Tone(std::map<std::string, OptionValue> options = {},
                                  EngineSpec spec = ToneSpec()) {
  auto probe = Probe(std::move(spec));
  const auto loaded = probe->Load({.options = std::move(options)});
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
  return probe;
}

std::shared_ptr<ProbeStream> Say(EngineProbe& probe, const std::vector<std::string>& texts,
                                 int64_t credit = kPlenty, bool grant_back = true) {
  auto stream = probe.Start({.credit_samples = credit, .request = TtsStart{}}, grant_back);
  EXPECT_TRUE(stream) << (stream ? "" : stream.error().message);
  uint64_t utterance = 0;
  for (const std::string& text : texts) {
    probe.process().Send((*stream)->id(), Text{.utterance = ++utterance, .text = text});
  }
  probe.process().Send((*stream)->id(), End{});
  return *stream;
}

TEST(EngineProcess, AnUtteranceIsSpokenWithItsMarks) {
  auto probe = Tone();
  EXPECT_EQ(probe->process().hello()->engine, "tone");
  EXPECT_GT(probe->process().ResidentBytes(), 100'000);
  const auto events = Say(*probe, {"hello you", "bye"})->WaitIdle();
  ASSERT_TRUE(events);
  EXPECT_EQ(DecodeToneText(AudioOf(*events), kRateHz), "hello youbye");
  const auto marks = AllOf<Mark>(*events);
  ASSERT_EQ(marks.size(), 3u);
  EXPECT_EQ(marks[0].text_end, 5);
  EXPECT_EQ(marks[0].sample, 5 * ToneSymbolSamples({}));
  EXPECT_EQ(marks[2].utterance, 2u);
  const auto dones = AllOf<Done>(*events);
  ASSERT_EQ(dones.size(), 3u);
  EXPECT_EQ(dones[0].utterance, 1u);
  EXPECT_EQ(dones[0].samples, 9 * ToneSymbolSamples({}));
  EXPECT_EQ(dones[2].utterance, std::nullopt);
}

TEST(EngineProcess, AnEngineSendsNoMoreThanItsCredit) {
  auto probe = Tone();
  const auto stream = Say(*probe, {"abcdefgh"}, 3'000, false);
  ASSERT_TRUE(stream->WaitSamples(3'000));
  probe->process().Send(stream->id(), Credit{1'000});
  ASSERT_TRUE(stream->WaitSamples(4'000));
  EXPECT_EQ(AudioOf(stream->events()).size(), 4'000u);
  probe->process().Cancel(stream->id());
  EXPECT_TRUE(stream->WaitIdle());
}

TEST(EngineProcess, StreamsInterleaveAndFreeTheirSlots) {
  auto probe = Tone({{"slots", int64_t{2}}, {"rtf", 0.01}});
  const auto a = Say(*probe, {"first stream"});
  const auto b = Say(*probe, {"second stream"});
  const auto refused = probe->Start({.request = TtsStart{}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
  EXPECT_EQ(DecodeToneText(AudioOf(*a->WaitIdle()), kRateHz), "first stream");
  EXPECT_EQ(DecodeToneText(AudioOf(*b->WaitIdle()), kRateHz), "second stream");
  EXPECT_TRUE(Say(*probe, {"third"})->WaitIdle());
}

TEST(EngineProcess, ACancelledStreamGivesCancelledThenIdle) {
  auto probe = Tone({{"rtf", 1.0}});
  const auto stream = Say(*probe, {std::string(1000, 'x')});
  ASSERT_TRUE(stream->WaitSamples(1));
  probe->process().Cancel(stream->id());
  const size_t heard = AudioOf(stream->events()).size();
  const auto events = stream->WaitIdle();
  ASSERT_TRUE(events);
  EXPECT_LE(AudioOf(*events).size(), heard + 480) << "at most what was being delivered";
  EXPECT_EQ(AllOf<Cancelled>(*events).size(), 1u);
  EXPECT_TRUE(std::holds_alternative<Cancelled>((*events)[events->size() - 2]));
  EXPECT_TRUE(AllOf<Done>(*events).empty());
  EXPECT_FALSE(probe->process().Send(stream->id(), End{}));
}

TEST(EngineProcess, AFailedUtteranceLeavesItsStream) {
  auto probe = Tone({{"fault", "utterance_error"}, {"fault_on_text", "bad"}});
  const auto events = Say(*probe, {"bad", "good"})->WaitIdle();
  const auto errors = AllOf<ErrorMessage>(*events);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].utterance, 1u);
  EXPECT_EQ(DecodeToneText(AudioOf(*events), kRateHz), "good");
}

TEST(EngineProcess, AFailedStreamLeavesTheEngine) {
  auto probe = Tone({{"fault", "stream_error"}, {"fault_on_text", "bad"}});
  const auto events = Say(*probe, {"bad", "good"})->WaitIdle();
  EXPECT_THAT(AllOf<ErrorMessage>(*events)[0].message, HasSubstr("as asked"));
  EXPECT_TRUE(std::holds_alternative<Idle>(events->back()));
  EXPECT_EQ(DecodeToneText(AudioOf(*Say(*probe, {"good"})->WaitIdle()), kRateHz), "good");
}

TEST(EngineProcess, APromptArrivesWhole) {
  auto probe = Tone();
  Prompt prompt{.text = "hm", .sample_rate_hz = 16'000, .audio = std::vector<float>(100'000, 0.5f)};
  const auto stream =
      probe->Start({.credit_samples = kPlenty, .request = TtsStart{.prompt = prompt}});
  ASSERT_TRUE(stream);
  probe->process().Send((*stream)->id(), Text{.utterance = 1, .text = "ok"});
  probe->process().Send((*stream)->id(), End{});
  EXPECT_EQ(DecodeToneText(AudioOf(*(*stream)->WaitIdle()), kRateHz), "ok");
}

TEST(EngineProcess, LoadProgressIsToldAndStopIsQuick) {
  auto probe = Tone({{"load_ms", int64_t{50}}});
  ASSERT_GE(probe->loading().size(), 5u);
  EXPECT_EQ(probe->loading()[1].what, "tuning");
  probe->process().Stop();
  const auto exit = probe->WaitExit();
  ASSERT_TRUE(exit);
  EXPECT_TRUE(exit->expected);
  EXPECT_EQ(exit->exit_code, 0) << "bye was enough";
  EXPECT_EQ(probe->process().state(), EngineProcess::State::kExited);
}

TEST(EngineProcess, AFailedLoadNamesItsReason) {
  auto probe = Probe(ToneSpec());
  const auto loaded = probe->Load({.options = {{"fail_load", "no such model file"}}});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, Code::kFailedPrecondition);
  EXPECT_THAT(loaded.error().message, HasSubstr("no such model file"));
  EXPECT_EQ(probe->WaitExit()->exit_code, 1);
}

TEST(EngineProcess, AMisspeltOptionIsAnError) {
  auto probe = Probe(ToneSpec());
  const auto loaded = probe->Load({.options = {{"sampel_rate", int64_t{8000}}}});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("sampel_rate"));
}

TEST(EngineProcess, KillNineFailsTheStreamsAtOnceAndTellsHowItEnded) {
  auto probe = Tone({{"rtf", 1.0}});
  const auto stream = Say(*probe, {std::string(1000, 'x')});
  ASSERT_TRUE(stream->WaitSamples(1));
  kill(probe->process().pid(), SIGKILL);
  const auto events = stream->WaitIdle();
  ASSERT_TRUE(events);
  const auto errors = AllOf<ErrorMessage>(*events);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].code, Code::kUnavailable);
  const auto exit = probe->WaitExit();
  ASSERT_TRUE(exit);
  EXPECT_FALSE(exit->expected);
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_THAT(exit->reason.message, HasSubstr("killed by signal 9"));
}

TEST(EngineProcess, ACrashCarriesTheLastLinesPrinted) {
  auto probe = Tone({{"fault", "crash"}, {"fault_on_text", "boom"}});
  EXPECT_TRUE(Say(*probe, {"boom"})->WaitIdle());
  const auto exit = probe->WaitExit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGABRT);
  EXPECT_THAT(exit->last_lines, Contains(HasSubstr("committing the fault \"crash\"")));
  EXPECT_THAT(exit->reason.message, HasSubstr("committing the fault"));
}

TEST(EngineProcess, ALostDeviceEndsTheEngineWithItsReason) {
  auto probe = Tone({{"fault", "device_lost"}, {"fault_on_text", "boom"}});
  EXPECT_TRUE(Say(*probe, {"boom"})->WaitIdle());
  const auto exit = probe->WaitExit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->reason.code, Code::kDataLoss);
  EXPECT_THAT(exit->reason.message, HasSubstr("the device is lost as asked"));
}

TEST(EngineProcess, GarbageOnStdoutIsBoundedAndHarmless) {
  auto probe = Tone({{"fault", "garbage"}, {"fault_on_text", "noise"}});
  EXPECT_EQ(DecodeToneText(AudioOf(*Say(*probe, {"noise"})->WaitIdle()), kRateHz).size(), 5u);
  const auto lines = probe->process().LastLines();
  EXPECT_LE(lines.size(), 50u);
  for (const std::string& line : lines) EXPECT_LE(line.size(), (8u << 10) + 64);
  EXPECT_EQ(DecodeToneText(AudioOf(*Say(*probe, {"still here"})->WaitIdle()), kRateHz),
            "still here");
}

TEST(EngineProcess, AModelStuckAfterACancelIsBroughtDown) {
  EngineSpec spec = ToneSpec();
  spec.deadlines.cancel_ms = 50;
  spec.deadlines.ping_interval_ms = 20;
  spec.deadlines.term_ms = 50;
  auto probe = Tone({{"fault", "stuck"}, {"fault_after_samples", int64_t{0}}}, spec);
  const auto stream = Say(*probe, {"hang"});
  ASSERT_TRUE(stream->WaitSamples(1)) << "the first piece: from here on it is stuck";
  probe->process().Cancel(stream->id());
  const auto exit = probe->WaitExit();
  ASSERT_TRUE(exit);
  EXPECT_THAT(exit->reason.message, HasSubstr("did not let go of stream"));
  EXPECT_TRUE(stream->WaitIdle());
}

// Under a busy machine the start may still be in the queue, or already at the engine: both must
// end.
TEST(EngineProcess, AStreamCancelledAtOnceStillEnds) {
  auto probe = Tone({{"slots", int64_t{1}}});
  for (int i = 0; i < 200; ++i) {
    const auto stream = Say(*probe, {"never heard"}, 0);  // no credit: it cannot end by itself
    probe->process().Cancel(stream->id());
    const auto events = stream->WaitIdle();
    ASSERT_TRUE(events) << "round " << i;
    EXPECT_EQ(AllOf<Cancelled>(*events).size(), 1u);
  }
  EXPECT_TRUE(Say(*probe, {"alive"})->WaitIdle());
}

TEST(EngineProcess, AStoppedProcessIsSeenByItsPings) {
  EngineSpec spec = ToneSpec();
  spec.deadlines.ping_interval_ms = 10;
  spec.deadlines.pong_ms = 100;
  spec.deadlines.term_ms = 50;
  auto probe = Tone({}, spec);
  kill(probe->process().pid(), SIGSTOP);
  const auto exit = probe->WaitExit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL) << "a stopped process does not hear SIGTERM";
  EXPECT_THAT(exit->reason.message, HasSubstr("did not answer a ping"));
}

TEST(EngineProcess, OneThatHoldsMoreMemoryThanItMayIsEndedWithTheReason) {
  EngineSpec spec = ToneSpec();
  spec.deadlines.ping_interval_ms = 10;
  spec.limits.memory_bytes_max = 1 << 20;  // no process is that small
  auto probe = Probe(spec);
  const auto exit = probe->WaitExit();
  ASSERT_TRUE(exit);
  EXPECT_FALSE(exit->expected);
  EXPECT_EQ(exit->reason.code, Code::kResourceExhausted);
  EXPECT_THAT(exit->reason.message,
              HasSubstr("more than its limit of 1 (worker.engine_memory_mib"));
}

TEST(EngineProcess, ADeafProcessClimbsTheWholeLadder) {
  EngineSpec spec = Script("trap '' TERM; echo deaf; while :; do sleep 1; done");
  spec.deadlines.bye_ms = 50;
  spec.deadlines.term_ms = 50;
  auto probe = Probe(spec);
  probe->process().Stop();
  const auto exit = probe->WaitExit();
  ASSERT_TRUE(exit);
  EXPECT_TRUE(exit->expected);
  EXPECT_EQ(exit->signal, SIGKILL);
}

TEST(EngineProcess, SilenceInsteadOfAHelloHasADeadline) {
  EngineSpec spec = Script("echo still importing >&2; exec sleep 60");
  spec.deadlines.hello_ms = 200;
  auto probe = Probe(spec);
  const auto loaded = probe->Load();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, Code::kDeadlineExceeded);
  EXPECT_THAT(loaded.error().message, HasSubstr("no hello within 200 ms"));
  EXPECT_THAT(loaded.error().message, HasSubstr("still importing"));
}

TEST(EngineProcess, AScriptThatFailsSaysWhy) {
  auto probe = Probe(Script("echo 'ModuleNotFoundError: torch' >&2; exit 3"));
  const auto loaded = probe->Load();
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("ended with code 3"));
  EXPECT_THAT(loaded.error().message, HasSubstr("ModuleNotFoundError: torch"));
}

TEST(EngineProcess, NoiseOnTheSocketIsABreachAndTheEnd) {
  EngineSpec spec = Script("echo 'hello, I am not a frame' >&3; exec sleep 60");
  spec.deadlines.bye_ms = 50;
  auto probe = Probe(spec);
  const auto exit = probe->WaitExit();
  ASSERT_TRUE(exit);
  EXPECT_THAT(exit->reason.message, HasSubstr("broke the engine protocol"));
}

TEST(EngineProcess, AnEngineOfAnotherKindIsRefused) {
  EngineSpec spec = ToneSpec();
  spec.kind = ModelKind::kAsr;
  auto probe = Probe(spec);
  const auto loaded = probe->Load();
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("engine for tts, but asr was expected"));
}

TEST(EngineProcess, AProgramThatIsNotThereIsNamed) {
  for (const char* program : {"/nonexistent/engine", "no-such-engine-anywhere"}) {
    EngineSpec spec = ToneSpec();
    spec.command = {program};
    const auto probe = EngineProbe::Spawn(spec);
    ASSERT_FALSE(probe);
    EXPECT_EQ(probe.error().code, Code::kNotFound);
    EXPECT_THAT(probe.error().message, HasSubstr(program));
  }
}

TEST(EngineProcess, TheEnvironmentIsCleanAndThePrivilegesAreGone) {
  setenv("PYTHONPATH", "/evil", 1);
  setenv("OPENAI_API_KEY", "secret", 1);
  EngineSpec spec = Script(
      "env; grep NoNewPrivs /proc/self/status; ls -l /proc/self/fd; echo pg=$$ $(ps -o pgid= -p "
      "$$)");
  spec.env = {{"EXTRA", "yes"}};
  auto probe = Probe(spec);
  const auto exit = probe->WaitExit();
  unsetenv("PYTHONPATH");
  unsetenv("OPENAI_API_KEY");
  ASSERT_TRUE(exit);
  std::string all;
  for (const std::string& line : exit->last_lines) all += line + "\n";
  EXPECT_THAT(all, HasSubstr("EXTRA=yes"));
  EXPECT_THAT(all, HasSubstr("NoNewPrivs:.1"));
  EXPECT_THAT(all, HasSubstr("PARLEY_ENGINE_FD=3"));
  EXPECT_THAT(all, ::testing::Not(HasSubstr("PYTHONPATH")));
  EXPECT_THAT(all, ::testing::Not(HasSubstr("secret")));
  EXPECT_EQ(std::count(all.begin(), all.end(), '>'), 5) << "0 1 2 3 and ls's own folder:\n" << all;
}

TEST(EngineProcess, WritesOutsideTheScratchFolderAreRefused) {
  const parley::testing::TempDir folder;
  const std::string target = (folder.path() / "written").string();
  EngineSpec spec = Script("echo x > $TMPDIR/mine && echo scratch ok; echo x > " + target +
                           " && echo outside ok; exit 0");
  const auto exit = Probe(spec)->WaitExit();
  ASSERT_TRUE(exit);
  EXPECT_THAT(exit->last_lines, Contains("scratch ok"));
  const auto lines = exit->last_lines;
  if (std::find(lines.begin(), lines.end(), "outside ok") != lines.end()) {
    EXPECT_NE(access("/sys/kernel/security/landlock", F_OK), 0) << "Landlock is there";
  } else {
    EXPECT_NE(access(target.c_str(), F_OK), 0);
    spec.sandbox.writable = {folder.path().string()};
    EXPECT_THAT(Probe(spec)->WaitExit()->last_lines, Contains("outside ok"));
  }
}

TEST(EngineProcess, AnEngineMayConnectInsteadOfInherit) {
  const parley::testing::TempDir folder;
  EngineSpec spec = ToneSpec();
  spec.socket_path = (folder.path() / "engine.sock").string();
  auto probe = Tone({}, spec);
  EXPECT_EQ(DecodeToneText(AudioOf(*Say(*probe, {"hi"})->WaitIdle()), kRateHz), "hi");
  probe->process().Stop();
  EXPECT_EQ(probe->WaitExit()->exit_code, 0);
}

TEST(EngineProcess, ItsEndTakesItsChildrenAlong) {
  const parley::testing::TempDir folder;
  const std::string file = (folder.path() / "pid").string();
  EngineSpec spec = Script("sleep 1000 & echo $! > " + file + "; echo started; wait");
  spec.sandbox.writable = {folder.path().string()};
  spec.deadlines.hello_ms = 300;
  auto probe = Probe(spec);
  ASSERT_TRUE(probe->WaitExit());
  pid_t grandchild = 0;
  std::ifstream(file) >> grandchild;
  ASSERT_GT(grandchild, 0);
  // It has been killed; on a busy machine it may still be dying.
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, grandchild, 0)));
  pollfd polled{.fd = pidfd.get(), .events = POLLIN};
  EXPECT_TRUE(!pidfd || poll(&polled, 1, static_cast<int>(kProbeWaitMs)) == 1);
}

}  // namespace
}  // namespace parley::engine
