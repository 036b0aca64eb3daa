// A whole worker with real engine processes, as a gateway reaches it: the tone engine's sound says
// which text was spoken.
#include "worker/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "base/testing/temp_dir.h"
#include "engine/testing/tone_code.h"
#include "grammar/testing/grammar_files.h"
#include "net/client.h"
#include "registry/directory.h"
#include "registry/testing/redis_server.h"
#include "rpc/speech_client.h"
#include "rpc/testing/collector.h"
#include "rpc/worker_check.h"

namespace parley::worker {
namespace {

using ports::Voice;
using rpc::testing::Collector;
using ::testing::HasSubstr;

bool Ended(const std::vector<Voice::Event>& events) {
  return !events.empty() && IsLast(events.back());
}

class WorkerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.listen = "unix:" + (dir_.path() / "w.sock").string();
    config_.default_voice = "tone";
    config_.default_recognizer = "";
    config_.default_llm = "";
    config_.engines.programs_dir = PARLEY_BIN_DIR;
    config_.voice.target_lufs = 0;
    config_.voice.trim_silence = false;
    AddPack("tone", "");
  }

  void AddPack(const std::string& id, const std::string& options,
               const std::string& engine = "tone") {
    std::filesystem::create_directories(dir_.path() / "models" / id);
    std::ofstream(dir_.path() / "models" / id / "model.toml")
        << "[model]\nid = \"" << id << "\"\nengine = \"" << engine
        << "\"\nkind = \"tts\"\n[files]\n[options]\n"
        << options;
  }

  // The model text/wetext, of small grammars that know "5" and "7".
  void AddGrammars() {
    const auto folder = dir_.path() / "models/text/wetext";
    std::filesystem::create_directories(folder);
    std::ofstream pack(folder / "model.toml");
    pack << "[model]\nid = \"text/wetext\"\nengine = \"wetext\"\nkind = \"text\"\n[files]\n";
    for (const grammar::Language language : grammar::kLanguages) {
      for (const std::string part : {"tagger", "verbalizer"}) {
        const std::string role = std::string(CodeOf(language)) + "_" + part;
        pack << role << " = \"" << role << ".fst\"\n";
        std::ofstream(folder / (role + ".fst"))
            << (part == "tagger" ? grammar::testing::ToyTagger().bytes
                                 : grammar::testing::ToyVerbalizer().bytes);
      }
    }
  }

  std::string WhyNotOpen() {
    const auto worker = Worker::Create(config_, {.registry = registry_,
                                                 .clock = clock_,
                                                 .launcher = launcher_,
                                                 .models = {.dir = dir_.path() / "models"},
                                                 .version = "test"});
    return worker ? "" : worker.error().message;
  }

  void Open() {
    auto worker = Worker::Create(config_, {.registry = registry_,
                                           .clock = clock_,
                                           .launcher = launcher_,
                                           .models = {.dir = dir_.path() / "models"},
                                           .version = "test"});
    ASSERT_TRUE(worker) << worker.error().message;
    worker_ = std::move(*worker);
    auto client = rpc::SpeechClient::Create({.address = worker_->address()});
    ASSERT_TRUE(client) << client.error().message;
    client_ = std::move(*client);
  }

  // The stream speaks the texts as utterances 1, 2, …
  std::unique_ptr<Voice::Stream> Say(Collector<Voice::Event>& heard,
                                     const std::vector<std::string>& texts,
                                     Voice::Request request = {}) {
    if (request.credit_samples == 0) request.credit_samples = 1 << 30;
    request.sample_rate_hz = 24'000;
    auto stream = client_->voice().Start(std::move(request), heard.Sink());
    uint64_t id = 0;
    for (const std::string& text : texts) stream->Speak(UtteranceId{++id}, text, "");
    stream->EndOfText();
    return stream;
  }

  static std::vector<float> SoundOf(const Collector<Voice::Event>& heard, uint64_t utterance) {
    std::vector<float> sound;
    int64_t next = 0;
    for (const Voice::Audio& audio : heard.Of<Voice::Audio>()) {
      if (audio.utterance.value != utterance) continue;
      EXPECT_EQ(audio.pts_samples, next);
      next += static_cast<int64_t>(audio.pcm.size());
      for (const int16_t sample : audio.pcm) sound.push_back(static_cast<float>(sample) / 32768);
    }
    return sound;
  }

  ports::ModelInfo InfoOf(const std::string& model) {
    Collector<Result<std::vector<ports::ModelInfo>>> listed;
    client_->model_host().List(listed.Sink());
    EXPECT_TRUE(listed.WaitFor([](const auto& events) { return !events.empty(); }));
    const auto answers = listed.events();
    for (const auto& info : *answers.at(0)) {
      if (info.id == model) return info;
    }
    return {};
  }

