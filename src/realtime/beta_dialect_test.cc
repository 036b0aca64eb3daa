#include "realtime/beta_dialect.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>
#include <string>

#include "realtime/client_event.h"
#include "realtime/response_ladder.h"
#include "realtime/server_event.h"

namespace parley::realtime {
namespace {

using nlohmann::json;

SessionObject Updated(const std::string& beta_message) {
  SessionObject session{SessionDefaults{.instructions = "Be brief.", .voice = "marin"}};
  const auto event = ParseClientEvent(FromBeta(beta_message));
  if (!event) ADD_FAILURE() << event.error().message;
  if (!event) return session;
  const auto merged = session.Merge(std::get<UpdateSession>(event->body).patch, false);
  if (!merged) ADD_FAILURE() << merged.error().message;
  return session;
}

TEST(BetaDialect, TheFlatSessionIsUnderstoodAndShownAgain) {
  const SessionObject session = Updated(R"({"type":"session.update","session":{
      "modalities":["audio","text"],"voice":"alloy","input_audio_format":"g711_ulaw",
      "output_audio_format":"g711_alaw","input_audio_transcription":{"model":"whisper-1"},
      "input_audio_noise_reduction":{"type":"near_field"},"temperature":0.7,
      "turn_detection":{"type":"server_vad","threshold":0.6},"max_response_output_tokens":50,
      "speed":1.25}})");
  EXPECT_EQ(session.settings().input_format.codec, Codec::kPcmu);
  EXPECT_EQ(session.settings().reply.output_format.codec, Codec::kPcma);
  EXPECT_TRUE(session.settings().reply.audio);
  EXPECT_EQ(session.settings().reply.voice, "alloy");
  EXPECT_EQ(session.settings().reply.max_output_tokens, 50);
  EXPECT_EQ(session.settings().detection.threshold, 0.6);
  const json event = json::parse(ToBeta(SessionUpdated(session)));
  EXPECT_EQ(event["type"], "session.updated");
  const json& shown = event["session"];
  EXPECT_EQ(shown["object"], "realtime.session");
  EXPECT_EQ(shown["modalities"], (json{"audio", "text"}));
  EXPECT_EQ(shown["voice"], "alloy");
  EXPECT_EQ(shown["input_audio_format"], "g711_ulaw");
  EXPECT_EQ(shown["output_audio_format"], "g711_alaw");
  EXPECT_EQ(shown["input_audio_transcription"]["model"], "whisper-1");
  EXPECT_EQ(shown["turn_detection"]["threshold"], 0.6);
  EXPECT_EQ(shown["max_response_output_tokens"], 50);
  EXPECT_EQ(shown["temperature"], 0.7);
  EXPECT_EQ(shown["speed"], 1.25);
  for (const char* later : {"audio", "output_modalities", "max_output_tokens", "type"}) {
    EXPECT_FALSE(shown.contains(later)) << later;
  }
}

TEST(BetaDialect, TextAloneStaysTextAlone) {
  const SessionObject session =
      Updated(R"({"type":"session.update","session":{"modalities":["text"]}})");
  EXPECT_FALSE(session.settings().reply.audio);
  EXPECT_EQ(json::parse(ToBeta(SessionUpdated(session)))["session"]["modalities"], json{"text"});
}

TEST(BetaDialect, ATranscriptionSessionHasEventsOfItsOwn) {
  const SessionObject session = Updated(R"({"type":"transcription_session.update","session":{
      "input_audio_format":"pcm16","input_audio_transcription":{"model":"gpt-4o-transcribe"}}})");
  EXPECT_TRUE(session.settings().transcription_only);
  const json event = json::parse(ToBeta(SessionUpdated(session)));
  EXPECT_EQ(event["type"], "transcription_session.updated");
  EXPECT_EQ(event["session"]["object"], "realtime.transcription_session");
  EXPECT_EQ(event["session"]["input_audio_format"], "pcm16");
  EXPECT_EQ(event["session"]["input_audio_transcription"]["model"], "gpt-4o-transcribe");
}

TEST(BetaDialect, AMistakeIsNamedByTheFieldThatTheClientKnows) {
  struct Case {
    const char* session;
    const char* code;
    const char* param;
  };
  for (const Case& c :
       {Case{R"({"input_audio_format":"mp3"})", "invalid_value", "session.input_audio_format.type"},
        {R"({"input_audio_format":7})", "invalid_value", "session.input_audio_format"},
        {R"({"speed":9})", "invalid_value", "session.speed"},
        {R"({"modalities":["smell"]})", "invalid_value", "session.modalities"},
        {R"({"turn_detection":{"type":"server_vad","threshold":2}})", "invalid_value",
         "session.turn_detection.threshold"},
        {R"({"loudness":1})", "unknown_parameter", "session.loudness"}}) {
    SessionObject session{SessionDefaults{}};
    const auto event = ParseClientEvent(
        FromBeta(std::string(R"({"type":"session.update","session":)") + c.session + "}"));
    ASSERT_TRUE(event);
    const auto merged = session.Merge(std::get<UpdateSession>(event->body).patch, false);
    ASSERT_FALSE(merged) << c.session;
    const json error = json::parse(ToBeta(ErrorEvent(merged.error())))["error"];
    EXPECT_EQ(error["code"], c.code);
    EXPECT_EQ(error["param"], c.param);
    EXPECT_NE(error["message"].get<std::string>().find(c.param), std::string::npos)
        << error["message"];
  }
}

