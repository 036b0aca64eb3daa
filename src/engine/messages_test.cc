#include "engine/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace parley::engine {
namespace {

using nlohmann::json;
using testing::HasSubstr;

template <class M>
M Through(const M& message) {
  const Result<Message> back = ParseMessage(Serialize(message));
  EXPECT_TRUE(back) << (back ? "" : back.error().message);
  return std::get<M>(*back);
}

TEST(Messages, AHelloReadsAsTheProtocolSays) {
  const Hello hello{.engine = "piper",
                    .version = "1.2",
                    .kind = ModelKind::kTts,
                    .runtime = {{"onnxruntime", "1.32.0"}}};
  EXPECT_EQ(json::parse(Serialize(hello)),
            json::parse(R"({"type":"hello","protocol":{"min":1,"max":1},"engine":"piper",
                            "version":"1.2","kind":"tts","runtime":{"onnxruntime":"1.32.0"}})"));
}

TEST(Messages, ATtsStartKeepsItsFields) {
  TtsStart request{.voice = "joe", .language = "en-US", .speed = 1.25, .normalized = true};
  request.seed = std::numeric_limits<uint64_t>::max();
  request.prompt = Prompt{.text = "hi", .sample_rate_hz = 16'000, .samples = 3, .audio = {1, 2, 3}};
  const Start back = Through(Start{.credit_samples = 48'000, .request = request});
  EXPECT_EQ(back.credit_samples, 48'000);
  const auto& tts = std::get<TtsStart>(back.request);
  EXPECT_EQ(tts.voice, "joe");
  EXPECT_EQ(tts.speed, 1.25);
  EXPECT_EQ(tts.seed, request.seed);
  EXPECT_TRUE(tts.normalized);
  ASSERT_TRUE(tts.prompt);
  EXPECT_EQ(tts.prompt->samples, 3);
  EXPECT_TRUE(tts.prompt->audio.empty()) << "samples travel in A frames";
}

TEST(Messages, AnAsrStartKeepsItsFields) {
  const Start back = Through(Start{.request = AsrStart{.language = "de",
                                                       .translate = true,
                                                       .sample_rate_hz = 8'000,
                                                       .partials = false,
                                                       .partials_min_interval_ms = 500}});
  const auto& asr = std::get<AsrStart>(back.request);
  EXPECT_EQ(asr.language, "de");
  EXPECT_TRUE(asr.translate);
  EXPECT_EQ(asr.sample_rate_hz, 8'000);
  EXPECT_FALSE(asr.partials);
  EXPECT_EQ(asr.partials_min_interval_ms, 500);
}

TEST(Messages, AnLlmStartKeepsItsFields) {
  using ports::LanguageModel;
  LlmStart request;
  request.messages = {{LanguageModel::Role::kSystem, "Be brief.", {}, ""},
                      {LanguageModel::Role::kAssistant, "", {{"c1", "clock", "{}"}}, ""},
                      {LanguageModel::Role::kTool, "noon", {}, "c1"}};
  request.tools = {{"clock", "tells the time", R"({"type":"object"})"}};
  request.sampling.temperature = 0;
  request.sampling.max_tokens = 64;
  request.sampling.stop = {"\n"};
  request.prefix_key = "s1";
  const Start back = Through(Start{.request = request});
  const auto& llm = std::get<LlmStart>(back.request);
  EXPECT_EQ(llm.messages, request.messages);
  EXPECT_EQ(llm.tools, request.tools);
  EXPECT_EQ(llm.sampling, request.sampling);
  EXPECT_EQ(llm.prefix_key, "s1");
}

TEST(Messages, LoadOptionsKeepTheirTypes) {
  const Load load{.pack = "/m",
                  .device = "cpu",
                  .options = {{"a", true}, {"b", int64_t{3}}, {"c", 0.5}, {"d", std::string("x")}}};
  EXPECT_EQ(Through(load).options, load.options);
}

TEST(Messages, AFinalKeepsItsWords) {
  Final final{.flush_id = 9, .from_sample = 1, .upto_sample = 32'000, .text = "hello"};
  final.words = {{"hello", 100, 9000, 0.5f}};
  final.no_speech = true;
  const Final back = Through(final);
  EXPECT_EQ(back.flush_id, final.flush_id);
  EXPECT_EQ(back.words, final.words);
  EXPECT_TRUE(back.no_speech);
  final.flush_id.reset();
  EXPECT_FALSE(Through(final).flush_id);
}

TEST(Messages, EveryTypeSurvivesItsJson) {
  const std::vector<Message> all = {Hello{.engine = "e"},
                                    Welcome{.protocol = 1},
                                    Load{},
                                    Loading{},
                                    Loaded{},
                                    Ping{},
                                    Pong{},
                                    Stats{},
                                    Bye{},
                                    Start{},
                                    Text{},
                                    End{},
                                    Mark{},
                                    Partials{},
                                    Flush{},
                                    Partial{},
                                    Final{},
                                    Delta{},
                                    Tool{},
                                    Done{},
                                    Cancel{},
                                    Cancelled{},
                                    Idle{},
                                    Credit{},
                                    ErrorMessage{}};
  ASSERT_EQ(all.size(), std::variant_size_v<Message>);
  for (const Message& message : all) {
    const auto back = ParseMessage(Serialize(message));
    ASSERT_TRUE(back) << MessageName(message) << ": " << back.error().message;
    EXPECT_EQ(back->index(), message.index());
    EXPECT_EQ(Serialize(*back), Serialize(message));
  }
}

TEST(Messages, UnknownFieldsAreIgnored) {
  const auto ping = ParseMessage(R"({"type":"ping","id":4,"colour":"blue","x":[1,{"y":2}]})");
  ASSERT_TRUE(ping);
  EXPECT_EQ(std::get<Ping>(*ping).id, 4u);
}

TEST(Messages, UnknownTypesAreToldApartFromBrokenOnes) {
  const auto unknown = ParseMessage(R"({"type":"sing","song":1})");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Code::kUnimplemented);
  EXPECT_THAT(unknown.error().message, HasSubstr("sing"));
}

TEST(Messages, RefusalsNameTheFieldAndTheReason) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "not JSON"},
      {"[1]", "not a JSON object"},
      {"{}", "type"},
      {"{\"type\":3}", "type"},
      {"{\"type\":\"ping\"}", "ping.id is missing"},
      {R"({"type":"ping","id":-1})", "ping.id is -1"},
      {R"({"type":"ping","id":1.5})", "whole number"},
      {R"({"type":"ping","id":"1"})", "whole number"},
      {R"({"type":"ping","id":18446744073709551616})", "whole number"},
      {R"({"type":"credit","samples":-5})", "credit.samples is -5"},
      {R"({"type":"hello","protocol":{"min":1},"engine":"e","kind":"tts"})",
       "hello.protocol.max is missing"},
      {R"({"type":"hello","protocol":{"min":1,"max":1},"engine":"e","kind":"video"})",
       "one of tts, asr, llm"},
      {R"({"type":"start","kind":"tts","speed":9})", "start.speed is 9"},
      {R"({"type":"start","kind":"tts","prompt":{"samples":1}})", "start.prompt.sample_rate"},
      {R"({"type":"start","kind":"llm","messages":[{"role":"user"},{"role":"cat"}]})",
       "start.messages[1].role"},
      {R"({"type":"loaded","slots":0})", "loaded.slots is 0"},
      {R"({"type":"load","options":{"a":[1]}})", "load.options.a"},
      {R"({"type":"final","text":"","from_sample":0,"upto_sample":0,"words":{}})", "list"},
  };
  for (const auto& [text, why] : cases) {
    const auto refused = ParseMessage(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, Code::kInvalidArgument) << text;
    EXPECT_THAT(refused.error().message, HasSubstr(why)) << text;
  }
}

TEST(Messages, TextsBeyondTheLimitAreRefused) {
  Text text{.utterance = 1, .text = std::string(kTextBytesMax, 'a')};
  EXPECT_TRUE(ParseMessage(Serialize(text)));
  text.text += 'a';
  EXPECT_THAT(ParseMessage(Serialize(text)).error().message, HasSubstr("16384"));
}

RC_GTEST_PROP(MessagesProperty, AnyBytesInATextStillMakeValidJson, (const std::string& text)) {
  const auto back = ParseMessage(Serialize(Delta{text}));
  RC_ASSERT(back.has_value());
  const std::string& got = std::get<Delta>(*back).text;
  RC_ASSERT(Serialize(Delta{got}) == Serialize(Delta{text}));
}

RC_GTEST_PROP(MessagesProperty, MarksSurviveTheirJson,
              (uint64_t utterance, uint32_t text_end, uint32_t sample)) {
  const Mark mark = std::get<Mark>(*ParseMessage(Serialize(Mark{utterance, text_end, sample})));
  RC_ASSERT(mark.utterance == utterance);
  RC_ASSERT(mark.text_end == text_end);
  RC_ASSERT(mark.sample == sample);
}

}  // namespace
}  // namespace parley::engine
