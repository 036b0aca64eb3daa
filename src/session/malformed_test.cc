// Every field of every client event, given everything it is not: each message is taken or answered
// by one error with a documented code that names the field and the event, and the session goes on.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "session/testing/rig.h"

namespace parley::session {
namespace {

using testing::Rig;
using Json = nlohmann::json;

const char* const kEvents[] = {
    R"({"type":"session.update","session":{"type":"realtime","model":"gpt-realtime",
        "output_modalities":["audio"],"instructions":"x","tools":[{"type":"function","name":"f",
        "description":"d","parameters":{"type":"object"}}],"tool_choice":{"type":"function",
        "name":"f"},"max_output_tokens":100,"include":["item.input_audio_transcription.logprobs"],
        "truncation":{"type":"retention_ratio","retention_ratio":0.5},"tracing":{"group_id":"g"},
        "prompt":{"id":"p"},"reasoning":{"effort":"low"},"parallel_tool_calls":true,
        "temperature":0.8,"x_parley":{"playback":true,"turns":false},
        "audio":{"input":{"format":{"type":"audio/pcm","rate":24000},
            "transcription":{"model":"whisper-1","language":"en","languages":["en"],
              "keywords":["k"],"prompt":"p","delay":"low"},
            "noise_reduction":{"type":"near_field"},
            "turn_detection":{"type":"server_vad","threshold":0.5,"prefix_padding_ms":300,
              "silence_duration_ms":500,"create_response":true,"interrupt_response":true,
              "idle_timeout_ms":6000}},
          "output":{"format":{"type":"audio/pcmu"},"voice":"marin","speed":1.1}}}})",
    R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":
        {"type":"semantic_vad","eagerness":"low","create_response":false}}}}})",
    R"({"type":"input_audio_buffer.append","audio":"AAAA"})",
    R"({"type":"input_audio_buffer.commit"})",
    R"({"type":"input_audio_buffer.clear"})",
    R"({"type":"output_audio_buffer.clear"})",
    R"({"type":"conversation.item.create","previous_item_id":"root","item":{"type":"message",
        "role":"user","status":"completed","content":[{"type":"input_text","text":"Hi"},
        {"type":"input_audio","audio":"AAAA","transcript":"Hi"},
        {"type":"input_image","image_url":"data:,","detail":"low"}]}})",
    R"({"type":"conversation.item.create","item":{"type":"message","role":"assistant",
        "content":[{"type":"output_text","text":"Hi"}]}})",
    R"({"type":"conversation.item.create","item":{"type":"function_call","call_id":"c","name":"f",
        "arguments":"{}"}})",
    R"({"type":"conversation.item.create","item":{"type":"function_call_output","call_id":"c",
        "output":"o"}})",
    R"({"type":"conversation.item.retrieve","item_id":"item_nobody"})",
    R"({"type":"conversation.item.truncate","item_id":"item_nobody","content_index":0,
        "audio_end_ms":10})",
    R"({"type":"conversation.item.delete","item_id":"item_nobody"})",
    R"({"type":"response.create","response":{"conversation":"none","metadata":{"k":"v"},
        "instructions":"x","output_modalities":["text"],"tools":[{"type":"function","name":"f"}],
        "tool_choice":"auto","max_output_tokens":20,"parallel_tool_calls":true,
        "prompt":{"id":"p"},"reasoning":{"effort":"low"},
        "audio":{"output":{"format":{"type":"audio/pcm","rate":24000},"voice":"marin"}},
        "input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]},
          {"type":"item_reference","id":"item_nobody"}]}})",
    R"({"type":"response.cancel","response_id":"resp_nobody"})",
    R"({"type":"x_parley.played","item_id":"item_nobody","audio_ms":10})",
};

const std::set<std::string> kDocumentedCodes = {"invalid_event",
                                                "invalid_json",
                                                "invalid_value",
                                                "missing_required_parameter",
                                                "unknown_parameter",
                                                "input_audio_buffer_commit_empty",
                                                "conversation_already_has_active_response",
                                                "response_cancel_not_active",
                                                "item_create_duplicate_item_id",
                                                "item_truncate_invalid_item_id",
                                                "item_delete_invalid_item_id",
                                                "item_retrieve_invalid_item_id",
                                                "cannot_update_voice",
                                                "rate_limit_exceeded"};
// Those that are about a field, and must say which.
const std::set<std::string> kNamingCodes = {"invalid_value", "missing_required_parameter",
                                            "unknown_parameter", "cannot_update_voice"};

