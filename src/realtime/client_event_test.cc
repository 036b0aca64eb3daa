#include "realtime/client_event.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

namespace parley::realtime {
namespace {

template <class Event>
Event Parse(const std::string& message) {
  auto event = ParseClientEvent(message);
  if (!event) ADD_FAILURE() << event.error().message;
  return event ? std::get<Event>(event->body) : Event{};
}

ProtocolError Error(const std::string& message) {
  auto event = ParseClientEvent(message);
  EXPECT_FALSE(event) << message;
  return event ? ProtocolError{} : event.error();
}

TEST(ClientEvent, AnAppendIsReadTheSameInEveryForm) {
  const std::vector<uint8_t> bytes = {0, 1, 2, 3};
  for (const char* message : {
           R"({"type":"input_audio_buffer.append","audio":"AAECAw=="})",
           R"( { "audio" : "AAECAw==" , "type" : "input_audio_buffer.append" } )",
           R"({"event_id":"e1","type":"input_audio_buffer.append","audio":"AAECAw=="})",
           // For the parser: another key, an escape, one key twice.
           R"({"type":"input_audio_buffer.append","audio":"AAECAw==","more":[1,{"audio":"x"}]})",
           R"({"type":"input_audio_buffer.\u0061ppend","audio":"AAECAw\u003d\u003d"})",
           R"({"audio":7,"type":"input_audio_buffer.append","audio":"AAECAw=="})",
       }) {
    EXPECT_EQ(Parse<AppendAudio>(message).bytes, bytes) << message;
  }
  EXPECT_EQ(ParseClientEvent(R"({"event_id":"e1","type":"input_audio_buffer.append","audio":""})")
                ->event_id,
            "e1");
}

TEST(ClientEvent, AnAppendThatIsNoJsonIsRefusedHoweverMuchOfItReadsWell) {
  const std::string good = R"({"type":"input_audio_buffer.append","audio":"AAAA"})";
  EXPECT_EQ(Error(good + "}").code, "invalid_json");
  EXPECT_EQ(Error(good + good).code, "invalid_json");
  EXPECT_EQ(Error(good.substr(0, good.size() - 1)).code, "invalid_json");
  EXPECT_EQ(Error(R"({"type":"input_audio_buffer.append","audio":"AAAA",})").code, "invalid_json");
  EXPECT_EQ(Error("{\"type\":\"input_audio_buffer.append\",\"audio\":\"AA\nAA\"}").code,
            "invalid_json");
  EXPECT_EQ(
      Error("{\"event_id\":\"\xff\",\"type\":\"input_audio_buffer.append\",\"audio\":\"\"}").code,
      "invalid_json");
}

TEST(ClientEvent, EachMistakeHasItsDocumentedCodeAndPath) {
  struct Case {
    const char* message;
    const char* code;
    const char* param;
  };
  for (const Case& c : {
           Case{"", "invalid_json", ""},
           {"{", "invalid_json", ""},
           {"hello", "invalid_json", ""},
           {"[]", "invalid_json", ""},
           {"7", "invalid_json", ""},
           {"{}", "invalid_event", "type"},
           {R"({"type":7})", "invalid_event", "type"},
           {R"({"type":"input_audio_buffer.eat"})", "invalid_event", "type"},
           {R"({"type":"session.update"})", "missing_required_parameter", "session"},
           {R"({"type":"session.update","session":[]})", "invalid_value", "session"},
           {R"({"type":"input_audio_buffer.append"})", "missing_required_parameter", "audio"},
           {R"({"type":"input_audio_buffer.append","audio":5})", "invalid_value", "audio"},
           {R"({"type":"input_audio_buffer.append","audio":"%%%="})", "invalid_value", "audio"},
           {R"({"type":"conversation.item.create"})", "missing_required_parameter", "item"},
           {R"({"type":"conversation.item.create","item":{"type":"poem"}})", "invalid_value",
            "item.type"},
           {R"({"type":"conversation.item.create","item":{"type":"message","role":"user"}})",
            "missing_required_parameter", "item.content"},
           {R"({"type":"conversation.item.create","item":{"type":"message","role":"assistant",)"
            R"("content":[{"type":"output_audio"}]}})",
            "invalid_value", "item.content[0].type"},
           {R"({"type":"conversation.item.truncate","item_id":"a","content_index":0})",
            "missing_required_parameter", "audio_end_ms"},
           {R"({"type":"conversation.item.truncate","item_id":"a","content_index":0,)"
            R"("audio_end_ms":-1})",
            "invalid_value", "audio_end_ms"},
           {R"({"type":"conversation.item.delete"})", "missing_required_parameter", "item_id"},
           {R"({"type":"response.create","response":{"speed_of_light":1}})", "unknown_parameter",
            "response.speed_of_light"},
           {R"({"type":"response.create","response":{"metadata":{"a":1}}})", "invalid_value",
            "response.metadata.a"},
           {R"({"type":"response.create","response":{"output_modalities":["smell"]}})",
            "invalid_value", "response.output_modalities"},
       }) {
    const ProtocolError error = Error(c.message);
    EXPECT_EQ(error.code, c.code) << c.message;
    EXPECT_EQ(error.param, c.param) << c.message;
    EXPECT_EQ(error.type, "invalid_request_error");
    EXPECT_FALSE(error.message.empty());
  }
}

TEST(ClientEvent, SoIsEachMistakeWithinASessionAResponseOrAnItem) {
  struct Case {
    const char* message;
    const char* code;
    const char* param;
  };
  for (const Case& c : {
           Case{R"({"type":"session.update","session":{}})", "missing_required_parameter",
                "session.type"},
           {R"({"type":"response.cancel","event_id":7})", "invalid_value", "event_id"},
           {R"({"type":"response.cancel","response_id":7})", "invalid_value", "response_id"},
           {R"({"type":"response.create","response":{"audio":5}})", "invalid_value",
            "response.audio"},
           {R"({"type":"response.create","response":{"x_parley":5}})", "invalid_value",
            "response.x_parley"},
           {R"({"type":"response.create","response":{"x_parley":{"interruptible":"no"}}})",
            "invalid_value", "response.x_parley.interruptible"},
           {R"({"type":"response.create","response":{"x_parley":{"loud":true}}})",
            "unknown_parameter", "response.x_parley.loud"},
           {R"({"type":"response.create","response":{"reasoning":5}})", "invalid_value",
            "response.reasoning"},
           {R"({"type":"response.create","response":{"parallel_tool_calls":5}})", "invalid_value",
            "response.parallel_tool_calls"},
           {R"({"type":"conversation.item.create","item":{"type":"message","role":"user",)"
            R"("content":[{"type":"input_audio","audio":"%"}]}})",
            "invalid_value", "item.content[0].audio"},
           {R"({"type":"conversation.item.create","item":{"type":"function_call","name":"f",)"
            R"("arguments":"{}","call_id":7}})",
            "invalid_value", "item.call_id"},
       }) {
    const ProtocolError error = Error(c.message);
    EXPECT_EQ(error.code, c.code) << c.message;
    EXPECT_EQ(error.param, c.param) << c.message;
    EXPECT_EQ(error.type, "invalid_request_error");
    EXPECT_FALSE(error.message.empty());
  }
}

TEST(ClientEvent, AnErrorEchoesTheClientsEventId) {
  EXPECT_EQ(Error(R"({"type":"nope","event_id":"evt_7"})").event_id, "evt_7");
  EXPECT_EQ(Error(R"({"type":"nope","event_id":7})").event_id, "");
}

TEST(ClientEvent, DeepNestingIsRefusedBeforeAnythingWalksIt) {
  const std::string deep(100'000, '[');
  EXPECT_EQ(Error(deep).code, "invalid_json");
  EXPECT_EQ(Error(R"({"type":"session.update","session":{"prompt":)" + deep).code, "invalid_json");
  // Brackets inside a string are text.
  Parse<CreateItem>(R"({"type":"conversation.item.create","item":{"type":"message","role":"user",)"
                    R"("content":[{"type":"input_text","text":")" +
                    std::string(500, '[') + R"(\"{{{"}]}})");
}

