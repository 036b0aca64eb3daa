// Streams over fake workers in virtual time, and over real worker processes that are killed.
#include "router/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/testing/temp_dir.h"
#include "net/io_threads.h"
#include "net/testing/manual_executor.h"
#include "ports/testing/fake_language_model.h"
#include "ports/testing/fake_model_host.h"
#include "ports/testing/fake_recognizer.h"
#include "ports/testing/fake_voice.h"
#include "rpc/testing/collector.h"

extern char** environ;

namespace parley::router {
namespace {

using ports::Recognizer;
using ports::Voice;
using rpc::testing::Collector;
using ::testing::HasSubstr;

ports::WorkerCapabilities Capable() {
  ports::WorkerCapabilities all{.ready = true, .models = {}};
  const auto add = [&](std::string id, ports::ModelKind kind) {
    all.models.push_back({.id = std::move(id),
                          .kind = kind,
                          .state = ports::ModelState::kReady,
                          .is_default = true,
                          .slots = 4});
  };
  add("voice", ports::ModelKind::kTts);
  add("ears", ports::ModelKind::kAsr);
  add("mind", ports::ModelKind::kLlm);
  return all;
}

struct FakeWorker {
  ports::testing::FakeVoice voice;
  ports::testing::FakeRecognizer recognizer{{.script = {{"hello", 0, 1600}}}};
  ports::testing::FakeLanguageModel language_model{{{.deltas = {"Hi."}}}};
  ports::testing::FakeModelHost host{Capable()};

  WorkerLink Link(const std::string& address) {
    return {address, &voice, &recognizer, &language_model, &host, nullptr};
  }
};

class RouterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto router = Router::Create({}, {clock_, executor_}, {one_.Link("one"), two_.Link("two")});
    ASSERT_TRUE(router);
    router_ = std::move(*router);
    Let(1);
  }
  void TearDown() override {
    // Stop waits for the executor, which here must be run by hand.
    std::thread runner([this] {
      while (!ended_) executor_.RunReady();
    });
    router_.reset();
    ended_ = true;
    runner.join();
  }