std::vector<Json> WrongValues() {
  return {nullptr,
          true,
          -1,
          7,
          1e300,
          0.5,
          "",
          "none of these",
          std::string("\x00\xff", 2),
          std::string(5000, 'x'),
          Json::array(),
          Json::array({7}),
          Json::array({nullptr, Json::object()}),
          Json::object(),
          Json{{"unknown", 1}}};
}

// Every place in the event, outermost first.
void Collect(const Json& json, const Json::json_pointer& at,
             std::vector<Json::json_pointer>& places) {
  if (!at.empty()) places.push_back(at);
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) Collect(value, at / key, places);
  } else if (json.is_array()) {
    for (size_t i = 0; i < json.size(); ++i) Collect(json[i], at / i, places);
  }
}

std::string Text(const Json& event) {
  return event.dump(-1, ' ', false, Json::error_handler_t::ignore);
}

class MalformedTest : public ::testing::Test {
 protected:
  void SendMutant(const Json& event, const Json::json_pointer& place) {
    const size_t before = rig_.events().size();
    rig_.SendText(Text(event));
    ++sent_;
    size_t errors = 0;
    for (size_t i = before; i < rig_.events().size(); ++i) {
      if (rig_.events()[i]["type"] != "error") continue;
      ++errors;
      CheckError(rig_.events()[i]["error"], event, place);
    }
    EXPECT_LE(errors, 1u) << Text(event);
    // Whatever it started ends, so that the next one meets a quiet session.
    rig_.Send({{"type", "response.cancel"}});
    rig_.Advance(100);
  }

  static void CheckError(const Json& error, const Json& event, const Json::json_pointer& place) {
    // A truncation of what is no speech has a text and no code.
    if (!error["code"].is_null()) {
      EXPECT_TRUE(kDocumentedCodes.contains(error["code"])) << error << Text(event);
    }
    const bool has_id = event.contains("event_id") && event["event_id"].is_string() &&
                        !event["event_id"].get_ref<const std::string&>().empty();
    if (has_id && error["code"] != "invalid_json") {
      EXPECT_EQ(error["event_id"], Json::parse(Text(event))["event_id"]) << error;
    }
    if (error["code"].is_string() && kNamingCodes.contains(error["code"])) {
      EXPECT_TRUE(error["param"].is_string()) << error << Text(event) << place;
    }
  }

  Rig rig_;
  size_t sent_ = 0;
};

// Every place of every event, in an event that is as it should be.
void ForEachPlace(const std::function<void(const Json& good, const Json::json_pointer&)>& mutate) {
  for (const char* text : kEvents) {
    Json good = Json::parse(text);
    good["event_id"] = "mine";
    std::vector<Json::json_pointer> places;
    Collect(good, Json::json_pointer(), places);
    for (const auto& place : places) mutate(good, place);
  }
}

TEST_F(MalformedTest, WhateverStandsInAnyFieldIsTakenOrNamed) {
  ForEachPlace([&](const Json& good, const Json::json_pointer& place) {
    for (const Json& wrong : WrongValues()) {
      Json event = good;
      event[place] = wrong;
      SendMutant(event, place);
    }
  });
  EXPECT_GT(sent_, 1500u);
}

TEST_F(MalformedTest, AFieldThatIsMissingOrTooManyIsTakenOrNamed) {
  ForEachPlace([&](const Json& good, const Json::json_pointer& place) {
    Json without = good;
    Json& parent = without[place.parent_pointer()];
    if (parent.is_object()) parent.erase(place.back());
    SendMutant(without, place);
    Json with = good;
    if (!with[place].is_object()) return;
    with[place]["telepathy"] = "on";
    SendMutant(with, place);
  });
}

TEST_F(MalformedTest, ACutMessageIsNoJson) {
  for (const char* text : kEvents) {
    const std::string whole = Json::parse(text).dump();
    for (size_t size = 0; size < whole.size(); size += 1 + whole.size() / 40) {
      rig_.SendText(whole.substr(0, size));
      EXPECT_EQ(rig_.Last("error")["error"]["code"], "invalid_json") << whole.substr(0, size);
    }
  }
}

// After all of that.
TEST_F(MalformedTest, TheSessionStillHearsAndAnswers) {
  for (const char* text : kEvents) {
    Json event = Json::parse(text);
    event.erase("type");
    SendMutant(event, Json::json_pointer("/type"));
  }
  rig_.Speak(1200);
  rig_.Silence(3000);
  rig_.Advance(5000);
  EXPECT_EQ(rig_.Last("response.done")["response"]["status"], "completed");
}

}  // namespace
}  // namespace parley::session