  // The engine processes that are children of this one.
  static std::vector<pid_t> Engines() {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::ifstream stat(entry.path() / "stat");
      std::string pid, name, state, parent;
      stat >> pid >> name >> state >> parent;
      if (name.starts_with("(parley-engine") && state != "Z" &&
          parent == std::to_string(::getpid())) {
        found.push_back(std::stoi(pid));
      }
    }
    return found;
  }

  parley::testing::TempDir dir_;
  WorkerConfig config_;
  metrics::Registry registry_;
  SteadyClock clock_;
  ProcessLauncher launcher_;
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<rpc::SpeechClient> client_;
};

TEST_F(WorkerTest, WhatIsSaidIsHeardWithMarksInTheCallersText) {
  Open();
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"Hello there.", "Good bye."});
  ASSERT_TRUE(heard.WaitFor(Ended));
  ASSERT_TRUE(std::holds_alternative<Voice::Finished>(heard.events().back()));
  EXPECT_EQ(engine::DecodeToneText(SoundOf(heard, 1), 24'000), "Hello there.");
  EXPECT_EQ(engine::DecodeToneText(SoundOf(heard, 2), 24'000), "Good bye.");
  const auto done = heard.Of<Voice::Done>();
  ASSERT_EQ(done.size(), 2u);
  EXPECT_EQ(done[0].stats.samples, static_cast<int64_t>(SoundOf(heard, 1).size()));
  std::vector<uint32_t> ends;
  for (const auto& mark : heard.Of<Voice::Mark>()) {
    if (mark.utterance.value == 1) ends.push_back(mark.text_end);
  }
  ASSERT_FALSE(ends.empty());
  EXPECT_EQ(ends.back(), std::string("Hello there.").size());
  EXPECT_TRUE(std::is_sorted(ends.begin(), ends.end()));
}

TEST_F(WorkerTest, ACallerWhoNamesNoRateGetsTheWorkersOwnInWholeFrames) {
  config_.voice.sample_rate_hz = 16'000;
  config_.voice.frame_ms = 40;
  Open();
  Collector<Voice::Event> heard;
  const auto stream = client_->voice().Start(
      {.sample_rate_hz = 0, .frame_ms = 0, .credit_samples = 1 << 30}, heard.Sink());
  stream->Speak(UtteranceId{1}, "Hi!", "");
  stream->EndOfText();
  ASSERT_TRUE(heard.WaitFor(Ended));
  const auto frames = heard.Of<Voice::Audio>();
  ASSERT_FALSE(frames.empty());
  for (const auto& frame : frames) {
    EXPECT_EQ(frame.pcm.size(), 640u);
    EXPECT_EQ(frame.last, &frame == &frames.back());
  }
  // Three bytes of 60 ms each: four and a half frames.
  EXPECT_EQ(frames.size(), 5u);
  EXPECT_EQ(frames.back().padding_samples, 320u);
  EXPECT_EQ(engine::DecodeToneText(SoundOf(heard, 1), 16'000), "Hi!");
}

TEST_F(WorkerTest, NumbersAreSpokenAsWordsAndMarkedAsFigures) {
  Open();
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"I have 21 apples."});
  ASSERT_TRUE(heard.WaitFor(Ended));
  EXPECT_THAT(engine::DecodeToneText(SoundOf(heard, 1), 24'000), HasSubstr("twenty"));
  EXPECT_EQ(heard.Of<Voice::Mark>().back().text_end, std::string("I have 21 apples.").size());
}

TEST_F(WorkerTest, WithoutNormalizationTheVoiceGetsTheTextAsItCame) {
  config_.voice.normalize_text = false;
  Open();
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"I have 21 apples."});
  ASSERT_TRUE(heard.WaitFor(Ended));
  EXPECT_EQ(engine::DecodeToneText(SoundOf(heard, 1), 24'000), "I have 21 apples.");
}

TEST_F(WorkerTest, AVoiceWhosePackSaysSoGetsTheTextAsItCame) {
  std::ofstream(dir_.path() / "models/tone/model.toml")
      << "[model]\nid = \"tone\"\nengine = \"tone\"\nkind = \"tts\"\nnormalizer = \"none\"\n"
         "[files]\n";
  Open();
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"I have 21 apples."});
  ASSERT_TRUE(heard.WaitFor(Ended));
  EXPECT_EQ(engine::DecodeToneText(SoundOf(heard, 1), 24'000), "I have 21 apples.");
}

TEST_F(WorkerTest, GrammarsThatAreThereSpellOutTheText) {
  AddGrammars();
  Open();
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"**At** 5 or $7"});
  ASSERT_TRUE(heard.WaitFor(Ended));
  EXPECT_EQ(engine::DecodeToneText(SoundOf(heard, 1), 24'000), "At five or seven dollars");
  EXPECT_EQ(heard.Of<Voice::Mark>().back().text_end, std::string("**At** 5 or $7").size());
}

TEST_F(WorkerTest, ABrokenGrammarStopsTheStart) {
  AddGrammars();
  std::ofstream(dir_.path() / "models/text/wetext/zh_tagger.fst") << "torn";
  EXPECT_THAT(WhyNotOpen(), HasSubstr("zh_tagger.fst is no sound FST"));
}

TEST_F(WorkerTest, ASettingThatNeedsGrammarsSaysHowToFetchThem) {
  config_.voice.normalize_by = NormalizeBy::kWetext;
  EXPECT_THAT(WhyNotOpen(), HasSubstr("worker.text_normalizer is 'wetext'"));
  EXPECT_THAT(WhyNotOpen(), HasSubstr("'parley models pull text/wetext' fetches them"));
  config_.voice.normalize_by = NormalizeBy::kAuto;
  config_.voice.text_language = "zh-CN";
  EXPECT_THAT(WhyNotOpen(), HasSubstr("worker.text_language is 'zh-CN'"));
  config_.voice.normalize_text = false;
  EXPECT_EQ(WhyNotOpen(), "");
}

TEST_F(WorkerTest, TextWithNothingToSayEndsWithoutSound) {
  Open();
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"", "Hi.", "\xF0\x9F\x98\x80"});
  ASSERT_TRUE(heard.WaitFor(Ended));
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(heard.events().back()));
  const auto done = heard.Of<Voice::Done>();
  ASSERT_EQ(done.size(), 3u);
  EXPECT_EQ(done[0].stats.samples, 0);
  EXPECT_GT(done[1].stats.samples, 0);
  EXPECT_EQ(done[2].stats.samples, 0);
}

TEST_F(WorkerTest, APauseLosesNothingAndRepeatsNothing) {
  Open();
  Collector<Voice::Event> whole;
  const auto unpaused = Say(whole, {"A sentence that is paused."});
  ASSERT_TRUE(whole.WaitFor(Ended));
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"A sentence that is paused."}, {.credit_samples = 4'800});
  ASSERT_TRUE(heard.WaitFor([](const auto& events) { return events.size() >= 5; }));
  stream->Pause();
  stream->Grant(1 << 30);
  ASSERT_TRUE(heard.WaitFor(
      [](const auto& events) { return std::holds_alternative<Voice::Paused>(events.back()); }));
  EXPECT_EQ(heard.Of<Voice::Paused>()[0].pts_samples,
            static_cast<int64_t>(SoundOf(heard, 1).size()));
  stream->Resume();
  ASSERT_TRUE(heard.WaitFor(Ended));
  EXPECT_EQ(SoundOf(heard, 1), SoundOf(whole, 1));
}

TEST_F(WorkerTest, ACancelIsAcknowledgedAndFreesTheSlot) {
  AddPack("slow", "rtf = \"1\"\nslots = \"1\"\n");
  Open();
  Collector<Voice::Event> heard;
  const auto stream =
      Say(heard, {"A very long sentence that nobody waits for."}, {.model = "slow"});
  ASSERT_TRUE(heard.WaitFor([](const auto& events) { return !events.empty(); }));
  stream->Cancel();
  ASSERT_TRUE(heard.WaitFor(Ended));
  EXPECT_EQ(heard.Of<Voice::Done>()[0].reason, Voice::DoneReason::kCancelled);
  Collector<Voice::Event> next;
  const auto second = Say(next, {"Hi."}, {.model = "slow"});
  ASSERT_TRUE(next.WaitFor(Ended));
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(next.events().back()));
}

TEST_F(WorkerTest, AnUnknownModelIsNamedWithThoseThatAreThere) {
  Open();
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"Hi."}, {.model = "nothing"});
  ASSERT_TRUE(heard.WaitFor(Ended));
  const auto failed = std::get<Voice::Failed>(heard.events().back());
  EXPECT_EQ(failed.error.code, Code::kNotFound);
  EXPECT_THAT(failed.error.message, HasSubstr("no model 'nothing' here; there is tone"));
  EXPECT_FALSE(failed.retryable);
}