  void Let(int64_t ms) {
    for (int64_t i = 0; i < ms; ++i) {
      executor_.AdvanceMs(1);
      for (FakeWorker* worker : {&one_, &two_}) {
        if (worker == hung_) continue;
        worker->host.Run();
        worker->voice.AdvanceUs(1'000);
        worker->recognizer.AdvanceUs(1'000);
        worker->language_model.AdvanceUs(1'000);
      }
      executor_.RunReady();
    }
  }
  // The worker that does the only stream there is.
  FakeWorker& Busy() { return one_.voice.live() + one_.recognizer.live() > 0 ? one_ : two_; }
  FakeWorker& Other() { return &Busy() == &one_ ? two_ : one_; }

  FakeClock clock_;
  net::testing::ManualExecutor executor_{clock_};
  FakeWorker one_, two_;
  FakeWorker* hung_ = nullptr;  // gets no time
  std::unique_ptr<Router> router_;
  std::atomic<bool> ended_ = false;
};

TEST_F(RouterTest, AStreamRunsOnOneWorkerAndIsCountedThere) {
  Collector<Voice::Event> heard;
  auto stream = router_->voice().Start({.credit_samples = 1 << 30}, heard.Sink());
  stream->Speak(UtteranceId{1}, "Hello.", "");
  stream->EndOfText();
  EXPECT_EQ(router_->workers()[0].in_flight + router_->workers()[1].in_flight, 1);
  Let(200);
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(heard.events().back()));
  EXPECT_EQ(router_->workers()[0].in_flight + router_->workers()[1].in_flight, 0);
}

TEST_F(RouterTest, WorkThatWasNotHeardYetIsDoneByAnotherWorker) {
  Collector<Voice::Event> heard;
  auto stream = router_->voice().Start({.credit_samples = 1 << 30}, heard.Sink());
  stream->Speak(UtteranceId{1}, "Hello.", "");
  stream->EndOfText();
  FakeWorker& other = Other();
  Busy().voice.FailStreams({Code::kUnavailable, "killed"}, true);
  Let(300);
  EXPECT_EQ(other.voice.spoken(), std::vector<std::string>{"1:Hello."});
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(heard.events().back()));
  EXPECT_TRUE(heard.Of<Voice::Failed>().empty());
}

TEST_F(RouterTest, WhatWasHeardIsNotRepeated) {
  Collector<Voice::Event> heard;
  auto stream = router_->voice().Start({.credit_samples = 1 << 30}, heard.Sink());
  stream->Speak(UtteranceId{1}, "A long enough sentence.", "");
  Let(60);
  ASSERT_FALSE(heard.Of<Voice::Audio>().empty());
  FakeWorker& other = Other();
  Busy().voice.FailStreams({Code::kUnavailable, "killed"}, true);
  Let(300);
  EXPECT_TRUE(other.voice.spoken().empty());
  EXPECT_TRUE(std::get<Voice::Failed>(heard.events().back()).retryable);
}

TEST_F(RouterTest, AMistakeIsNotTriedElsewhere) {
  Collector<Voice::Event> heard;
  auto stream = router_->voice().Start({}, heard.Sink());
  Busy().voice.FailStreams({Code::kInvalidArgument, "no such voice"}, false);
  Let(50);
  EXPECT_EQ(std::get<Voice::Failed>(heard.events().back()).error.code, Code::kInvalidArgument);
  EXPECT_EQ(one_.voice.requests().size() + two_.voice.requests().size(), 1u);
}

TEST_F(RouterTest, ASegmentIsHeardAgainFromItsStart) {
  Collector<Recognizer::Event> heard;
  auto stream = router_->recognizer().Start({}, heard.Sink());
  const std::vector<int16_t> pcm(1600, 5);
  stream->Audio(0, pcm);
  stream->Flush(FlushId{1}, 1600);
  Let(150);
  ASSERT_EQ(heard.Of<Recognizer::Final>().size(), 1u);
  FakeWorker& other = Other();
  Busy().recognizer.FailStreams({Code::kUnavailable, "killed"}, true);
  Let(50);
  stream->Audio(1600, pcm);
  stream->Flush(FlushId{2}, 3200);
  Let(300);
  EXPECT_EQ(other.recognizer.heard().size(), 3200u);
  const auto finals = heard.Of<Recognizer::Final>();
  ASSERT_EQ(finals.size(), 2u) << "the first flush is answered once";
  EXPECT_EQ(finals[1].flush, FlushId{2});
  int64_t room = 0;
  for (const auto& credit : heard.Of<Recognizer::Credit>()) room += credit.samples;
  EXPECT_EQ(room, 480'000 + 3200);
}

TEST_F(RouterTest, WithNoWorkerLeftAStreamWaitsAndThenSaysWhy) {
  Collector<Voice::Event> heard;
  auto stream = router_->voice().Start({.ready_timeout_ms = 1'000}, heard.Sink());
  for (int i = 0; i < 100 && heard.events().empty(); ++i) {
    one_.voice.FailStreams({Code::kUnavailable, "killed"}, true);
    two_.voice.FailStreams({Code::kUnavailable, "killed"}, true);
    Let(20);
  }
  const auto failed = std::get<Voice::Failed>(heard.events().back());
  EXPECT_TRUE(failed.retryable);
}

TEST_F(RouterTest, CancelBeforeAnyWorkerIsAcknowledged) {
  Collector<Voice::Event> heard;
  auto stream = router_->voice().Start({.model = "voice"}, heard.Sink());
  one_.voice.FailStreams({Code::kUnavailable, "killed"}, true);
  two_.voice.FailStreams({Code::kUnavailable, "killed"}, true);
  stream->Speak(UtteranceId{1}, "Hello.", "");
  stream->Cancel();
  Let(50);
  ASSERT_EQ(heard.Of<Voice::Done>().size(), 1u);
  EXPECT_EQ(heard.Of<Voice::Done>()[0].reason, Voice::DoneReason::kCancelled);
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(heard.events().back()));
}

TEST_F(RouterTest, AnUnknownModelFailsAtOnce) {
  Collector<Voice::Event> heard;
  auto stream = router_->voice().Start({.model = "nothing"}, heard.Sink());
  Let(1);
  ASSERT_FALSE(heard.events().empty());
  EXPECT_EQ(std::get<Voice::Failed>(heard.events()[0]).error.code, Code::kNotFound);
}

TEST_F(RouterTest, ModelsAreThoseOfAllWorkersOnce) {
  EXPECT_EQ(router_->models().size(), 3u);
  EXPECT_EQ(router_->not_ready_why(), "");
}

TEST_F(RouterTest, ADestroyedStreamFreesItsWorker) {
  Collector<Voice::Event> heard;
  auto stream = router_->voice().Start({}, heard.Sink());
  stream.reset();
  Let(1);
  EXPECT_EQ(one_.voice.live() + two_.voice.live(), 0);
  EXPECT_EQ(router_->workers()[0].in_flight + router_->workers()[1].in_flight, 0);
}

TEST_F(RouterTest, AWorkerThatHangsBeforeItsFirstSoundIsLeftAndTheOtherSpeaks) {
  // So that the voice's pace is known.
  for (int i = 0; i < 10; ++i) {
    Collector<Voice::Event> heard;
    auto stream = router_->voice().Start({.credit_samples = 1 << 30}, heard.Sink());
    stream->Speak(UtteranceId{1}, "Hello.", "");
    stream->EndOfText();
    Let(150);
    ASSERT_TRUE(std::holds_alternative<Voice::Finished>(heard.events().back()));
  }
  Collector<Voice::Event> heard;
  auto stream = router_->voice().Start({.credit_samples = 1 << 30}, heard.Sink());
  stream->Speak(UtteranceId{1}, "Hello.", "");
  stream->EndOfText();
  FakeWorker& hung = Busy();
  hung_ = &hung;
  Let(600);
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(heard.events().back()));
  EXPECT_EQ(heard.Of<Voice::Done>().size(), 1u);
}

TEST_F(RouterTest, AVoiceThatIsPausedOrWithoutCreditDoesNotHang) {
  Collector<Voice::Event> heard;
  auto stream = router_->voice().Start({.credit_samples = 0}, heard.Sink());
  stream->Speak(UtteranceId{1}, "Hello.", "");
  Let(30'000);
  EXPECT_TRUE(heard.events().empty());
  stream->Pause();
  stream->Grant(1 << 30);
  Let(30'000);
  EXPECT_TRUE(heard.Of<Voice::Failed>().empty());
}

TEST_F(RouterTest, ADrainReachesTheWorkerThatIsNamed) {
  Collector<Status> done;
  router_->Drain("two", 1'000, done.Sink());
  Let(5);
  ASSERT_EQ(done.events().size(), 1u);
  EXPECT_TRUE(done.events()[0]);
  Let(2'000);
  EXPECT_TRUE(router_->workers()[1].capabilities.draining);
  EXPECT_FALSE(router_->workers()[0].capabilities.draining);
  router_->Drain("three", 1'000, done.Sink());
  Let(5);
  EXPECT_EQ(done.events()[1].error().code, Code::kNotFound);
}

// ---- the registry -------------------------------------------------------------------------------

class RegistryRouterTest : public RouterTest {
 protected:
  using View = registry::WorkerDirectory::View;

  void SetUp() override {
    auto router = Router::Create(
        config_, {clock_, executor_, [this](const std::string& address) { return Dial(address); }},
        {});
    ASSERT_TRUE(router);
    router_ = std::move(*router);
    Let(1);
  }
  Result<WorkerLink> Dial(const std::string& address) {
    ++dialled_;
    return (address == "one:1" ? one_ : two_).Link(address);
  }
  static std::shared_ptr<const registry::Announcement> Announce(const std::string& name) {
    auto capabilities = Capable();
    capabilities.worker_id = name;
    return std::make_shared<const registry::Announcement>(registry::Announcement{
        .instance = "instance-" + name, .address = name + ":1", .capabilities = capabilities});
  }
  void Tell(std::vector<std::shared_ptr<const registry::Announcement>> workers,
            bool stale = false) {
    router_->Update(
        std::make_shared<const View>(View{.workers = std::move(workers), .stale = stale}));
    Let(1);
  }
  std::unique_ptr<Voice::Stream> Say(Collector<Voice::Event>& heard, Voice::Request request = {}) {
    request.credit_samples = 1 << 30;
    auto stream = router_->voice().Start(std::move(request), heard.Sink());
    stream->Speak(UtteranceId{1}, "Hello.", "");
    stream->EndOfText();
    return stream;
  }

  RouterConfig config_;
  int dialled_ = 0;
};

TEST_F(RegistryRouterTest, WhoAnnouncesItselfIsGivenWorkWithoutBeingAsked) {
  EXPECT_THAT(router_->not_ready_why(), HasSubstr("registry"));
  Tell({Announce("one")});
  EXPECT_EQ(router_->not_ready_why(), "");
  Collector<Voice::Event> heard;
  const auto stream = Say(heard);
  Let(200);
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(heard.events().back()));
  Tell({Announce("one")});
  EXPECT_EQ(dialled_, 1) << "the link stays";
}

TEST_F(RegistryRouterTest, AStreamWaitsForTheFirstWorker) {
  Collector<Voice::Event> heard;
  const auto stream = Say(heard);
  Let(100);
  EXPECT_TRUE(heard.events().empty());
  Tell({Announce("one")});
  Let(200);
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(heard.events().back()));
}

TEST_F(RegistryRouterTest, WhoIsGoneGetsNothingNewAndFinishesWhatItHas) {
  Tell({Announce("one"), Announce("two")});
  Collector<Voice::Event> heard;
  const auto stream = Say(heard);
  const bool first = &Busy() == &one_;
  Tell({Announce(first ? "two" : "one")});
  ASSERT_EQ(router_->workers().size(), 1u);
  Let(200);
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(heard.events().back()));
  EXPECT_TRUE(heard.Of<Voice::Failed>().empty());
}

TEST_F(RegistryRouterTest, AStaleViewIsUsed) {
  Tell({Announce("one")});
  Tell({Announce("one")}, /*stale=*/true);
  EXPECT_TRUE(router_->stale());
  Let(60'000);
  Collector<Voice::Event> heard;
  const auto stream = Say(heard);
  Let(200);
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(heard.events().back()));
}

TEST_F(RegistryRouterTest, AUnixAddressOfAnotherMachineIsNotForUs) {
  auto far = *Announce("one");
  far.address = "unix:/run/w.sock";
  far.host = "elsewhere";
  Tell({std::make_shared<const registry::Announcement>(far)});
  EXPECT_TRUE(router_->workers().empty());
}

TEST_F(RegistryRouterTest, ASessionStaysWithItsWorker) {
  Tell({Announce("one"), Announce("two")});
  for (int i = 0; i < 10; ++i) {
    Collector<Voice::Event> heard;
    const auto stream = Say(heard, {.session = "s"});
    Let(200);
  }
  EXPECT_EQ(std::min(one_.voice.spoken().size(), two_.voice.spoken().size()), 0u);
}

class ChainRouterTest : public RegistryRouterTest {
 protected:
  void SetUp() override {
    config_.fallbacks = {{"grand", "voice"}};
    RegistryRouterTest::SetUp();
  }
};

TEST_F(ChainRouterTest, WhatTheOperatorAllowsStandsInAndNothingElse) {
  Tell({Announce("one")});
  Collector<Voice::Event> heard, refused;
  const auto stream = Say(heard, {.model = "grand", .voice = "its own"});
  const auto other = Say(refused, {.model = "small"});
  Let(200);
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(heard.events().back()));
  EXPECT_EQ(one_.voice.requests()[0].model, "voice");
  EXPECT_EQ(one_.voice.requests()[0].voice, "") << "another model's voices have other names";
  EXPECT_EQ(std::get<Voice::Failed>(refused.events().back()).error.code, Code::kNotFound);
}

// ---- real processes -----------------------------------------------------------------------------

class WorkerProcess {
 public:
  explicit WorkerProcess(const std::filesystem::path& dir) : dir_(dir) { Start(); }
  ~WorkerProcess() { Kill(SIGTERM); }

  std::string address() const { return "unix:" + (dir_ / "w.sock").string(); }
  void Start() {
    const std::string program = std::string(PARLEY_BIN_DIR) + "/parley-worker";
    std::vector<std::string> words{program,
                                   "--listen",
                                   address(),
                                   "--models-dir",
                                   dir_ / "models",
                                   "--log-level",
                                   "error",
                                   "--set",
                                   "worker.default_voice=tone",
                                   "--set",
                                   "worker.default_recognizer=",
                                   "--set",
                                   "worker.default_llm=",
                                   "--set",
                                   "worker.drain_ms=0"};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ASSERT_EQ(::posix_spawn(&pid_, program.c_str(), nullptr, nullptr, argv.data(), environ), 0);
  }
  void Kill(int signal) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  const std::filesystem::path dir_;
  pid_t pid_ = -1;
};

TEST(RouterWithProcesses, AKilledWorkersWorkIsDoneByTheOtherAndItComesBack) {
  parley::testing::TempDir first_dir, second_dir;
  for (const auto* dir : {&first_dir, &second_dir}) {
    std::filesystem::create_directories(dir->path() / "models/tone");
    std::ofstream(dir->path() / "models/tone/model.toml")
        << "[model]\nid = \"tone\"\nengine = \"tone\"\nkind = \"tts\"\n[files]\n[options]\nrtf = "
           "\"1\"\ndelay_ms = \"300\"\n";
  }
  WorkerProcess first(first_dir.path()), second(second_dir.path());
  auto threads = net::IoThreads::Start(1, "router");
  ASSERT_TRUE(threads);
  const SteadyClock clock;
  std::vector<WorkerLink> links;
  for (const WorkerProcess* process : {&first, &second}) {
    auto link = DialWorker({.address = process->address()});
    ASSERT_TRUE(link);
    links.push_back(std::move(*link));
  }
  auto router = Router::Create({}, {clock, (*threads)->at(0)}, std::move(links));
  ASSERT_TRUE(router);
  Collector<int> nothing;
  ASSERT_TRUE(nothing.WaitFor([&](const auto&) {
    const auto workers = (*router)->workers();
    return workers[0].capabilities.ready && workers[1].capabilities.ready;
  }));

  // Killed before its first audio: the other one speaks.
  Collector<Voice::Event> heard;
  auto stream = (*router)->voice().Start({.credit_samples = 1 << 30, .ready_timeout_ms = 15'000},
                                         heard.Sink());
  stream->Speak(UtteranceId{1}, "Hello.", "");
  stream->EndOfText();
  const bool on_first = (*router)->workers()[0].in_flight == 1;
  (on_first ? first : second).Kill(SIGKILL);
  ASSERT_TRUE(
      heard.WaitFor([](const auto& events) { return !events.empty() && IsLast(events.back()); }));
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(heard.events().back()));
  EXPECT_FALSE(heard.Of<Voice::Audio>().empty());

  // Killed in mid-utterance: the caller is told, and that it may try again.
  Collector<Voice::Event> cut;
  auto doomed =
      (*router)->voice().Start({.credit_samples = 1 << 30, .ready_timeout_ms = 15'000}, cut.Sink());
  doomed->Speak(UtteranceId{1}, "A sentence that is cut in its middle.", "");
  ASSERT_TRUE(cut.WaitFor([](const auto& events) { return events.size() > 3; }));
  (on_first ? second : first).Kill(SIGKILL);
  ASSERT_TRUE(cut.WaitFor([](const auto& events) { return IsLast(events.back()); }));
  EXPECT_TRUE(std::get<Voice::Failed>(cut.events().back()).retryable);

  // Nobody is there, and a stream waits for the one that comes back.
  Collector<Voice::Event> patient;
  auto waiting = (*router)->voice().Start({.credit_samples = 1 << 30, .ready_timeout_ms = 15'000},
                                          patient.Sink());
  waiting->Speak(UtteranceId{1}, "Hi.", "");
  waiting->EndOfText();
  first.Start();
  ASSERT_TRUE(
      patient.WaitFor([](const auto& events) { return !events.empty() && IsLast(events.back()); }));
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(patient.events().back()));
}

}  // namespace
}  // namespace parley::router