TEST(BetaDialect, TheLadderHasTheOlderNames) {
  std::vector<json> events;
  ResponseLadder ladder({.response_id = "resp_1", .conversation_id = "conv_1"},
                        [&](std::string message) {
                          message = ToBeta(std::move(message));
                          if (!message.empty()) events.push_back(json::parse(message));
                        });
  ladder.Create();
  ladder.Start("item_1", "item_0");
  ladder.Text("Hi");
  ladder.Audio(std::vector<int16_t>(24));
  ladder.Finish(turn::ResponseStatus::kCompleted, turn::ResponseReason::kNone, "", {});
  std::vector<std::string> types;
  for (const json& event : events) types.push_back(event["type"]);
  const std::vector<std::string> expected = {"response.created",
                                             "rate_limits.updated",
                                             "response.output_item.added",
                                             "conversation.item.created",
                                             "response.content_part.added",
                                             "response.audio_transcript.delta",
                                             "response.audio.delta",
                                             "response.audio.done",
                                             "response.audio_transcript.done",
                                             "response.content_part.done",
                                             "response.output_item.done",
                                             "response.done"};
  EXPECT_EQ(types, expected);
  EXPECT_EQ(events[10]["item"]["content"][0]["type"], "audio");
  const json& response = events.back()["response"];
  EXPECT_EQ(response["output"][0]["content"][0]["type"], "audio");
  EXPECT_EQ(response["modalities"], (json{"audio", "text"}));
  EXPECT_EQ(response["output_audio_format"], "pcm16");
  EXPECT_FALSE(response.contains("audio"));
}

TEST(BetaDialect, AnAssistantsTextIsCreatedByItsOlderName) {
  const auto event = ParseClientEvent(
      FromBeta(R"({"type":"conversation.item.create","item":{"type":"message","role":"assistant",)"
               R"("content":[{"type":"text","text":"Hello."}]}})"));
  ASSERT_TRUE(event);
  const auto& item = std::get<CreateItem>(event->body).item;
  EXPECT_EQ(item.content[0].type, PartType::kOutputText);
  const json added = json::parse(ToBeta(ItemAdded(item, "")));
  EXPECT_EQ(added["type"], "conversation.item.created");
  EXPECT_EQ(added["item"]["content"][0]["type"], "text");
  EXPECT_EQ(ToBeta(ItemDone(item, "")), "");
}

TEST(BetaDialect, AResponsesSettingsAreUnderstood) {
  const auto event = ParseClientEvent(FromBeta(
      R"({"type":"response.create","response":{"modalities":["audio","text"],"voice":"ash",)"
      R"("output_audio_format":"g711_ulaw","temperature":0.6,"max_output_tokens":9}})"));
  ASSERT_TRUE(event) << event.error().message;
  const auto settings = MergeReply({}, std::get<CreateResponse>(event->body).overrides);
  ASSERT_TRUE(settings);
  EXPECT_TRUE(settings->audio);
  EXPECT_EQ(settings->voice, "ash");
  EXPECT_EQ(settings->output_format.codec, Codec::kPcmu);
  EXPECT_EQ(settings->max_output_tokens, 9);
}

TEST(BetaDialect, WhatBothShareIsTheSame) {
  for (const char* message :
       {R"({"type":"input_audio_buffer.append","audio":"AAAA"})", R"({"type":"response.cancel"})",
        "no json", "", "[]", R"({"type":7,"x":"session.update"})"}) {
    const auto direct = ParseClientEvent(message);
    const auto beta = ParseClientEvent(FromBeta(message));
    ASSERT_EQ(direct.has_value(), beta.has_value()) << message;
    if (!direct) {
      EXPECT_EQ(direct.error(), beta.error());
    }
  }
  EXPECT_EQ(ToBeta(BufferCleared()).substr(0, 30), BufferCleared().substr(0, 30));
}

TEST(BetaDialect, AnyTextIsTranslatedWithoutHarm) {
  EXPECT_TRUE(rc::check("never throws", [](const std::string& text) {
    (void)FromBeta(R"({"type":"session.update","session":)" + text + "}");
    (void)ToBeta(R"({"type":"error","error":)" + text + "}");
  }));
}

}  // namespace
}  // namespace parley::realtime
