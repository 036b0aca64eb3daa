#include "session/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/testing/temp_dir.h"
#include "session/testing/rig.h"
#include "turn/trace.h"

namespace parley::session {
namespace {

using testing::Rig;
using Json = nlohmann::json;
using Strings = std::vector<std::string>;

Strings Deduplicated(const Rig& rig, size_t from) {
  Strings types;
  for (size_t i = from; i < rig.events().size(); ++i) {
    const std::string type = rig.events()[i]["type"];
    if (types.empty() || types.back() != type) types.push_back(type);
  }
  return types;
}

// Sure that the turn is over; tells what it was shown.
class SureModel final : public perception::EndOfTurnModel {
 public:
  explicit SureModel(std::promise<size_t>& asked) : asked_(asked) {}
  Result<float> Score(std::span<const float> audio) const override {
    if (!told_.exchange(true)) asked_.set_value(audio.size());
    return 0.99f;
  }

 private:
  std::promise<size_t>& asked_;
  mutable std::atomic<bool> told_ = false;
};

// One question of a second, and its answer to the end.
void AskAndHear(Rig& rig) {
  rig.Speak(1200);
  rig.Silence(3000);
  rig.Advance(5000);
}

TEST(Session, OpensWithItsSessionAndConversation) {
  Rig rig;
  EXPECT_EQ(rig.Types(), (Strings{"session.created", "conversation.created"}));
}

TEST(Session, AQuestionIsAnsweredInTheOrderThatClientsDemand) {
  Rig rig;
  const size_t before = rig.events().size();
  AskAndHear(rig);
  Strings types = Deduplicated(rig, before);
  // Deltas of sound and words alternate; their order among each other is free.
  const auto is_delta = [](const std::string& type) { return type.find(".delta") != type.npos; };
  types.erase(std::remove_if(types.begin(), types.end(), is_delta), types.end());
  EXPECT_EQ(types,
            (Strings{"input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped",
                     "input_audio_buffer.committed", "conversation.item.added",
                     "conversation.item.done", "response.created", "rate_limits.updated",
                     "response.output_item.added", "conversation.item.added",
                     "response.content_part.added", "response.output_audio.done",
                     "response.output_audio_transcript.done", "response.content_part.done",
                     "response.output_item.done", "conversation.item.done", "response.done"}));
  EXPECT_EQ(rig.Last("response.done")["response"]["status"], "completed");
  EXPECT_EQ(rig.Last("response.output_audio_transcript.done")["transcript"],
            "It is Paris, I think. Anything else?");
  EXPECT_EQ(rig.voice().requests().at(0).sample_rate_hz, 24'000);
}

TEST(Session, ARecordedConversationReplaysBitForBit) {
  const parley::testing::TempDir folder;
  Rig::Config config;
  config.session.trace_dir = folder.path();
  {
    Rig rig(std::move(config));
    AskAndHear(rig);
    rig.Speak(600);  // hung up in mid-sentence
  }
  std::vector<std::filesystem::path> files;
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    files.push_back(file.path());
  }
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(std::filesystem::status(files[0]).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto trace = turn::ParseTrace(*ReadFile(files[0], 1 << 20));
  ASSERT_TRUE(trace) << trace.error().message;
  EXPECT_GT(trace->steps.size(), 100u);
  EXPECT_FALSE(trace->cut);
  const auto replayed = turn::Replay(*trace);
  ASSERT_TRUE(replayed);
  EXPECT_TRUE(replayed->same()) << replayed->first_difference;
}

TEST(Session, TheItemKeepsItsNameFromOnsetToTranscript) {
  Rig::Config config;
  config.update =
      R"({"type":"realtime","audio":{"input":{"transcription":{"model":"whisper-1"}}}})";
  Rig rig(std::move(config));
  AskAndHear(rig);
  const std::string id = rig.Last("input_audio_buffer.speech_started")["item_id"];
  EXPECT_EQ(rig.Last("input_audio_buffer.speech_stopped")["item_id"], id);
  EXPECT_EQ(rig.Last("input_audio_buffer.committed")["item_id"], id);
  const Json done = rig.Last("conversation.item.input_audio_transcription.completed");
  EXPECT_EQ(done["item_id"], id);
  EXPECT_EQ(done["transcript"], "What is the capital");
  EXPECT_GT(done["usage"]["seconds"].get<double>(), 1.0);
}

TEST(Session, TheModelIsShownInstructionsAndWhatWasSaid) {
  Rig rig;
  AskAndHear(rig);
  ASSERT_EQ(rig.model().requests().size(), 1u);
  const auto prompt = rig.Prompt(0);
  ASSERT_EQ(prompt.size(), 2u);
  EXPECT_EQ(prompt[0].text, "Be brief.");
  EXPECT_EQ(prompt[1].text, "What is the capital");
  AskAndHear(rig);
  const auto second = rig.Prompt(1);
  ASSERT_EQ(second.size(), 4u);
  EXPECT_EQ(second[2].text, "It is Paris, I think. Anything else?");
}

TEST(Session, SoundIsPacedAheadOfRealTimeByTheLead) {
  Rig rig;
  rig.Speak(1200);
  rig.Silence(520);
  while (rig.SamplesSent() == 0 && rig.now_ms() < 20'000) rig.Advance(10);
  const int64_t begun = rig.SamplesSent();
  rig.Advance(500);
  EXPECT_NEAR(static_cast<double>(rig.SamplesSent() - begun), 500 * 24, 40 * 24);
  EXPECT_LE(begun, 420 * 24);
}

TEST(Session, AnInterruptionCutsTheHistoryToWhatWasHeard) {
  Rig::Config config;
  config.replies = {{.deltas = {"One two three four five six seven eight nine ten."}},
                    {.deltas = {"Fine."}}};
  config.voice.ms_per_byte = 100;
  Rig rig(std::move(config));
  rig.Speak(1200);
  rig.Silence(2400);
  ASSERT_GT(rig.SamplesSent(), 0);
  rig.Speak(1200);
  rig.Silence(4000);
  const Json done = rig.Of("response.done").at(0);
  EXPECT_EQ(done["response"]["status"], "cancelled");
  EXPECT_EQ(done["response"]["status_details"]["reason"], "turn_detected");
  ASSERT_EQ(rig.model().requests().size(), 2u);
  const auto prompt = rig.Prompt(1);
  ASSERT_EQ(prompt.size(), 4u);
  EXPECT_EQ(prompt[2].text.rfind("One", 0), 0u) << prompt[2].text;
  EXPECT_LT(prompt[2].text.size(), 40u) << prompt[2].text;
  EXPECT_NE(prompt[2].text.find("—"), std::string::npos);
  EXPECT_GE(rig.metrics().replies_cut.value(), 1u);
}

TEST(Session, ANoticeThatMayNotBeInterruptedIsSpokenToItsEnd) {
  Rig::Config config;
  config.replies = {{.deltas = {"One two three four five six seven eight nine ten."}},
                    {.deltas = {"Fine."}}};
  config.voice.ms_per_byte = 100;
  Rig rig(std::move(config));
  rig.Send({{"type", "response.create"}, {"response", {{"x_parley", {{"interruptible", false}}}}}});
  rig.Silence(1000);
  ASSERT_GT(rig.SamplesSent(), 0);
  rig.Speak(1200);
  rig.Silence(9000);
  const auto done = rig.Of("response.done");
  ASSERT_EQ(done.size(), 2u);
  EXPECT_EQ(done[0]["response"]["status"], "completed");
  EXPECT_EQ(rig.Prompt(1).back().text, "What is the capital") << "heard, and answered afterwards";
}

TEST(Session, AFileSentInOneBurstIsTheSameConversation) {
  Rig rig;
  rig.Burst(300, false);
  rig.Burst(1200, true);
  rig.Burst(2000, false);
  rig.Advance(6000);
  EXPECT_EQ(rig.Of("input_audio_buffer.speech_started").size(), 1u);
  EXPECT_EQ(rig.Last("response.done")["response"]["status"], "completed");
  const int64_t start = rig.Last("input_audio_buffer.speech_started")["audio_start_ms"];
  EXPECT_NEAR(static_cast<double>(start), 20, 60);
  EXPECT_EQ(rig.Prompt(0).at(1).text, "What is the capital");
}

TEST(Session, AMicrophoneMutedInMidSentenceClosesTheTurn) {
  Rig rig;
  rig.Speak(1200);
  rig.Advance(8000);
  EXPECT_EQ(rig.Of("input_audio_buffer.speech_stopped").size(), 1u);
  EXPECT_LE(rig.Last("input_audio_buffer.speech_stopped")["audio_end_ms"], 1200);
  EXPECT_EQ(rig.Last("response.done")["response"]["status"], "completed");
}

TEST(Session, WithoutDetectionTheClientCommitsAndAsks) {
  Rig::Config config;
  config.update = R"({"type":"realtime","audio":{"input":{"turn_detection":null}}})";
  Rig rig(std::move(config));
  rig.Send({{"type", "input_audio_buffer.commit"}, {"event_id", "e1"}});
  const Json error = rig.Last("error")["error"];
  EXPECT_EQ(error["code"], "input_audio_buffer_commit_empty");
  EXPECT_EQ(error["event_id"], "e1");
  rig.Speak(1200);
  rig.Send({{"type", "input_audio_buffer.commit"}});
  rig.Advance(1000);
  EXPECT_EQ(rig.Of("response.created").size(), 0u);
  rig.Send({{"type", "response.create"}, {"response", {{"metadata", {{"client_event_id", "x"}}}}}});
  EXPECT_EQ(rig.Last("response.created")["response"]["metadata"]["client_event_id"], "x");
  rig.Advance(6000);
  EXPECT_EQ(rig.Last("response.done")["response"]["status"], "completed");
  EXPECT_TRUE(rig.Of("input_audio_buffer.speech_started").empty());
}

TEST(Session, TextIsAnsweredWithText) {
  Rig rig;
  rig.Send({{"type", "conversation.item.create"},
            {"item",
             {{"type", "message"},
              {"role", "user"},
              {"content", {{{"type", "input_text"}, {"text", "Hello?"}}}}}}});
  rig.Send({{"type", "response.create"}, {"response", {{"output_modalities", {"text"}}}}});
  rig.Advance(2000);
  EXPECT_EQ(rig.Last("response.output_text.done")["text"], "It is Paris, I think. Anything else?");
  EXPECT_TRUE(rig.voice().requests().empty());
  EXPECT_EQ(rig.Prompt(0).back().text, "Hello?");
}

TEST(Session, OneResponseAtATime) {
  Rig rig;
  rig.Send({{"type", "response.create"}});
  rig.Send({{"type", "response.create"}, {"event_id", "second"}});
  const Json error = rig.Last("error")["error"];
  EXPECT_EQ(error["code"], "conversation_already_has_active_response");
  EXPECT_NE(error["message"].get<std::string>().find(
                rig.Last("response.created")["response"]["id"].get<std::string>()),
            std::string::npos);
  rig.Send({{"type", "response.cancel"}});
  EXPECT_EQ(rig.Last("response.done")["response"]["status_details"]["reason"], "client_cancelled");
  rig.Send({{"type", "response.cancel"}});
  EXPECT_EQ(rig.Last("error")["error"]["code"], "response_cancel_not_active");
  EXPECT_EQ(
      rig.Last("error")["error"]["message"].get<std::string>().rfind("Cancellation failed", 0), 0u);
}

TEST(Session, AResponseOutsideTheConversationRunsBesideIt) {
  Rig rig;
  rig.Send({{"type", "response.create"}});
  rig.Send({{"type", "response.create"},
            {"response",
             {{"conversation", "none"},
              {"output_modalities", {"text"}},
              {"metadata", {{"topic", "side"}}},
              {"input", Json::array()}}}});
  rig.Advance(6000);
  int beside = 0;
  for (const Json& done : rig.Of("response.done")) {
    EXPECT_EQ(done["response"]["status"], "completed");
    if (!done["response"]["conversation_id"].is_null()) continue;
    ++beside;
    EXPECT_EQ(done["response"]["metadata"]["topic"], "side");
  }
  EXPECT_EQ(beside, 1);
  EXPECT_EQ(rig.Of("conversation.item.added").size(), 1u) << "only the one in the conversation";
}

TEST(Session, ATruncateCutsWhatTheModelIsShown) {
  Rig rig;
  AskAndHear(rig);
  const std::string item = rig.Last("response.output_item.done")["item"]["id"];
  rig.Send({{"type", "conversation.item.truncate"},
            {"item_id", item},
            {"content_index", 0},
            {"audio_end_ms", 450}});
  EXPECT_EQ(rig.Last("conversation.item.truncated")["audio_end_ms"], 450);
  rig.Send({{"type", "conversation.item.truncate"},
            {"item_id", item},
            {"content_index", 0},
            {"audio_end_ms", 90'000}});
  EXPECT_EQ(rig.Last("error")["error"]["code"], "invalid_value");
  rig.Send({{"type", "conversation.item.truncate"},
            {"item_id", "nobody"},
            {"content_index", 0},
            {"audio_end_ms", 0}});
  EXPECT_EQ(rig.Last("error")["error"]["code"], "item_truncate_invalid_item_id");
  AskAndHear(rig);
  EXPECT_EQ(rig.Prompt(1).at(2).text, "It is—");
}

TEST(Session, ARetrievedItemBringsItsSound) {
  Rig rig;
  AskAndHear(rig);
  const std::string item = rig.Last("input_audio_buffer.committed")["item_id"];
  rig.Send({{"type", "conversation.item.retrieve"}, {"item_id", item}});
  const Json part = rig.Last("conversation.item.retrieved")["item"]["content"][0];
  EXPECT_GT(part["audio"].get<std::string>().size(), 60'000u);
  EXPECT_EQ(part["transcript"], "What is the capital");
  rig.Send({{"type", "conversation.item.retrieve"}, {"item_id", "x"}, {"event_id", "rci_x"}});
  EXPECT_EQ(rig.Last("error")["error"]["event_id"], "rci_x");
}

TEST(Session, ASilentModelEndsInTheApology) {
  Rig::Config config;
  config.replies = {{.stalls = true}};
  Rig rig(std::move(config));
  rig.Speak(1200);
  rig.Silence(1000);
  rig.Advance(9000);
  const Json done = rig.Last("response.done")["response"];
  EXPECT_EQ(done["status"], "failed");
  EXPECT_TRUE(rig.Of("error").empty()) << "a failed response is no error event";
  EXPECT_EQ(rig.SamplesSent(), 12'000) << "the prepared apology";
  EXPECT_EQ(rig.metrics().replies_failed.value(), 1u);
}

TEST(Session, AVoiceThatDiesInMidSentenceIsTakenUpByAnother) {
  Rig::Config config;
  config.replies = {{.deltas = {"One two three four five six seven eight nine ten."}}};
  config.voice.real_time_factor = 1;
  Rig rig(std::move(config));
  rig.Speak(1200);
  rig.Silence(2000);
  ASSERT_GT(rig.SamplesSent(), 0);
  rig.voice().FailStreams({Code::kUnavailable, "engine died"}, /*retryable=*/true);
  rig.Advance(8000);
  EXPECT_EQ(rig.voice().requests().size(), 2u);
  EXPECT_EQ(rig.Last("response.done")["response"]["status"], "completed");
  ASSERT_GE(rig.voice().spoken().size(), 2u);
  const std::string rest = rig.voice().spoken().back();
  EXPECT_EQ(rest.find("One"), std::string::npos) << rest;
  EXPECT_NE(rest.find("ten."), std::string::npos);
}

TEST(Session, ARecognizerThatDiesIsAskedAgainFromTheBeginning) {
  Rig rig;
  rig.Speak(1000);
  rig.recognizer().FailStreams({Code::kUnavailable, "engine died"}, /*retryable=*/true);
  rig.Advance(10);
  rig.Speak(200);
  rig.Silence(3000);
  EXPECT_EQ(rig.recognizer().requests().size(), 2u);
  EXPECT_EQ(rig.Prompt(0).at(1).text, "What is the capital");
}

TEST(Session, OurClientsAreToldGainAndDropAndTurns) {
  Rig::Config config;
  config.replies = {{.deltas = {"One two three four five six seven eight nine ten."}}};
  config.update =
      R"({"type":"realtime","x_parley":{"playback":true,"turns":true,"live_words":true,)"
      R"("echo_free":true},"audio":{"input":{"turn_detection":{"type":"semantic_vad"}}}})";
  Rig rig(std::move(config));
  rig.Speak(1200);
  rig.Silence(2600);
  ASSERT_GT(rig.SamplesSent(), 0) << rig.events().back();
  rig.Speak(1000);
  rig.Silence(100);
  ASSERT_FALSE(rig.Of("x_parley.pause").empty());
  EXPECT_EQ(rig.Of("x_parley.pause").at(0)["paused"], true);
  EXPECT_EQ(rig.Last("x_parley.drop")["item_id"],
            rig.Of("response.output_item.done").at(0)["item"]["id"]);
  bool ducked = false;
  for (const Json& gain : rig.Of("x_parley.gain")) ducked = ducked || gain["db"] == -15;
  EXPECT_TRUE(ducked);
  EXPECT_FALSE(rig.Of("x_parley.turn").empty());
}

TEST(Session, ADraftSpeaksOnlyOnceItIsTheReply) {
  Rig::Config config;
  config.update = R"({"type":"realtime","audio":{"input":{"turn_detection":)"
                  R"({"type":"semantic_vad","eagerness":"low"}}}})";
  Rig rig(std::move(config));
  rig.Speak(1200);
  rig.Silence(400);
  EXPECT_EQ(rig.model().requests().size(), 1u) << "begun in the pause";
  EXPECT_EQ(rig.voice().requests().size(), 1u);
  EXPECT_TRUE(rig.Of("response.created").empty());
  rig.Silence(3000);
  rig.Advance(5000);
  EXPECT_EQ(rig.model().requests().size(), 1u) << "promoted, not asked again";
  EXPECT_EQ(rig.metrics().drafts_used.value(), 1u);
  EXPECT_EQ(rig.Last("response.done")["response"]["status"], "completed");
  EXPECT_EQ(rig.Last("response.output_audio_transcript.done")["transcript"],
            "It is Paris, I think. Anything else?");
}

TEST(Session, ADraftOfSpeechThatGoesOnLeavesNoTrace) {
  Rig::Config config;
  config.update = R"({"type":"realtime","audio":{"input":{"turn_detection":)"
                  R"({"type":"semantic_vad","eagerness":"low"}}}})";
  Rig rig(std::move(config));
  rig.Speak(1200);
  rig.Silence(400);
  ASSERT_EQ(rig.model().requests().size(), 1u);
  rig.Speak(600);
  EXPECT_EQ(rig.metrics().drafts_dropped.value(), 1u);
  EXPECT_EQ(rig.model().live(), 0);
  EXPECT_EQ(rig.voice().live(), 0);
  EXPECT_TRUE(rig.Of("response.created").empty());
  rig.Silence(3000);
  rig.Advance(5000);
  EXPECT_EQ(rig.Of("response.created").size(), 1u);
  EXPECT_EQ(rig.Of("input_audio_buffer.committed").size(), 1u);
}

TEST(Session, TheEndOfTurnModelIsAskedBesideTheSessionAndItsAnswerDecides) {
  std::promise<size_t> asked;
  Rig::Config config;
  config.session.speculation = false;
  config.end_of_turn = std::make_unique<SureModel>(asked);
  config.update = R"({"type":"realtime","audio":{"input":{"turn_detection":)"
                  R"({"type":"semantic_vad","eagerness":"low"}}}})";
  Rig rig(std::move(config));
  rig.Speak(1200);
  rig.Silence(200);
  const size_t samples = asked.get_future().get();
  EXPECT_NEAR(static_cast<double>(samples), 1.35 * 16'000, 2000) << "the turn from its padding on";
  // The answer is on its way from the pool's thread.
  while (rig.Of("input_audio_buffer.speech_stopped").empty()) {
    rig.executor().RunReady();
    std::this_thread::yield();
  }
  EXPECT_LE(rig.Last("input_audio_buffer.speech_stopped")["audio_end_ms"], 1420);
}

TEST(Session, MoreSoundThanMayWaitIsRefused) {
  Rig::Config config;
  config.session.backlog_bytes_max = 1 << 20;
  Rig rig(std::move(config));
  rig.Burst(60'000, false);
  EXPECT_EQ(rig.Last("error")["error"]["code"], "rate_limit_exceeded");
  AskAndHear(rig);
  EXPECT_EQ(rig.Last("response.done")["response"]["status"], "completed");
}

TEST(Session, TelephoneSoundIsAnsweredAtItsOwnRate) {
  Rig::Config config;
  config.update = R"({"type":"realtime","audio":{"output":{"format":{"type":"audio/pcmu"}}}})";
  Rig rig(std::move(config));
  AskAndHear(rig);
  EXPECT_EQ(rig.voice().requests().at(0).sample_rate_hz, 8000);
  EXPECT_EQ(rig.Last("response.done")["response"]["status"], "completed");
  const Json item = rig.Last("response.output_item.done")["item"];
  rig.Send({{"type", "conversation.item.truncate"},
            {"item_id", item["id"]},
            {"content_index", 0},
            {"audio_end_ms", 450}});
  AskAndHear(rig);
  EXPECT_EQ(rig.Prompt(1).at(2).text, "It is—") << "positions are counted the same at any rate";
}

TEST(Session, StrictClientsSeeNoEventOfOurs) {
  Rig rig;
  AskAndHear(rig);
  for (const Json& event : rig.events()) {
    EXPECT_EQ(event["type"].get<std::string>().rfind("x_", 0), std::string::npos);
  }
}

TEST(Session, MistakesAreAnsweredAndTheSessionGoesOn) {
  Rig rig;
  rig.SendText("not json");
  EXPECT_EQ(rig.Last("error")["error"]["code"], "invalid_json");
  rig.SendText("{}");
  rig.SendText(R"({"type":"no.such.event","event_id":"q"})");
  EXPECT_EQ(rig.Last("error")["error"]["event_id"], "q");
  rig.SendText(R"({"type":"input_audio_buffer.append","audio":"%%%"})");
  rig.session().OnBinary();
  EXPECT_EQ(rig.Of("error").size(), 5u);
  AskAndHear(rig);
  EXPECT_EQ(rig.Last("response.done")["response"]["status"], "completed");
}

TEST(Session, AClientThatVanishesLeavesNothingBehind) {
  Rig rig;
  rig.Speak(1200);
  rig.Silence(1400);
  rig.Hangup();
  EXPECT_EQ(rig.recognizer().live(), 0);
  EXPECT_EQ(rig.model().live(), 0);
  EXPECT_EQ(rig.voice().live(), 0);
  EXPECT_EQ(rig.executor().timers_waiting(), 0u);
  EXPECT_EQ(rig.metrics().sessions.value(), 0);
  const size_t events = rig.events().size();
  rig.Advance(5000);
  EXPECT_EQ(rig.events().size(), events);
}

TEST(Session, AtRestNothingIsScheduledAndNoInvariantWasBroken) {
  Rig rig;
  AskAndHear(rig);
  AskAndHear(rig);
  rig.Advance(20'000);
  EXPECT_EQ(rig.executor().timers_waiting(), 0u);
  EXPECT_EQ(rig.metrics().invariants_broken.value(), 0u);
  const Session::Stats stats = rig.session().stats();
  EXPECT_EQ(stats.recognizer_streams + stats.replies + stats.out_of_band + stats.messages_waiting,
            0u);
  EXPECT_EQ(rig.turns().Newest(10).size(), 2u);
}

}  // namespace
}  // namespace parley::session