TEST(ClientEvent, AudioArrivesAsBytes) {
  const auto append =
      Parse<AppendAudio>(R"({"type":"input_audio_buffer.append","audio":"AQD+/w=="})");
  EXPECT_EQ(append.bytes, (std::vector<uint8_t>{1, 0, 0xfe, 0xff}));
}

TEST(ClientEvent, ItemsOfEveryKindAreRead) {
  const auto user = Parse<CreateItem>(
      R"({"type":"conversation.item.create","previous_item_id":"root","item":{"id":"i1",)"
      R"("type":"message","role":"user","content":[{"type":"input_text","text":"Hi"},)"
      R"({"type":"input_audio","transcript":"there"}]}})");
  EXPECT_EQ(user.item.id, "i1");
  EXPECT_EQ(user.item.Words(), "Hi there");
  EXPECT_EQ(user.previous_item_id, "root");
  const auto assistant = Parse<CreateItem>(
      R"({"type":"conversation.item.create","item":{"type":"message","role":"assistant",)"
      R"("content":[{"type":"output_text","text":"Yes?"}]}})");
  EXPECT_EQ(assistant.item.role, ItemRole::kAssistant);
  const auto output = Parse<CreateItem>(
      R"({"type":"conversation.item.create","item":{"type":"function_call_output",)"
      R"("call_id":"c1","output":"42"}})");
  EXPECT_EQ(output.item.type, ItemType::kFunctionCallOutput);
  EXPECT_EQ(output.item.output, "42");
}

TEST(ClientEvent, AResponseKeepsItsMetadataItsInputAndItsOwnSettings) {
  const auto create = Parse<CreateResponse>(
      R"({"type":"response.create","response":{"conversation":"none","metadata":{"k":"v"},)"
      R"("instructions":"Be brief.","output_modalities":["text"],"max_output_tokens":20,)"
      R"("input":[{"type":"item_reference","id":"i1"},{"type":"message","role":"user",)"
      R"("content":[{"type":"input_text","text":"Hi"}]}]}})");
  EXPECT_TRUE(create.out_of_band);
  EXPECT_EQ(create.metadata, R"({"k":"v"})");
  ASSERT_EQ(create.input->size(), 2u);
  EXPECT_EQ(std::get<std::string>((*create.input)[0]), "i1");
  ReplySettings session;
  session.voice = "joe";
  const auto reply = MergeReply(session, create.overrides);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->instructions, "Be brief.");
  EXPECT_EQ(reply->voice, "joe");
  EXPECT_FALSE(reply->audio);
  EXPECT_EQ(reply->max_output_tokens, 20);
}

TEST(ClientEvent, ABareResponseCreateAsksForNothingSpecial) {
  const auto create = Parse<CreateResponse>(R"({"type":"response.create"})");
  EXPECT_FALSE(create.out_of_band);
  EXPECT_FALSE(create.input.has_value());
  EXPECT_EQ(create.metadata, "null");
}

TEST(ClientEvent, AnyBytesGiveAnEventOrAnErrorWithACode) {
  rc::check([](const std::string& bytes) {
    const auto event = ParseClientEvent(bytes);
    RC_ASSERT(event.has_value() || !event.error().code.empty());
  });
}

}  // namespace
}  // namespace parley::realtime