TEST_F(WorkerTest, AnEngineKilledInMidUtteranceFailsOnlyItsStreamsAndComesBack) {
  AddPack("slow", "rtf = \"1\"\n");
  Open();
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"A very long sentence that will be cut."});
  ASSERT_TRUE(heard.WaitFor(Ended));  // the default is up
  const std::vector<pid_t> before = Engines();
  ASSERT_EQ(before.size(), 1u);
  Collector<Voice::Event> doomed;
  const auto cut = Say(doomed, {"A very long sentence that will be cut."}, {.model = "slow"});
  ASSERT_TRUE(doomed.WaitFor([](const auto& events) { return !events.empty(); }));
  for (const pid_t pid : Engines()) {
    if (pid != before[0]) ::kill(pid, SIGKILL);
  }
  Collector<Voice::Event> other;
  const auto unaffected = Say(other, {"Nobody else notices."});
  ASSERT_TRUE(doomed.WaitFor(Ended));
  EXPECT_TRUE(std::get<Voice::Failed>(doomed.events().back()).retryable);
  ASSERT_TRUE(other.WaitFor(Ended));
  EXPECT_EQ(engine::DecodeToneText(SoundOf(other, 1), 24'000), "Nobody else notices.");
  Collector<Voice::Event> again;
  const auto retried = Say(again, {"Hi."}, {.model = "slow"});
  ASSERT_TRUE(again.WaitFor(Ended));
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(again.events().back()));
}

