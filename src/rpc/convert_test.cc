#include "rpc/internal/convert.h"

#include <gtest/gtest.h>

#include <cstring>

#include "rpc/channel.h"

namespace parley::rpc {
namespace {

using ports::LanguageModel;
using ports::Recognizer;
using ports::Voice;

TEST(Convert, VoiceRequestsSurviveTheWay) {
  Voice::Request request{.work = ports::FloorWork(TurnId{7}),
                         .model = "piper/joe",
                         .voice = "joe",
                         .language = "en-US",
                         .style = "calm",
                         .instruct = "slowly",
                         .prompt = Voice::Prompt{"hi", 24'000, {1, -2, 3}},
                         .speed = 1.5,
                         .seed = 0,
                         .sample_rate_hz = 24'000,
                         .frame_ms = 40,
                         .priority = -3,
                         .credit_samples = 12,
                         .ready_timeout_ms = 250};
  const auto back = FromProto(ToProto(request));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->work, request.work);
  EXPECT_EQ(back->model, request.model);
  EXPECT_EQ(back->instruct, request.instruct);
  ASSERT_TRUE(back->prompt);
  EXPECT_EQ(back->prompt->pcm, request.prompt->pcm);
  EXPECT_EQ(back->speed, 1.5);
  EXPECT_EQ(back->seed, 0u);
  EXPECT_EQ(back->sample_rate_hz, 24'000);
  EXPECT_EQ(back->frame_ms, 40);
  EXPECT_EQ(back->priority, -3);
  EXPECT_EQ(back->credit_samples, 12);
  EXPECT_EQ(back->ready_timeout_ms, 250);
}

TEST(Convert, AbsentFieldsMeanTheDocumentedDefaults) {
  const auto voice = FromProto(pb::SynthesizeStart());
  ASSERT_TRUE(voice);
  EXPECT_EQ(voice->sample_rate_hz, 0) << "as the worker is set";
  EXPECT_EQ(voice->frame_ms, 0);
  EXPECT_EQ(voice->speed, 1.0);
  EXPECT_FALSE(voice->seed);
  const auto recognizer = FromProto(pb::TranscribeStart());
  ASSERT_TRUE(recognizer);
  EXPECT_EQ(recognizer->sample_rate_hz, 16'000);
  EXPECT_EQ(recognizer->partials_min_interval_ms, 300);
}

TEST(Convert, AFieldOutOfItsRangeIsRefusedByName) {
  const auto refused = [](auto change) {
    pb::SynthesizeStart start;
    change(start);
    const auto result = FromProto(start);
    return result ? std::string("accepted") : result.error().message;
  };
  EXPECT_NE(refused([](auto& s) { s.set_sample_rate_hz(7'999); }).find("sample_rate_hz is 7999"),
            std::string::npos);
  EXPECT_NE(refused([](auto& s) { s.set_frame_ms(15); }).find("frame_ms"), std::string::npos);
  EXPECT_NE(refused([](auto& s) {
              s.set_encoding(static_cast<pb::AudioEncoding>(5));
            }).find("encoding 5"),
            std::string::npos);
  EXPECT_NE(refused([](auto& s) { s.set_speed(0); }).find("speed"), std::string::npos);
  EXPECT_NE(refused([](auto& s) { s.set_credit_samples(-1); }).find("credit"), std::string::npos);
  EXPECT_NE(refused([](auto& s) { s.set_ready_timeout_ms(-1); }).find("ready_timeout_ms"),
            std::string::npos);
  EXPECT_NE(refused([](auto& s) { s.mutable_prompt()->set_pcm("odd"); }).find("pcm"),
            std::string::npos);
  EXPECT_NE(refused([](auto& s) {
              s.mutable_prompt()->set_sample_rate_hz(8'000);
              s.mutable_prompt()->mutable_pcm()->assign(2 * 8 * 30'001, '\0');
            }).find("prompt.pcm lasts"),
            std::string::npos);
}

TEST(Convert, EveryVoiceEventSurvivesTheWay) {
  const auto audio = FromProto(ToProto(Voice::Audio{UtteranceId{2}, 3, 960, {5, -6}}));
  ASSERT_TRUE(audio);
  EXPECT_EQ(std::get<Voice::Audio>(*audio).pcm, (std::vector<int16_t>{5, -6}));
  EXPECT_EQ(std::get<Voice::Audio>(*audio).pts_samples, 960);
  EXPECT_FALSE(std::get<Voice::Audio>(*audio).last);
  const auto last = FromProto(ToProto(Voice::Audio{UtteranceId{2}, 3, 960, {5, 0, 0}, true, 2}));
  ASSERT_TRUE(last);
  EXPECT_TRUE(std::get<Voice::Audio>(*last).last);
  EXPECT_EQ(std::get<Voice::Audio>(*last).padding_samples, 2u);
  const auto done = FromProto(ToProto(
      Voice::Done{UtteranceId{2}, Voice::DoneReason::kCancelled, {.samples = 9, .first_us = 4}}));
  ASSERT_TRUE(done);
  EXPECT_EQ(std::get<Voice::Done>(*done).reason, Voice::DoneReason::kCancelled);
  EXPECT_EQ(std::get<Voice::Done>(*done).stats.first_us, 4);
  const auto failed = FromProto(
      ToProto(Voice::Failed{{Code::kResourceExhausted, "no slot"}, true, UtteranceId{2}}));
  ASSERT_TRUE(failed);
  EXPECT_EQ(std::get<Voice::Failed>(*failed).error.code, Code::kResourceExhausted);
  EXPECT_EQ(std::get<Voice::Failed>(*failed).utterance, UtteranceId{2});
  const auto whole = FromProto(ToProto(Voice::Failed{{Code::kInternal, "x"}, false, {}}));
  ASSERT_TRUE(whole);
  EXPECT_TRUE(IsLast(*whole));
}

TEST(Convert, SoundIsWrittenInTheEncodingThatWasAskedFor) {
  const std::vector<int16_t> pcm = {0, 16'384, -32'768};
  EXPECT_EQ(EncodePcm(pcm, pb::AUDIO_ENCODING_UNSPECIFIED), PcmToBytes(pcm));
  const std::string floats = EncodePcm(pcm, pb::AUDIO_ENCODING_PCM_F32LE);
  ASSERT_EQ(floats.size(), 12u);
  float second = 0;
  std::memcpy(&second, floats.data() + 4, sizeof(second));
  EXPECT_EQ(second, 0.5f);
  // ITU-T G.711: silence is 0xff in µ-law, 0xd5 in A-law.
  EXPECT_EQ(EncodePcm(pcm, pb::AUDIO_ENCODING_MULAW).substr(0, 1), "\xff");
  EXPECT_EQ(EncodePcm(pcm, pb::AUDIO_ENCODING_ALAW).substr(0, 1), "\xd5");
  const auto written = ToProto(Voice::Audio{UtteranceId{1}, 0, 0, pcm}, pb::AUDIO_ENCODING_ALAW);
  EXPECT_EQ(written.audio().pcm().size(), 3u);
}

TEST(Convert, FinalsSurviveTheWay) {
  const Recognizer::Final final{.flush = FlushId{4},
                                .from_sample = 10,
                                .upto_sample = 90,
                                .text = "hello there",
                                .words = {{"hello", 10, 50, 0.5f}, {"there", 50, 90, 1.0f}},
                                .language = "en",
                                .confidence = 0.75f,
                                .no_speech = false,
                                .compute_us = 12};
  const auto back = FromProto(ToProto(Recognizer::Event(final)));
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<Recognizer::Final>(*back).words, final.words);
  EXPECT_EQ(std::get<Recognizer::Final>(*back).flush, FlushId{4});
}

TEST(Convert, ConversationsSurviveTheWay) {
  LanguageModel::Request request;
  request.messages = {{LanguageModel::Role::kSystem, "be brief", {}, ""},
                      {LanguageModel::Role::kAssistant, "", {{"c1", "clock", "{}"}}, ""},
                      {LanguageModel::Role::kTool, "noon", {}, "c1"}};
  request.tools = {{"clock", "the time", "{\"type\":\"object\"}"}};
  request.sampling = {.temperature = 0, .max_tokens = 40, .stop = {"\n"}, .tool_choice = "none"};
  request.prefix_key = "s1";
  const auto back = FromProto(ToProto(request));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->messages, request.messages);
  EXPECT_EQ(back->tools, request.tools);
  EXPECT_EQ(back->sampling, request.sampling);
  EXPECT_EQ(back->prefix_key, "s1");
}

TEST(Convert, AGenerateWithoutMessagesIsRefused) {
  EXPECT_EQ(FromProto(pb::GenerateStart()).error().code, Code::kInvalidArgument);
}

TEST(Convert, ACodeThatNobodyKnowsIsUnknown) {
  pb::GenerateResponse response;
  response.mutable_failed()->set_code(34);
  const auto event = FromProto(response);
  ASSERT_TRUE(event);
  EXPECT_EQ(std::get<LanguageModel::Failed>(*event).error.code, Code::kUnknown);
}

TEST(Convert, CapabilitiesSurviveTheWay) {
  const ports::WorkerCapabilities capabilities{.worker_id = "w1",
                                               .version = "0.1.0",
                                               .device = "cpu",
                                               .ready = true,
                                               .models = {{.id = "piper/joe",
                                                           .kind = ports::ModelKind::kTts,
                                                           .engine = "piper",
                                                           .state = ports::ModelState::kReady,
                                                           .is_default = true,
                                                           .voices = {"joe"},
                                                           .languages = {"en-US"},
                                                           .capabilities = {"marks"},
                                                           .sample_rate_hz = 22'050,
                                                           .slots = 2},
                                                          {.id = "llama/smol",
                                                           .kind = ports::ModelKind::kLlm,
                                                           .state = ports::ModelState::kFailed,
                                                           .reason = "crashed"}}};
  EXPECT_EQ(FromProto(ToProto(capabilities)), capabilities);
}

TEST(Address, IsAUnixPathOrHostAndPort) {
  EXPECT_TRUE(ValidateAddress("unix:/run/parley/worker.sock"));
  EXPECT_TRUE(ValidateAddress("127.0.0.1:0"));
  EXPECT_TRUE(ValidateAddress("[::1]:50051"));
  EXPECT_FALSE(ValidateAddress("unix:relative.sock"));
  EXPECT_FALSE(ValidateAddress("unix:/" + std::string(200, 'x')));
  EXPECT_FALSE(ValidateAddress("localhost"));
  EXPECT_FALSE(ValidateAddress("localhost:http"));
  EXPECT_FALSE(ValidateAddress("localhost:65536"));
  EXPECT_TRUE(IsLoopbackAddress("127.0.0.1:1"));
  EXPECT_FALSE(IsLoopbackAddress("0.0.0.0:1"));
}

}  // namespace
}  // namespace parley::rpc
