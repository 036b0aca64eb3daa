#include "realtime/session_object.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace parley::realtime {
namespace {

using nlohmann::json;

SessionObject Fresh() { return SessionObject({.instructions = "Be kind.", .voice = "joe"}); }

ProtocolError MergeError(SessionObject& session, const char* patch) {
  const auto merged = session.Merge(patch, false);
  EXPECT_FALSE(merged) << patch;
  return merged ? ProtocolError{} : merged.error();
}

TEST(SessionObject, StartsWithTheDocumentedDefaults) {
  const json session = json::parse(Fresh().ToJson());
  EXPECT_EQ(session["object"], "realtime.session");
  EXPECT_EQ(session["audio"]["input"]["format"], (json{{"type", "audio/pcm"}, {"rate", 24000}}));
  EXPECT_EQ(session["audio"]["input"]["transcription"], nullptr);
  const json& detection = session["audio"]["input"]["turn_detection"];
  EXPECT_EQ(detection["type"], "server_vad");
  EXPECT_EQ(detection["threshold"], 0.5);
  EXPECT_EQ(detection["prefix_padding_ms"], 300);
  EXPECT_EQ(detection["silence_duration_ms"], 500);
  EXPECT_EQ(detection["create_response"], true);
  EXPECT_EQ(session["output_modalities"], json({"audio"}));
  EXPECT_EQ(session["max_output_tokens"], "inf");
  EXPECT_FALSE(session.contains("x_parley"));
}

TEST(SessionObject, TakesOnlyWhatIsPresentAndEchoesTheWhole) {
  SessionObject session = Fresh();
  ASSERT_TRUE(session.Merge(R"({"type":"realtime","audio":{"output":{"speed":1.25}}})", false));
  ASSERT_TRUE(session.Merge(
      R"({"type":"realtime","tools":[{"type":"function","name":"f","parameters":{}}],)"
      R"("truncation":{"type":"retention_ratio","retention_ratio":0.8},"tracing":null})",
      false));
  const json whole = json::parse(session.ToJson());
  EXPECT_EQ(whole["audio"]["output"]["speed"], 1.25);
  EXPECT_EQ(whole["audio"]["output"]["voice"], "joe");
  EXPECT_EQ(whole["tools"][0]["name"], "f");
  EXPECT_EQ(whole["truncation"]["retention_ratio"], 0.8);
  EXPECT_EQ(session.settings().reply.tools[0].name, "f");
  EXPECT_EQ(session.settings().reply.instructions, "Be kind.");
}

TEST(SessionObject, APartialTurnDetectionIsFilledWithDefaults) {
  SessionObject session = Fresh();
  ASSERT_TRUE(session.Merge(R"({"audio":{"input":{"turn_detection":{"silence_duration_ms":200}}}})",
                            false));
  EXPECT_EQ(session.settings().detection.silence_duration_ms, 200);
  EXPECT_EQ(session.settings().detection.prefix_padding_ms, 300);
  ASSERT_TRUE(session.Merge(
      R"({"audio":{"input":{"turn_detection":{"type":"semantic_vad","eagerness":"high"}}}})",
      false));
  EXPECT_EQ(session.settings().detection.eagerness, turn::Eagerness::kHigh);
  ASSERT_TRUE(session.Merge(R"({"audio":{"input":{"turn_detection":null}}})", false));
  EXPECT_EQ(session.settings().detection.mode, turn::DetectionMode::kNone);
}

TEST(SessionObject, AMistakeAnywhereRefusesTheWholeUpdateAndNamesItsPath) {
  struct Case {
    const char* patch;
    const char* code;
    const char* param;
  };
  for (const Case& c : {
           Case{R"({"voice":"x"})", "unknown_parameter", "session.voice"},
           {R"({"instructions":5})", "invalid_value", "session.instructions"},
           {R"({"audio":{"output":{"speed":9}}})", "invalid_value", "session.audio.output.speed"},
           {R"({"audio":{"output":{"speed":"fast"}}})", "invalid_value",
            "session.audio.output.speed"},
           {R"({"audio":{"input":{"format":{"type":"audio/opus"}}}})", "invalid_value",
            "session.audio.input.format.type"},
           {R"({"audio":{"input":{"format":{"type":"audio/pcm","rate":100}}}})", "invalid_value",
            "session.audio.input.format.rate"},
           {R"({"audio":{"input":{"turn_detection":{"type":"psychic"}}}})", "invalid_value",
            "session.audio.input.turn_detection.type"},
           {R"({"audio":{"input":{"turn_detection":{"threshold":2}}}})", "invalid_value",
            "session.audio.input.turn_detection.threshold"},
           {R"({"audio":{"input":{"transcription":{"accent":"x"}}}})", "unknown_parameter",
            "session.audio.input.transcription.accent"},
           {R"({"audio":{"input":{"transcription":{"delay":"soon"}}}})", "invalid_value",
            "session.audio.input.transcription.delay"},
           {R"({"audio":{"input":{"transcription":{"keywords":[1]}}}})", "invalid_value",
            "session.audio.input.transcription.keywords[0]"},
           {R"({"audio":{"input":{"noise_reduction":{"type":"underwater"}}}})", "invalid_value",
            "session.audio.input.noise_reduction.type"},
           {R"({"output_modalities":["audio","text"]})", "invalid_value",
            "session.output_modalities"},
           {R"({"modalities":["audio"]})", "unknown_parameter", "session.modalities"},
           {R"({"truncation":"sometimes"})", "invalid_value", "session.truncation"},
           {R"({"truncation":{"type":"retention_ratio","retention_ratio":2}})", "invalid_value",
            "session.truncation.retention_ratio"},
           {R"({"include":["everything"]})", "invalid_value", "session.include[0]"},
           {R"({"tracing":"manual"})", "invalid_value", "session.tracing"},
           {R"({"prompt":{}})", "missing_required_parameter", "session.prompt.id"},
           {R"({"reasoning":{"effort":"heroic"}})", "invalid_value", "session.reasoning.effort"},
           {R"({"parallel_tool_calls":"no"})", "invalid_value", "session.parallel_tool_calls"},
           {R"({"tools":[{"type":"mcp"}]})", "missing_required_parameter",
            "session.tools[0].server_label"},
           {R"({"tool_choice":{"type":"function"}})", "missing_required_parameter",
            "session.tool_choice.name"},
           {R"({"output_modalities":[]})", "invalid_value", "session.output_modalities"},
           {R"({"max_output_tokens":0})", "invalid_value", "session.max_output_tokens"},
           {R"({"tools":[{"type":"function"}]})", "missing_required_parameter",
            "session.tools[0].name"},
           {R"({"tool_choice":"maybe"})", "invalid_value", "session.tool_choice"},
           {R"({"x_parley":{"telepathy":true}})", "unknown_parameter",
            "session.x_parley.telepathy"},
       }) {
    SessionObject session = Fresh();
    const std::string before = session.ToJson();
    const std::string patch = R"({"instructions":"changed",)" + std::string(c.patch).substr(1);
    const ProtocolError error = MergeError(session, patch.c_str());
    EXPECT_EQ(error.code, c.code) << c.patch;
    EXPECT_EQ(error.param, c.param) << c.patch;
    EXPECT_EQ(session.ToJson(), before);
  }
}

TEST(SessionObject, WhatRealClientsSendIsAccepted) {
  for (const char* patch : {
           R"({"type":"realtime","tracing":null})",
           R"({"type":"realtime","model":"gpt-realtime","audio":{"input":{"noise_reduction":null,)"
           R"("turn_detection":null,"transcription":{"model":"gpt-4o-mini-transcribe"}},)"
           R"("output":{"speed":1,"voice":"marin"}},"max_output_tokens":"inf",)"
           R"("tool_choice":"auto","output_modalities":["audio"]})",
           R"({"type":"realtime","audio":{"output":{"speed":1.0,"voice":{"id":"v1"}}}})",
           R"({"type":"realtime","audio":{"input":{"format":{"type":"audio/pcmu"}},)"
           R"("output":{"format":{"type":"audio/pcma"}}},"tools":[],"include":null})",
           R"({"type":"realtime","tool_choice":{"type":"function","name":"f"},"prompt":null,)"
           R"("parallel_tool_calls":true,"reasoning":{"effort":"low"},"truncation":"disabled"})",
           R"({"type":"realtime","x_parley":{"playback":true,"turns":true,"echo_free":true}})",
       }) {
    SessionObject session = Fresh();
    const auto merged = session.Merge(patch, false);
    EXPECT_TRUE(merged) << patch << ": " << merged.error().message;
  }
}

TEST(SessionObject, TheVoiceIsLockedOnceTheAgentHasSpoken) {
  SessionObject session = Fresh();
  const auto merged = session.Merge(R"({"audio":{"output":{"voice":"amy"}}})", true);
  EXPECT_EQ(merged.error().code, "cannot_update_voice");
  EXPECT_TRUE(session.Merge(R"({"audio":{"output":{"voice":"joe"}}})", true));
}

TEST(SessionObject, ATranscriptionSessionShowsNoVoice) {
  SessionObject session({.transcription_only = true});
  const json whole = json::parse(session.ToJson());
  EXPECT_EQ(whole["object"], "realtime.transcription_session");
  EXPECT_FALSE(whole["audio"].contains("output"));
}

}  // namespace
}  // namespace parley::realtime