TEST_F(WorkerTest, AMissingDefaultKeepsTheWorkerUpAndSaysWhy) {
  config_.default_voice = "piper/joe";
  Open();
  EXPECT_THAT(worker_->NotReadyWhy(),
              HasSubstr("piper/joe (tts) is not here; 'parley models pull piper/joe' fetches it"));
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"Hi."}, {.model = "tone"});
  ASSERT_TRUE(heard.WaitFor(Ended));
  EXPECT_TRUE(std::holds_alternative<Voice::Finished>(heard.events().back()));
}

TEST_F(WorkerTest, AModelThatCannotBeLoadedSaysSoAtOnce) {
  AddPack("broken", "fail_load = \"the weights are damaged\"\n");
  Open();
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"Hi."}, {.model = "broken"});
  ASSERT_TRUE(heard.WaitFor(Ended));
  EXPECT_THAT(std::get<Voice::Failed>(heard.events().back()).error.message,
              HasSubstr("the weights are damaged"));
  EXPECT_EQ(InfoOf("broken").state, ports::ModelState::kFailed);
}

TEST_F(WorkerTest, AnEngineThatIsNotHereIsNamed) {
  AddPack("other", "", "nosuch");
  Open();
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"Hi."}, {.model = "other"});
  ASSERT_TRUE(heard.WaitFor(Ended));
  EXPECT_THAT(std::get<Voice::Failed>(heard.events().back()).error.message,
              HasSubstr("engine 'nosuch' of model 'other' is not here; there are "));
}

TEST_F(WorkerTest, ModelsAreLoadedAndUnloadedOnDemand) {
  AddPack("second", "load_ms = \"50\"\n");
  Open();
  Collector<ports::ModelHost::LoadEvent> loaded;
  client_->model_host().Load("second", 20'000, loaded.Sink());
  using Outcome = Result<ports::ModelInfo>;
  ASSERT_TRUE(loaded.WaitFor([](const auto& events) {
    return !events.empty() && std::holds_alternative<Outcome>(events.back());
  }));
  const auto outcome = std::get<Outcome>(loaded.events().back());
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->state, ports::ModelState::kReady);
  Collector<Status> unloaded;
  client_->model_host().Unload("second", false, unloaded.Sink());
  ASSERT_TRUE(unloaded.WaitFor([](const auto& events) { return !events.empty(); }));
  EXPECT_TRUE(unloaded.events()[0]);
  EXPECT_EQ(InfoOf("second").state, ports::ModelState::kAbsent);
  Collector<Status> pinned;
  client_->model_host().Unload("tone", false, pinned.Sink());
  ASSERT_TRUE(pinned.WaitFor([](const auto& events) { return !events.empty(); }));
  EXPECT_EQ(pinned.events()[0].error().code, Code::kFailedPrecondition);
}

TEST_F(WorkerTest, AChangedPackIsLoadedAnewWithoutBeingAsked) {
  config_.policy.check_ms = 100;
  Open();
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"Hi."});
  ASSERT_TRUE(heard.WaitFor(Ended));
  AddPack("tone", "slots = \"3\"\n");
  Collector<int> nothing;
  EXPECT_TRUE(nothing.WaitFor([this](const auto&) { return InfoOf("tone").slots == 3; }));
  EXPECT_TRUE(nothing.WaitFor([](const auto&) { return Engines().size() == 1; }))
      << "the old one is gone";
}

TEST_F(WorkerTest, AWorkerStandsInTheRegistryFromItsStartToItsEnd) {
  registry::testing::RedisServer redis;
  ASSERT_FALSE(HasFatalFailure());
  config_.redis = redis.Config();
  config_.id = "w1";
  config_.zone = "eu";
  Open();
  Collector<std::shared_ptr<const registry::WorkerDirectory::View>> seen;
  const auto directory = registry::WorkerDirectory::Start(redis.Config(), seen.Sink());
  ASSERT_TRUE(directory);
  ASSERT_TRUE(seen.WaitFor([](const auto& views) {
    return !views.empty() && views.back()->workers.size() == 1 &&
           views.back()->workers[0]->capabilities.ready;
  }));
  const auto worker = (*directory)->view()->workers[0];
  EXPECT_EQ(worker->capabilities.worker_id, "w1");
  EXPECT_EQ(worker->address, config_.listen);
  EXPECT_EQ(worker->zone, "eu");
  worker_->Stop(100);
  EXPECT_TRUE(seen.WaitFor([](const auto& views) { return views.back()->workers.empty(); }));
}

TEST_F(WorkerTest, MetricsAreServedOverHttp) {
  config_.serve_metrics = true;
  config_.redis.url = "";
  Open();
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"Hi."});
  ASSERT_TRUE(heard.WaitFor(Ended));
  const std::string base = worker_->metrics_url();
  const auto metrics = net::Fetch({.url = base + "/metrics"});
  ASSERT_TRUE(metrics) << metrics.error().message;
  EXPECT_THAT(metrics->body, HasSubstr("parley_models{state=\"ready\"} 1"));
  EXPECT_EQ(net::Fetch({.url = base + "/readyz"})->status, 200);
  EXPECT_EQ(net::Fetch({.url = base + "/healthz"})->status, 200);
  EXPECT_EQ(net::Fetch({.url = base + "/"})->status, 404);
}

TEST_F(WorkerTest, AWorkerKeepsTheContract) {
  config_.voice.trim_silence = true;
  AddPack("tone", "rtf = \"0.02\"\n");
  Open();
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"Hi."});
  ASSERT_TRUE(heard.WaitFor(Ended));
  const auto report = rpc::CheckWorker({.client = {.address = worker_->address()}});
  for (const auto& check : report.checks) {
    EXPECT_NE(check.outcome, ports::ContractCheck::Outcome::kFailed) << check.ToText();
  }
  EXPECT_GE(report.checks.size(), 20u);
}

TEST(WorkerAddress, GatewaysAreToldWhatTheyCanReach) {
  WorkerConfig config;
  EXPECT_EQ(config.AdvertisedAddress("unix:/run/w.sock"), "unix:/run/w.sock");
  EXPECT_EQ(config.AdvertisedAddress("10.0.0.1:5"), "10.0.0.1:5");
  EXPECT_EQ(config.AdvertisedAddress("0.0.0.0:5"), HostName() + ":5");
  EXPECT_EQ(config.AdvertisedAddress("[::]:5"), HostName() + ":5");
  config.advertise = "gpu-1.lan";
  EXPECT_EQ(config.AdvertisedAddress("0.0.0.0:5"), "gpu-1.lan:5");
  config.advertise = "gpu-1.lan:7";
  EXPECT_EQ(config.AdvertisedAddress("0.0.0.0:5"), "gpu-1.lan:7");
}

TEST(WorkerAddress, APortTakesThePlaceOfTheAddress) {
  WorkerConfig config;
  config.port = 5'000;
  EXPECT_EQ(config.ListenAddress(), "127.0.0.1:5000");
  config.key = Secret("hush");
  EXPECT_EQ(config.ListenAddress(), "0.0.0.0:5000");
  config.listen = "10.0.0.1:1";
  EXPECT_EQ(config.ListenAddress(), "10.0.0.1:5000");
}

TEST_F(WorkerTest, NoEngineOutlivesTheWorker) {
  Open();
  Collector<Voice::Event> heard;
  const auto stream = Say(heard, {"Hi."});
  ASSERT_TRUE(heard.WaitFor(Ended));
  EXPECT_EQ(Engines().size(), 1u);
  worker_->Stop(100);
  EXPECT_TRUE(Engines().empty());
}

}  // namespace
}  // namespace parley::worker
